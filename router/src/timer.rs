//! A timer of the platform as a future, and time limits.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{Either, select};
use worker::js_sys::{Promise, global};
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::WorkerGlobalScope;

/// A future that is ready after a time. It wakes the task that polled it last.
///
/// `worker::Delay` wakes the task that polled it first. Leptos polls the data of a page once with a waker that does
/// nothing, before a task awaits it. A deadline within that data would never pass.
#[derive(Debug)]
pub struct Timer {
    fired: JsFuture,
    id: Option<i32>,
}

impl Timer {
    /// Starts a timer.
    pub fn after(time: Duration) -> Self {
        let scope: WorkerGlobalScope = global().unchecked_into();
        let millis = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
        let mut id = None;
        let fired = Promise::new(&mut |resolve, reject| {
            match scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis) {
                Ok(started) => id = Some(started),
                // Only a request that has ended has no timers.
                Err(error) => drop(reject.call1(&JsValue::UNDEFINED, &error)),
            }
        });
        Self {
            fired: fired.into(),
            id,
        }
    }
}

/// Returns what a future returns, or `None` if it takes longer than `limit`.
pub async fn within<T>(limit: Duration, call: impl Future<Output = T>) -> Option<T> {
    match select(pin!(call), Timer::after(limit)).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(((), _)) => None,
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let fired = Pin::new(&mut self.fired).poll(context);
        if fired.is_ready() {
            self.id = None;
        }
        fired.map(drop)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let scope: WorkerGlobalScope = global().unchecked_into();
            scope.clear_timeout_with_handle(id);
        }
    }
}
