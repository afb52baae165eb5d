/**
 * An address without what is nobody's business: of its query only the campaign (`utm_…`) stays, and its fragment goes.
 * Both carry tokens, names and search words.
 */
export function address(href) {
  const url = new URL(href);
  url.hash = url.username = url.password = "";
  for (const name of [...url.searchParams.keys()]) {
    if (!name.startsWith("utm_")) url.searchParams.delete(name);
  }
  return url.href;
}

/** What tells one page from another. */
export const pageOf = (href) => address(href).split("?")[0];
