pub mod controls;
pub mod navigation;
pub mod panel;
pub mod range_links;
pub mod streamed;
