//! The program that renders the dashboard in the browser alone. Trunk builds it for `cargo xtask dev`.

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(lakefront_app::App);
}
