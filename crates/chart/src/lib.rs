//! Charts as SVG, the same on the server and in the browser.
