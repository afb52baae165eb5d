// <button data-event="shop.cart_added" data-event-shop.sku="42">: a click is an event, without a line of code.
// On a form it is the submission.

const PREFIX = "data-event-";

/** Records the events of elements that name one. */
export function watchElements(track) {
  const report = (event) => {
    // Also from within shadow roots, where `target` is only their host.
    const element = event.composedPath().find((node) => node.dataset?.event);
    const isForm = element instanceof HTMLFormElement;
    if (element && isForm === (event.type === "submit")) track(element.dataset.event, attributesOf(element));
  };
  addEventListener("click", report, true);
  addEventListener("submit", report, true);
  // The middle button opens a link in another tab.
  addEventListener("auxclick", (event) => event.button === 1 && report(event), true);
}

function attributesOf({ attributes }) {
  const named = [...attributes].filter(({ name }) => name.startsWith(PREFIX));
  return Object.fromEntries(named.map(({ name, value }) => [name.slice(PREFIX.length), value]));
}
