// The statement in the address, and its typed placeholders. The server's half is app/src/statement.rs.

/** The parameter of the address with the statement, and what the names of placeholders have before them. */
export const SQL = "q";
export const PARAM = "param_";

const MOST = 100;
// Quoted texts and comments come first, because what is inside of them is no placeholder.
const PARTS = /'(?:\\[^]|[^'\\])*(?:'|$)|"(?:\\[^]|[^"\\])*(?:"|$)|`(?:\\[^]|[^`\\])*(?:`|$)|--[^\n]*|\/\*[^]*?(?:\*\/|$)|\{\s*([A-Za-z_]\w*)\s*:\s*([^{}]*[^{}\s])\s*\}/g;

/** Returns the placeholders of a statement in their order, each name once. */
export function placeholders(sql) {
  const found = new Map();
  for (const [, name, type] of sql.matchAll(PARTS)) {
    if (name && !found.has(name) && found.size < MOST) found.set(name, type);
  }
  return [...found].map(([name, type]) => ({ name, type }));
}

/** Returns the query string of a statement with its values. */
export function address({ sql, params }) {
  const fields = [[SQL, sql], ...params.filter(([, value]) => value !== "").map(([name, value]) => [PARAM + name, value])];
  return `?${new URLSearchParams(fields)}`;
}

/** Returns the statement of a query string, with its values. */
export function stateOf(query) {
  const fields = new URLSearchParams(query);
  const sql = fields.get(SQL) ?? "";
  return { sql, params: placeholders(sql).map(({ name }) => [name, fields.get(PARAM + name) ?? ""]) };
}
