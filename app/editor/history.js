// The last statements that ran, in this browser.

const KEY = "lakefront-sql-history";
const MOST = 50;
/** Longer statements are not kept: a browser gives a site about 5 MB. */
const LONGEST = 20_000;

const isEntry = ({ sql, params } = {}) =>
  typeof sql === "string" && Array.isArray(params) && params.every((param) => Array.isArray(param) && param.every((text) => typeof text === "string"));

/** Returns the statements, the last one first. */
export function remembered() {
  try {
    const entries = JSON.parse(localStorage.getItem(KEY)) ?? [];
    return entries.filter((entry) => entry && isEntry(entry)).slice(0, MOST);
  } catch {
    return [];
  }
}

/** Puts a statement before the others. */
export function remember(entry) {
  if (entry.sql.length > LONGEST) return;
  const others = remembered().filter(({ sql }) => sql !== entry.sql);
  try {
    localStorage.setItem(KEY, JSON.stringify([entry, ...others].slice(0, MOST)));
  } catch {
    // A browser without storage keeps no history.
  }
}
