// The entry point: runs when a page loads /otel.js.
import { refused } from "./consent.js";
import { open, silent } from "./global.js";
import { ownTag, settingsOf } from "./tag.js";
import { telemetry } from "./telemetry.js";

// The tag is read here, because `document.currentScript` is empty later.
const tag = ownTag();

function begin() {
  const queue = window.lakefront;
  // A second tag does nothing: the script of the first one runs already.
  if (queue?.track) return;
  if (refused()) {
    open(silent);
    return;
  }
  try {
    open(telemetry(settingsOf(tag)), queue);
  } catch (error) {
    console.warn("lakefront:", error);
    open(silent);
  }
}

// A page that the browser prerenders has no visitor until it is shown. Until then calls wait in the queue.
if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
else begin();
