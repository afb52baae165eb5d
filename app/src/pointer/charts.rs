//! The charts of a page and the marks over them.

use jiff::Timestamp;
use lakefront_api::{QueryInfo, Zone};
use lakefront_chart::Frame;
use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::Element;

use super::geometry::Geometry;
use crate::{
    browser,
    render::{figure, provenance::instant, tip::tip},
    server::PanelAnswer,
};

/// The charts of a page that have a time axis.
#[derive(Clone, Copy)]
pub struct Charts {
    drawn: StoredValue<Vec<DrawnChart>>,
    /// True once the viewer has pointed at a chart. The panels fetch their data then.
    wanted: RwSignal<bool>,
    /// The number of times that a chart was stored.
    arrivals: RwSignal<u32>,
}

/// A chart that a panel has drawn.
struct DrawnChart {
    panel: String,
    frame: Frame,
    zone: Zone,
    off: Vec<String>,
}

/// Selects the charts that have a time axis.
pub const TIMED: &str = ".chart[data-timed]";

impl Charts {
    /// Creates an empty list of charts and provides it to the panels below.
    pub fn provide() -> Self {
        let charts = Self {
            drawn: StoredValue::new(Vec::new()),
            wanted: RwSignal::new(false),
            arrivals: RwSignal::new(0),
        };
        provide_context(charts);
        charts
    }

    /// Requests the data of every chart.
    pub fn want(self) {
        if !self.wanted.get_untracked() {
            self.wanted.set(true);
        }
    }

    /// Returns true once the data of every chart was requested. The caller is run again when it is.
    pub fn are_wanted(self) -> bool {
        self.wanted.get()
    }

    /// Runs the caller again whenever a chart was stored.
    pub fn track_arrivals(self) {
        self.arrivals.track();
    }

    /// Stores a panel's chart in place of its last one. A chart without a time axis is not stored. `off` names the
    /// series that are switched off.
    pub fn keep(self, info: &QueryInfo, answer: &PanelAnswer, off: Vec<String>) {
        self.forget(&info.name);
        let frame = figure::frame(info, answer).filter(|frame| frame.span().is_some());
        if let Some(frame) = frame {
            self.drawn.update_value(|charts| {
                charts.push(DrawnChart {
                    panel: info.name.clone(),
                    frame,
                    zone: answer.zone.clone(),
                    off,
                });
            });
            self.arrivals.update(|count| *count += 1);
        }
    }

    /// Removes a panel's chart.
    pub fn forget(self, panel: &str) {
        // The page's state may be gone before its panels are.
        self.drawn
            .try_update_value(|charts| charts.retain(|drawn| drawn.panel != panel));
    }

    /// Returns true if a panel's chart is stored.
    pub fn has(self, panel: &str) -> bool {
        self.drawn
            .with_value(|charts| charts.iter().any(|drawn| drawn.panel == panel))
    }

    /// Returns the time at a share of a chart's axis, from 0 to 1.
    pub fn time(self, chart: &Element, share: f64) -> Option<Timestamp> {
        self.with(chart, |drawn| {
            let (from, to) = drawn.frame.span()?;
            let (from, to) = (from.as_microsecond(), to.as_microsecond());
            Timestamp::from_microsecond(from + (share * (to - from) as f64) as i64).ok()
        })?
    }

    /// Returns two times as the fields of a form: whole minutes in the chart's zone. The range is widened to hold both
    /// times.
    pub fn minutes(self, chart: &Element, from: Timestamp, to: Timestamp) -> Option<(String, String)> {
        self.with(chart, |drawn| {
            let minute = |time| lakefront_chart::local_minute(time, &drawn.zone);
            let to = Timestamp::from_second(to.as_second() + 60).ok()?;
            Some((minute(from), minute(to)))
        })?
    }

    /// Returns the ends of the bucket at a time, as the parameters of an address have them.
    pub fn bucket(self, chart: &Element, time: Timestamp) -> Option<[String; 2]> {
        let (from, to) = self.with(chart, |drawn| drawn.frame.bucket(time))??;
        Some([from, to].map(instant))
    }

    /// Returns the middle of the bucket `by` steps after a time.
    pub fn moved(self, chart: &Element, time: Option<Timestamp>, by: isize) -> Option<Timestamp> {
        self.with(chart, |drawn| drawn.frame.moved(time, by))?
    }

    fn with<T>(self, chart: &Element, read: impl FnOnce(&DrawnChart) -> T) -> Option<T> {
        let panel = panel_of(chart)?;
        self.drawn.with_value(|charts| {
            let drawn = charts.iter().find(|drawn| drawn.panel == panel)?;
            Some(read(drawn))
        })
    }

    /// Shows the values at a time on every chart of the page.
    pub fn show(self, time: Timestamp) {
        for chart in browser::query_all(TIMED) {
            let values = self.with(&chart, |drawn| {
                drawn.frame.values_at(time, &drawn.off, &drawn.zone)
            });
            match (values.flatten(), Geometry::of(&chart)) {
                (Some(values), Some(plot)) => {
                    let x = plot.left + values.at * plot.width;
                    let line = format!("left:{x:.1}px;top:{:.1}px;height:{:.1}px", plot.top, plot.height);
                    lay(&chart, ".hair", &line);
                    // The list is on the side that has more room.
                    let side = if x < plot.whole / 2.0 {
                        format!("left:{:.1}px", x + 10.0)
                    } else {
                        format!("right:{:.1}px", plot.whole - x + 10.0)
                    };
                    if let Some(list) = lay(&chart, ".tip", &side) {
                        let shown = tip(&values).into_string();
                        if list.inner_html() != shown {
                            list.set_inner_html(&shown);
                        }
                    }
                }
                _ => {
                    lift(&chart, ".hair");
                    lift(&chart, ".tip");
                }
            }
        }
    }

    /// Hides the marks of every chart.
    pub fn hide(self) {
        for over in browser::query_all(".chart .hair, .chart .tip, .chart .band") {
            let _ = over.set_attribute("hidden", "");
        }
    }

    /// Shows the band of a drag between two shares of the axis.
    pub fn mark(self, chart: &Element, from: f64, to: f64) {
        if let Some(plot) = Geometry::of(chart) {
            let left = plot.left + from.min(to) * plot.width;
            let width = (from - to).abs() * plot.width;
            let style = format!(
                "left:{left:.1}px;width:{width:.1}px;top:{:.1}px;height:{:.1}px",
                plot.top, plot.height
            );
            lay(chart, ".band", &style);
        }
    }
}

/// Returns the name of the panel around a chart.
pub fn panel_of(chart: &Element) -> Option<String> {
    chart.closest("[data-panel]").ok()??.get_attribute("data-panel")
}

fn part(chart: &Element, selector: &str) -> Option<Element> {
    chart.query_selector(selector).ok()?.map(JsCast::unchecked_into)
}

fn lay(chart: &Element, selector: &str, style: &str) -> Option<Element> {
    let part = part(chart, selector)?;
    let _ = part.set_attribute("style", style);
    let _ = part.remove_attribute("hidden");
    Some(part)
}

fn lift(chart: &Element, selector: &str) {
    if let Some(part) = part(chart, selector) {
        let _ = part.set_attribute("hidden", "");
    }
}
