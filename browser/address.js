/** Whether the fragment of an address is the route of a page, as `#/cart` is. */
let hasHashRoutes = false;

export const setHashRoutes = (has) => (hasHashRoutes = has);

/**
 * An address without what is nobody's business: of its query only the campaign (`utm_…`) stays, and its fragment goes.
 * Both carry tokens, names and search words. With hash routes, the path in the fragment is part of the page's path.
 */
export function address(href) {
  const url = new URL(href);
  const route = hasHashRoutes && /^#!?(\/[^?#]*)/.exec(url.hash);
  if (route) url.pathname = url.pathname.replace(/\/$/, "") + route[1];
  url.hash = url.username = url.password = "";
  for (const name of [...url.searchParams.keys()]) {
    if (!name.startsWith("utm_")) url.searchParams.delete(name);
  }
  return url.href;
}

/** What tells one page from another. */
export const pageOf = (href) => address(href).split("?")[0];
