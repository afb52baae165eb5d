//! The end of the program on a signal.

use std::io;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Reports if a stop was requested by SIGINT (Ctrl-C) or SIGTERM.
pub(crate) struct Stop {
    runtime: Handle,
    requested: watch::Receiver<bool>,
}

impl Stop {
    pub(crate) fn on_signals(runtime: &Handle) -> io::Result<Self> {
        let _guard = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (request, requested) = watch::channel(false);
        runtime.spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // The channel has no receiver only if the program is already ending.
            request.send(true).ok();
        });
        Ok(Self {
            runtime: runtime.clone(),
            requested,
        })
    }

    pub(crate) fn requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Waits for `time`, or until a stop is requested. Returns true if one is requested.
    pub(crate) fn within(&self, time: Duration) -> bool {
        let mut requested = self.requested.clone();
        self.runtime.block_on(async {
            // A timeout is the ordinary case.
            tokio::time::timeout(time, requested.wait_for(|&requested| requested))
                .await
                .is_ok()
        })
    }
}
