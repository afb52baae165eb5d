// Makes elements of the page.

/** Returns an element with properties and children. Texts among the children are texts, never HTML. */
export function element(name, { role, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (role) made.setAttribute("role", role);
  made.append(...children);
  return made;
}
