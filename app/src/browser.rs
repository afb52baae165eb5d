//! Functions that call the browser's APIs. The server compiles them too but never calls them, because effects and
//! events do not run there.

use js_sys::{Array, Function, Intl::DateTimeFormat, JsString, Object, Reflect};
use leptos::{
    prelude::{document, window},
    wasm_bindgen::{JsCast, JsValue},
};
use web_sys::{Element, Event, FocusOptions, HtmlElement, Node, NodeList};

/// Returns the IANA name of the browser's time zone.
pub fn time_zone() -> Option<String> {
    let options = DateTimeFormat::new(&Array::new(), &Object::new()).resolved_options();
    Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}

/// Stores a preference in a cookie for one year, so that the server gets it too.
pub fn set_cookie(name: &str, value: &str) {
    let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax");
    // A browser without cookies keeps no preference. Nothing else depends on the cookie.
    let _ = Reflect::set(&document(), &"cookie".into(), &JsString::from(cookie));
}

/// Reports to `page.js` that the app has panicked. After a panic the app may be in any state.
#[cfg(feature = "hydrate")]
pub fn report_panic() {
    announce("lakefront-panic");
}

/// Dispatches an event for which `page.js` waits.
pub fn announce(name: &str) {
    if let Ok(event) = Event::new(name) {
        let _ = window().dispatch_event(&event);
    }
}

/// Loads another page.
pub fn leave_for(address: &str) {
    // An address that the app has made can be read.
    let _ = window().location().set_href(address);
}

/// Sets `data-interactive` on the document. Scripts and tests wait for this attribute.
pub fn mark_interactive() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-interactive", "");
    }
}

/// Returns the closest element around an event's target that matches a selector.
pub fn closest(event: &Event, selector: &str) -> Option<Element> {
    event
        .target()?
        .dyn_into::<Element>()
        .ok()?
        .closest(selector)
        .ok()?
}

/// Returns the names and values of a form's visible fields.
pub fn fields(form: &Element) -> Vec<(String, String)> {
    let text = |element: &Element, key: &str| Reflect::get(element, &key.into()).ok()?.as_string();
    visible(form)
        .filter_map(|field| Some((text(&field, "name")?, text(&field, "value")?)))
        .collect()
}

/// Sets the visible fields of every form on the page. `value` gives the value by the field's name; without one the
/// field gets its `data-default`, or an empty text. The forms of the range get what the server proposes: what a viewer
/// typed into them is gone.
pub fn fill_forms(value: impl Fn(&str) -> Option<String>) {
    let Some(root) = document().document_element() else {
        return;
    };
    for form in query_all(".custom form") {
        if let Ok(reset) = Reflect::get(&form, &"reset".into()).and_then(JsCast::dyn_into::<Function>) {
            let _ = reset.call0(&form);
        }
    }
    for field in visible(&root).filter(|field| !matches!(field.closest(".custom"), Ok(Some(_)))) {
        if let Some(name) = field.get_attribute("name") {
            let default = || field.get_attribute("data-default").unwrap_or_default();
            let text = value(&name).unwrap_or_else(default);
            let _ = Reflect::set(&field, &"value".into(), &JsValue::from(text));
        }
    }
}

/// Returns every element of the page that matches a selector.
pub fn query_all(selector: &str) -> impl Iterator<Item = Element> + use<> {
    let found = document().query_selector_all(selector).ok();
    found.into_iter().flat_map(elements)
}

/// Returns true if the tab is hidden.
pub fn is_hidden() -> bool {
    document().hidden()
}

/// Changes the content of an element to `html`. Only what differs is changed: nodes that stay keep the focus, the scroll
/// position and a selection.
pub fn update(element: &Element, html: &str) {
    let Ok(wanted) = element.clone_node() else { return };
    wanted.unchecked_ref::<Element>().set_inner_html(html);
    let key = focused_key(element);
    update_children(element, &wanted);
    if key.is_some() && focused_key(element) != key {
        let keyed = element.query_selector_all("[data-key]").ok();
        let mut keyed = keyed.into_iter().flat_map(elements);
        if let Some(part) = keyed.find(|part| part.get_attribute("data-key") == key) {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = part.unchecked_into::<HtmlElement>().focus_with_options(&options);
        }
    }
}

/// Returns the `data-key` of the focused part of an element. A part keeps the focus in a text that has it elsewhere.
fn focused_key(element: &Element) -> Option<String> {
    let active = document().active_element()?;
    element
        .contains(Some(&active))
        .then(|| active.get_attribute("data-key"))
        .flatten()
}

fn update_children(shown: &Node, wanted: &Node) {
    let mut next = shown.first_child();
    while let Some(new) = wanted.first_child() {
        let old = next.take();
        next = old.as_ref().and_then(Node::next_sibling);
        let _ = match old {
            Some(old) if old.node_name() == new.node_name() => {
                update_node(&old, &new);
                wanted.remove_child(&new)
            }
            Some(old) => shown.replace_child(&new, &old),
            None => shown.append_child(&new),
        };
    }
    while let Some(old) = next {
        next = old.next_sibling();
        let _ = shown.remove_child(&old);
    }
}

fn update_node(old: &Node, new: &Node) {
    if old.is_equal_node(Some(new)) {
        return;
    }
    let (Some(shown), Some(wanted)) = (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) else {
        return old.set_node_value(new.node_value().as_deref());
    };
    // The browser folds and unfolds `details` itself.
    let names = |element: &Element| {
        let names = element.get_attribute_names().into_iter();
        names
            .filter_map(|name| name.as_string())
            .filter(|name| name != "open")
    };
    for name in names(shown).filter(|name| !wanted.has_attribute(name)) {
        let _ = shown.remove_attribute(&name);
    }
    for name in names(wanted) {
        let value = wanted.get_attribute(&name);
        if value != shown.get_attribute(&name) {
            let _ = shown.set_attribute(&name, &value.unwrap_or_default());
        }
    }
    update_children(old, new);
}

fn elements(nodes: NodeList) -> impl Iterator<Item = Element> {
    (0..nodes.length()).filter_map(move |at| nodes.get(at)?.dyn_into().ok())
}

fn visible(root: &Element) -> impl Iterator<Item = Element> + use<> {
    let found = root
        .query_selector_all("form input:not([type=hidden]), form select")
        .ok();
    found.into_iter().flat_map(elements)
}

/// Copies the code of the button's figure to the clipboard.
pub fn copy_beside(button: &Element) {
    let code = button
        .closest("figure")
        .ok()
        .flatten()
        .and_then(|figure| figure.query_selector("code").ok()?);
    if let Some(text) = code.and_then(|code| code.text_content()) {
        let _ = window().navigator().clipboard().write_text(&text);
        button.set_text_content(Some("Copied"));
    }
}
