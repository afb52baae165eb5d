// A grid of up to 50,000 rows, of which only those in sight are in the page.
import { element } from "../elements/element.js";

/** The height of a row in pixels, as the style sheet has it. */
const HEIGHT = 26;
/** The rows above and below the visible ones that are drawn too. */
const MARGIN = 12;
/** The rows from which the widths of columns are taken, and the bounds of a width in characters. */
const SAMPLE = 200;
const NARROWEST = 6;
const WIDEST = 48;
/** The most characters of a cell. The whole value is below the grid. */
const SHOWN = 300;

const textOf = (value) => (value === null ? "NULL" : typeof value === "string" ? value : JSON.stringify(value));
const isNumber = (type) => /^(?:Nullable\(|LowCardinality\()*(?:U?Int|Float|Decimal)/.test(type);

/** Returns an element with a table of the rows, and the chosen row below it. */
export function createGrid(columns, rows) {
  const numbers = columns.map(({ type }) => isNumber(type));
  const widths = columns.map(({ name }, at) => {
    const longest = rows.slice(0, SAMPLE).reduce((most, row) => Math.max(most, textOf(row[at]).slice(0, WIDEST).length), name.length + 1);
    return Math.min(WIDEST, Math.max(NARROWEST, longest));
  });
  const template = widths.map((width) => `calc(${width}ch + 1.2rem)`).join(" ");

  const cell = (role, text, at) => element("span", { role, className: numbers[at] ? "number" : "", title: text.length > widths[at] ? text : "" }, text);
  const head = element("div", { role: "row", className: "sql-row head" }, ...columns.map(({ name, type }, at) => {
    const named = cell("columnheader", name, at);
    named.title = type;
    return named;
  }));
  head.setAttribute("aria-rowindex", "1");
  head.style.gridTemplateColumns = template;
  const body = element("div", { role: "rowgroup", className: "sql-body" });
  body.style.height = `${rows.length * HEIGHT}px`;
  const box = element("div", { role: "table", className: "sql-grid", tabIndex: 0, translate: false },
    element("div", { role: "rowgroup", className: "sql-head" }, head), body);
  box.setAttribute("aria-label", "Rows");
  box.setAttribute("aria-rowcount", rows.length + 1);
  box.setAttribute("aria-colcount", columns.length);

  let chosen = 0;
  const detail = element("details", { className: "sql-detail" }, element("summary", {}, "One row with its whole values"), element("dl", { translate: false }));
  const showDetail = () => {
    if (!detail.open) return;
    detail.firstChild.textContent = `Row ${chosen + 1} with its whole values`;
    const parts = columns.map(({ name, type }, at) => element("div", {}, element("dt", { title: type }, name), element("dd", {}, textOf(rows[chosen][at]))));
    detail.lastChild.replaceChildren(...parts);
  };
  detail.addEventListener("toggle", showDetail);

  const made = (index) => {
    const row = element("div", { role: "row", className: index === chosen ? "sql-row chosen" : "sql-row" },
      ...columns.map((_, at) => cell("cell", textOf(rows[index][at]).slice(0, SHOWN), at)));
    row.setAttribute("aria-rowindex", index + 2);
    row.style.gridTemplateColumns = template;
    row.style.top = `${index * HEIGHT}px`;
    return row;
  };
  let drawn = [0, 0];
  const draw = (force) => {
    const first = Math.max(0, Math.floor(box.scrollTop / HEIGHT) - MARGIN);
    const end = Math.min(rows.length, Math.ceil((box.scrollTop + (box.clientHeight || 400)) / HEIGHT) + MARGIN);
    if (!force && first === drawn[0] && end === drawn[1]) return;
    drawn = [first, end];
    body.replaceChildren(...Array.from({ length: end - first }, (_, at) => made(first + at)));
  };
  const choose = (index) => {
    chosen = Math.min(rows.length - 1, Math.max(0, index));
    const top = chosen * HEIGHT;
    const room = box.clientHeight - head.offsetHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + HEIGHT > box.scrollTop + room) box.scrollTop = top + HEIGHT - room;
    draw(true);
    showDetail();
  };
  let isWaiting = false;
  box.addEventListener("scroll", () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      draw(false);
    });
  });
  box.addEventListener("click", ({ target }) => {
    const row = target.closest(".sql-body .sql-row");
    if (row) choose(Number(row.getAttribute("aria-rowindex")) - 2);
  });
  box.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / HEIGHT) - 2);
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + page, PageUp: chosen - page, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    choose(to);
  });
  draw(true);
  return element("div", {}, box, detail);
}
