//! Handlers of pointer and keyboard events on charts.

use jiff::Timestamp;
use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    prelude::*,
};
use web_sys::Element;

use super::{
    charts::{Charts, TIMED},
    geometry::Geometry,
};
use crate::{browser, navigator::Navigator};

/// The shortest drag, in pixels. A shorter one counts as a click.
const LEAST: f64 = 6.0;

/// Handles pointer and keyboard events on the charts of a page.
#[derive(Clone)]
pub struct PointerHandlers {
    charts: Charts,
    navigator: Navigator,
    /// The share of the time axis at which a drag began.
    start: StoredValue<Option<f64>>,
    /// The time that the charts show.
    time: StoredValue<Option<Timestamp>>,
}

impl PointerHandlers {
    /// Creates the handlers for the charts of a page. A drag makes `go` navigate to another range.
    pub fn new(charts: Charts, navigator: Navigator) -> Self {
        Self {
            charts,
            navigator,
            start: StoredValue::new(None),
            time: StoredValue::new(None),
        }
    }

    /// Handles a pressed button, which may begin a drag. Touch is left to scrolling: the presets are there for touch.
    pub fn down(&self, event: &PointerEvent) {
        let Some(chart) = browser::closest(event, TIMED).filter(|_| event.button() == 0) else {
            return;
        };
        if event.pointer_type() != "touch"
            && let Some(plot) = Geometry::of(&chart)
        {
            self.start.set_value(Some(plot.share(event.client_x().into())));
            // With the pointer captured, the drag goes on outside of the chart.
            let _ = chart.set_pointer_capture(event.pointer_id());
        }
    }

    /// Handles a pointer that moves: shows the values at that time, and the band of a drag.
    pub fn moved(&self, event: &PointerEvent) {
        let Some((chart, plot)) = pointed(event) else {
            return self.leave();
        };
        let share = plot.share(event.client_x().into());
        if let Some(start) = self.start.get_value() {
            self.charts.mark(&chart, start, share);
        }
        self.show(self.charts.time(&chart, share));
    }

    /// Handles a released button: a drag becomes the range of the page.
    pub fn up(&self, event: &PointerEvent) {
        let start = self.start.try_update_value(Option::take).flatten();
        let (Some(start), Some((chart, plot))) = (start, pointed(event)) else {
            return;
        };
        let end = plot.share(event.client_x().into());
        self.leave();
        if (end - start).abs() * plot.width < LEAST {
            return;
        }
        let time = |share| self.charts.time(&chart, share);
        let (from, to) = (time(start.min(end)), time(start.max(end)));
        if let (Some(from), Some(to)) = (from, to)
            && let Some((from, to)) = self.charts.minutes(&chart, from, to)
        {
            self.navigator
                .set_fields(vec![("from".into(), from), ("to".into(), to)]);
        }
    }

    /// Handles keys: the arrows move by one bucket, Escape hides the marks and ends a drag.
    pub fn key(&self, event: &KeyboardEvent) {
        let key = event.key();
        if key == "Escape" {
            self.start.set_value(None);
            return self.leave();
        }
        let by = match key.as_str() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            _ => return,
        };
        if let Some(chart) = browser::closest(event, TIMED) {
            event.prevent_default();
            self.show(self.charts.moved(&chart, self.time.get_value(), by));
        }
    }

    fn show(&self, time: Option<Timestamp>) {
        self.time.set_value(time);
        match time {
            Some(time) => self.charts.show(time),
            None => self.charts.hide(),
        }
    }

    fn leave(&self) {
        if self.time.get_value().is_some() {
            self.show(None);
        }
    }
}

fn pointed(event: &PointerEvent) -> Option<(Element, Geometry)> {
    let chart = browser::closest(event, TIMED)?;
    let plot = Geometry::of(&chart)?;
    Some((chart, plot))
}
