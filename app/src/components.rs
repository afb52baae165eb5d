pub mod panel;
pub mod range_links;
pub mod streamed;
