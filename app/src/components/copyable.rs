use leptos::prelude::*;

/// Text to be taken along, with a button that does it.
#[component]
pub fn Copyable(#[prop(into)] title: String, #[prop(into)] text: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = {
        let text = text.clone();
        move |_| {
            let _ = window().navigator().clipboard().write_text(&text);
            copied.set(true);
        }
    };
    view! {
        <figure class="copyable">
            <figcaption>
                {title}
                <button type="button" on:click=copy>{move || if copied.get() { "Copied" } else { "Copy" }}</button>
            </figcaption>
            <pre tabindex="0"><code>{text}</code></pre>
        </figure>
    }
}
