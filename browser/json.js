// Encodes JSON independently of the page. A page may give arrays a `toJSON`, as Prototype.js does, and `JSON.stringify`
// calls it. Half of a surrogate pair is not valid Unicode, and servers reject it.

/** Half of a surrogate pair without the other half. */
const HALF = /\p{Surrogate}/gu;

/** Returns a text with U+FFFD for each half of a surrogate pair. A half at the end, where a text was cut, goes. */
export const wellFormed = (text) => text.replace(/[\ud800-\udbff]$/, "").replace(HALF, "\ufffd");

/** Returns a value as JSON, as an unchanged `JSON.stringify` does. Throws if the value contains itself. */
export function json(value) {
  if (typeof value === "string") return JSON.stringify(wellFormed(value));
  if (Array.isArray(value)) return `[${value.map((item) => json(item) ?? "null").join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (typeof value.toJSON === "function") return json(value.toJSON());
  const members = Object.keys(value).map((key) => [key, json(value[key])]);
  return `{${members.filter(([, text]) => text).map(([key, text]) => `${json(key)}:${text}`).join(",")}}`;
}
