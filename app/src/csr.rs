//! The dashboard rendered by the browser alone: what Trunk builds for `cargo xtask dev`.

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(lakefront_app::App);
}
