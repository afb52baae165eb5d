/** Returns the tag that loaded this script. A module has no `currentScript`, so the first tag of this name counts. */
export const ownTag = () => document.currentScript ?? document.querySelector('script[src*="/otel.js"]');

/** Returns the settings in a tag's `data-` attributes. Defaults follow from the page's and the script's addresses. */
export function settingsOf(tag) {
  const { endpoint, service, version, environment, key, hashRoutes } = tag?.dataset ?? {};
  const base = new URL(endpoint || "/", endpoint ? location.href : tag?.src || location.href);
  return {
    url: `${base.href.replace(/\/+$/, "")}/v1/logs`,
    key,
    hasHashRoutes: hashRoutes !== undefined,
    resource: {
      "service.name": service || location.hostname || "web",
      ...(version && { "service.version": version }),
      ...(environment && { "deployment.environment.name": environment }),
    },
  };
}
