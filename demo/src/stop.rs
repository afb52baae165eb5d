use std::io;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether somebody wants this to end: SIGINT (Ctrl-C) or SIGTERM.
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
            // Nobody listens any more only when the program is ending.
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

    /// Waits for `time`, or until it is requested; whether it is.
    pub(crate) fn within(&self, time: Duration) -> bool {
        let mut requested = self.requested.clone();
        self.runtime.block_on(async {
            // The time running out is the ordinary case.
            tokio::time::timeout(time, requested.wait_for(|&requested| requested))
                .await
                .is_ok()
        })
    }
}
