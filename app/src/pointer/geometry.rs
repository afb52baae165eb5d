//! The position of a chart's plot on the page.

use web_sys::Element;

/// The distances from the top of a drawing to its plot, and from the plot to the bottom, in pixels.
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;

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
    /// Measures the drawing of a chart. `None` if there is none, or if it is not visible. The box of a drawing is as wide
    /// as its plot.
    pub fn of(chart: &Element) -> Option<Self> {
        let svg = chart.query_selector("svg[data-plot]").ok()??;
        let (rect, outer) = (svg.get_bounding_client_rect(), chart.get_bounding_client_rect());
        (rect.width() > 0.0).then(|| Self {
            window_left: rect.left(),
            left: rect.left() - outer.left(),
            width: rect.width(),
            top: rect.top() - outer.top() + TOP,
            height: rect.height() - TOP - BOTTOM,
            whole: outer.width(),
        })
    }

    /// Returns the position of a point on the time axis, from 0 to 1. `x` is in pixels from the window's left edge.
    pub fn share(&self, x: f64) -> f64 {
        ((x - self.window_left) / self.width).clamp(0.0, 1.0)
    }
}
