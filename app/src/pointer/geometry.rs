//! The position of a chart's plot on the page.

use leptos::wasm_bindgen::JsCast;
use web_sys::Element;

/// The position of a chart's plot, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geometry {
    /// The distance from the window's left edge to the plot's.
    pub window_left: f64,
    /// The distance from the chart's left edge to the plot's.
    pub left: f64,
    /// The plot's width.
    pub width: f64,
    /// The distance from the chart's top edge to the plot's.
    pub top: f64,
    /// The plot's height.
    pub height: f64,
    /// The chart's width.
    pub whole: f64,
}

impl Geometry {
    /// Measures the drawing of a chart that is visible. `None` if none is.
    pub fn of(chart: &Element) -> Option<Self> {
        let drawings = chart.query_selector_all("svg[data-plot]").ok()?;
        let drawings = (0..drawings.length()).filter_map(|at| drawings.get(at)?.dyn_into::<Element>().ok());
        let (svg, rect) = drawings
            .map(|svg| (svg.get_bounding_client_rect(), svg))
            .map(|(rect, svg)| (svg, rect))
            .find(|(_, rect)| rect.width() > 0.0)?;
        let numbers = |name: &str| -> Vec<i32> {
            let text = svg.get_attribute(name).unwrap_or_default();
            text.split(' ').filter_map(|number| number.parse().ok()).collect()
        };
        let (view, plot) = (numbers("viewBox"), numbers("data-plot"));
        let [_, _, width, _] = view[..] else { return None };
        let [left, top, right, bottom] = plot[..] else {
            return None;
        };
        let [left, top, right, bottom, width] = [left, top, right, bottom, width].map(f64::from);
        let scale = rect.width() / width;
        let outer = chart.get_bounding_client_rect();
        Some(Self {
            window_left: rect.left() + left * scale,
            left: rect.left() - outer.left() + left * scale,
            width: (right - left) * scale,
            top: rect.top() - outer.top() + top * scale,
            height: (bottom - top) * scale,
            whole: outer.width(),
        })
    }

    /// Returns the position of a point on the time axis, from 0 to 1. `x` is in pixels from the window's left edge.
    pub fn share(&self, x: f64) -> f64 {
        ((x - self.window_left) / self.width).clamp(0.0, 1.0)
    }
}
