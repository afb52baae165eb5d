import { NavigationInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/navigation";

import { address, pageOf } from "./address.js";

/**
 * Reports page views: of the page that was loaded, of each page that is shown without loading, and of a page that the
 * browser restores from memory.
 */
export class Pages extends NavigationInstrumentation {
  #page = pageOf(location.href);
  #referrer = referrer();

  /** The address of the page that the browser loaded last. */
  loaded = this.#page;

  constructor() {
    super({
      enabled: false,
      sanitizeUrl: address,
      useNavigationApiIfAvailable: true,
      applyCustomLogRecordData: (record) => this.#describe(record),
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

  // The SDK waits until the document is parsed. If it is parsed already and images still load, the SDK waits for ever.
  // A view is reported at the start here, because some visitors leave before that.
  _waitForPageLoad() {
    this._onHardNavigation();
  }

  // A change of only the query, or of a fragment that is no route, stays on the same page, so it is not a page view.
  _onSoftNavigation(...change) {
    const page = pageOf(location.href);
    if (page === this.#page) return;
    this.#page = page;
    super._onSoftNavigation(...change);
  }

  /**
   * Adds the referrer to the first view. Each record counts as another page, even if only a route in the fragment has
   * changed.
   */
  #describe(record) {
    record.attributes["browser.navigation.hash_change"] = false;
    if (this.#referrer) record.attributes["browser.document.referrer"] = this.#referrer;
    this.#referrer = "";
  }
}

/** Returns the address of the referring page without its query, or `""` if there is none or it is of this site. */
function referrer() {
  if (!document.referrer) return "";
  const { protocol, host, pathname } = new URL(document.referrer);
  return host === location.host ? "" : `${protocol}//${host}${pathname}`;
}
