// <button data-event="shop.cart_added" data-event-shop.sku="42">: a click on it records an event, without a line of
// code. A form records its submission.

const PREFIX = "data-event-";

/** Returns an attribute of an element. In a form, `getAttribute` and `dataset` may be fields of these names. */
const attribute = (element, name) => Element.prototype.getAttribute.call(element, name);

/** Records an event for each click on an element with `data-event`, and for each submission of such a form. */
export function watchElements(track) {
  const report = (event) => {
    // The path also has elements within shadow roots. `target` is only the host of the root.
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
