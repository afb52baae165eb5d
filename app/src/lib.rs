//! The dashboard: Leptos, rendered in the Worker and hydrated in the browser.
