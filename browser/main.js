// What runs when a page loads /otel.js.
import { refused } from "./consent.js";
import { open, silent } from "./global.js";
import { ownTag, settingsOf } from "./tag.js";
import { telemetry } from "./telemetry.js";

// Read at once: later nothing tells which tag this script came from.
const tag = ownTag();

function begin() {
  const queue = window.lakefront;
  // A second tag leaves everything to the first.
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

// A page that the browser prepared in advance has no visitor until it is shown; until then calls wait in the queue.
if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
else begin();
