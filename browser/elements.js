// <button data-event="shop.cart_added" data-event-shop.sku="42">: a click on it records an event, without a line of
// code. A form records its submission.

const PREFIX = "data-event-";

/** An attribute of an element. A form's own `getAttribute`, `dataset` and `attributes` may be fields that are called so. */
const attribute = (element, name) => Element.prototype.getAttribute.call(element, name);

/** Records the events of elements that name one. */
export function watchElements(track) {
  const report = (event) => {
    // Also from within shadow roots, where `target` is only their host.
    const element = event.composedPath().find((node) => node instanceof Element && attribute(node, "data-event"));
    const isForm = element instanceof HTMLFormElement;
    if (element && isForm === (event.type === "submit")) track(attribute(element, "data-event"), attributesOf(element));
  };
  addEventListener("click", report, true);
  addEventListener("submit", report, true);
  // The middle button opens a link in another tab.
  addEventListener("auxclick", (event) => event.button === 1 && report(event), true);
}

function attributesOf(element) {
  const names = Element.prototype.getAttributeNames.call(element).filter((name) => name.startsWith(PREFIX));
  return Object.fromEntries(names.map((name) => [name.slice(PREFIX.length), attribute(element, name)]));
}
