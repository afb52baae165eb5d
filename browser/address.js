/** True if the fragment of an address is the route of a page, such as `#/cart`. */
let hasHashRoutes = false;

export const setHashRoutes = (has) => (hasHashRoutes = has);

/**
 * Returns an address without user name, password, fragment, and all of the query but the campaign (`utm_…`). Queries and
 * fragments carry tokens, names and search words. With hash routes, the path in the fragment is part of the page's path.
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

/** Returns the address of a page without its query. Two views with the same one are of the same page. */
export const pageOf = (href) => address(href).split("?")[0];
