pub mod controls;
pub mod navigation;
pub mod panel;
pub mod part;
pub mod range_links;
pub mod streamed;
