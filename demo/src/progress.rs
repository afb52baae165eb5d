//! The progress display on the terminal.

use std::io::{IsTerminal as _, Write as _};

/// A progress line on stderr that overwrites itself. If stderr is not a terminal, nothing is shown.
pub(crate) struct Progress {
    visible: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            visible: std::io::stderr().is_terminal(),
        }
    }

    /// Shows a share from 0 to 1 and the number of accepted events.
    pub(crate) fn show(&mut self, share: f64, accepted: u64) {
        if self.visible {
            let full = (share * 40.0) as usize;
            eprint!(
                "\r[{:<40}] {:>3.0} %  {accepted} events accepted",
                "#".repeat(full),
                share * 100.0
            );
            // The traffic goes on if the terminal cannot be written to any more.
            std::io::stderr().flush().ok();
        }
    }

    pub(crate) fn done(&self) {
        if self.visible {
            eprintln!();
        }
    }
}
