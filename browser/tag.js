/** The tag that loaded this script. Modules do not know theirs: then it is the first with this script's name. */
export const ownTag = () => document.currentScript ?? document.querySelector('script[src*="/otel.js"]');

/** What a tag says in its data- attributes; what it does not say follows from where it is and where it leads. */
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
