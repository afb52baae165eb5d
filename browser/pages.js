import { NavigationInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/navigation";

import { address, pageOf } from "./address.js";

/**
 * Page views: the page that was loaded, every other one that the page shows without loading, and one that comes back
 * whole from the browser's memory.
 */
export class Pages extends NavigationInstrumentation {
  #page = pageOf(location.href);
  #referrer = referrer();

  /** The page that the browser loaded last. */
  loaded = this.#page;

  constructor() {
    super({
      enabled: false,
      sanitizeUrl: address,
      useNavigationApiIfAvailable: true,
      applyCustomLogRecordData: (record) => this.#addReferrer(record),
    });
  }

  enable() {
    super.enable();
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      this.#page = this.loaded = pageOf(location.href);
      this._onHardNavigation();
    });
  }

  // The SDK waits for the document to be parsed, and for ever when that is over and images still load. A view is one from
  // the start: some leave before.
  _waitForPageLoad() {
    this._onHardNavigation();
  }

  // A change of query or fragment alone is the same page, and not a view of it.
  _onSoftNavigation(...change) {
    const page = pageOf(location.href);
    if (page === this.#page) return;
    this.#page = page;
    super._onSoftNavigation(...change);
  }

  /** The first view says where the visitor came from. */
  #addReferrer(record) {
    if (this.#referrer) record.attributes["browser.document.referrer"] = this.#referrer;
    this.#referrer = "";
  }
}

/** Another site's page, without its query; `""` when the visitor came from nowhere or from this site. */
function referrer() {
  if (!document.referrer) return "";
  const { protocol, host, pathname } = new URL(document.referrer);
  return host === location.host ? "" : `${protocol}//${host}${pathname}`;
}
