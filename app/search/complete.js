// Decides what completes a search at the caret. The grammar is that of `crates/search`.

/** The most suggestions at a time. */
const MOST = 50;

/**
 * Returns the word that ends at the caret: `{ start, end, field, text }`. `field` is undefined in the name of a field. Returns
 * undefined inside of quotes that are no value, and where a value is compared.
 */
export function tokenAt(search, caret) {
  const before = search.slice(0, caret);
  let start = 0;
  let quote;
  let colon;
  for (let at = 0; at < before.length; at++) {
    const letter = before[at];
    if (quote !== undefined) {
      if (letter === "\\") at++;
      else if (letter === '"') quote = undefined;
    } else if (letter === '"') quote = at;
    else if (/[\s()]/.test(letter)) [start, colon] = [at + 1, undefined];
    else if (letter === "-" && at === start) start = at + 1;
    else if (letter === ":") colon ??= at;
  }
  if (colon === undefined) {
    const text = before.slice(start);
    return text.includes('"') ? undefined : { start, end: caret, field: undefined, text };
  }
  const value = before.slice(colon + 1);
  if (/^[<>[]/.test(value) || (value.includes('"') && quote === undefined)) return undefined;
  return { start: colon + 1, end: caret, field: unquoted(before.slice(start, colon)), text: unquoted(value) };
}

/**
 * Returns what completes a token: names of fields, or values of its field. Those that begin with the text come first, and then those
 * that contain it, each with the most frequent first.
 */
export function suggestions(fields, { field, text }) {
  const wanted = text.toLowerCase();
  const all = field === undefined
    ? [...fields].map(([name, { records }]) => ({ text: name, records, isField: true }))
    : (fields.get(field)?.values ?? []).map(([value, records]) => ({ text: value, records, isField: false }));
  const rank = (option) => {
    const at = option.text.toLowerCase().indexOf(wanted);
    return at < 0 ? undefined : Math.min(at, 1);
  };
  return all
    .map((option) => ({ ...option, rank: rank(option) }))
    .filter((option) => option.rank !== undefined && (option.isField || option.text !== text))
    .sort((a, b) => a.rank - b.rank || b.records - a.records || (a.text < b.text ? -1 : 1))
    .slice(0, MOST);
}

/** Returns the search with a suggestion in place of the token, and where the caret is then. */
export function accept(search, { start, end }, { text, isField }) {
  const written = isField ? `${bare(text, /^[\p{L}_][\p{L}\p{N}_.\-/@]*$/u)}:` : `${bare(text, /^[\p{L}\p{N}][\p{L}\p{N}_./@+-]*$/u)} `;
  const rest = search.slice(end);
  const value = search.slice(0, start) + written + (isField ? rest : rest.trimStart());
  return { value, caret: start + written.length };
}

/** Returns a text as it is if it has the form, else in quotes. */
function bare(text, form) {
  return form.test(text) && !/^(AND|OR|NOT|TO)$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Returns a text without its quotes, also if the last one is not there yet. */
function unquoted(text) {
  return text.startsWith('"') ? text.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1") : text;
}
