// Makes elements of the page, for all modules.

/** Returns an element with properties, a role, a label and children. Texts among the children are texts, never HTML. */
export function element(name, { role, label, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (role) made.setAttribute("role", role);
  if (label) made.setAttribute("aria-label", label);
  made.append(...children);
  return made;
}
