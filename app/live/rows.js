// Makes rows of the list. The server renders one without values, which is filled here: the values are texts, never HTML.
// What a row shows of them is the same as in `app/src/server/explore/rows.rs`.

/** The most characters of a text in a row. */
const LONGEST = 240;

/** Returns a function that makes the element of a row, with times on the clocks of a zone. */
export function rowMaker(html, zone) {
  const blank = document.createElement("template");
  blank.innerHTML = html;
  const item = blank.content.firstElementChild;
  const clock = clockOf(zone);
  return (row) => {
    const made = item.cloneNode(true);
    const part = (selector) => made.querySelector(selector);
    const isSpan = "duration_ms" in row;
    const failed = row.status === "Error";
    made.className = isSpan ? (failed ? "error" : "info") : row.level;
    const link = part("a");
    // A row that the keeper numbers later has no address yet.
    if (row.line) link.setAttribute("href", link.getAttribute("href").replace("line=0_0", `line=${row.line}`));
    else link.removeAttribute("href");
    const seconds = clock(row.time);
    const fraction = (/\.(\d+)/.exec(row.time)?.[1] ?? "").padEnd(6, "0").slice(0, 6);
    part("time").title = `${seconds}.${fraction}`;
    part("time").textContent = `${seconds.slice(seconds.indexOf("-", 1) + 1)}.${fraction.slice(0, 3)}`;
    part(".level").textContent = isSpan ? (failed ? "error" : "ok") : row.level;
    part(".service").textContent = row.service;
    part(".body").replaceChildren(...(isSpan ? spanText(row) : lineText(row)));
    if (isSpan) part(".took").textContent = millis(row.duration_ms);
    return made;
  };
}

function lineText({ event, body, page }) {
  if (!event) return [cut(body)];
  return [bold(event), ` ${cut(body) || page}`];
}

function spanText({ name, http_status: status, message }) {
  return [bold(name), `${status === null ? "" : ` ${status}`} ${cut(message)}`];
}

function bold(text) {
  const made = document.createElement("b");
  made.textContent = cut(text);
  return made;
}

function cut(text) {
  const characters = [...text.slice(0, 2 * LONGEST + 1)];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join("")}…` : text;
}

/** Returns a function that formats a time as `2026-03-24 12:03:10`. A zone that the browser does not know is UTC. */
function clockOf(zone) {
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  let format;
  try {
    format = new Intl.DateTimeFormat("en", { ...options, timeZone: zone });
  } catch {
    format = new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
  }
  return (time) => {
    const part = Object.fromEntries(format.formatToParts(new Date(time)).map(({ type, value }) => [type, value]));
    return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
  };
}

/** Formats milliseconds as `crates/chart/src/unit.rs` does. */
function millis(value) {
  if (value < 1000) return `${significant(value)} ms`;
  if (value < 60_000) return `${significant(value / 1000)} s`;
  return `${significant(value / 60_000)} min`;
}

function significant(value) {
  if (value === 0) return "0";
  if (value < 1e-6) return "≈ 0";
  const decimals = Math.min(Math.max(2 - Math.floor(Math.log10(value)), 0), 6);
  return String(Number(value.toFixed(decimals)));
}
