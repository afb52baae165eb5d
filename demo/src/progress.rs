use std::io::{IsTerminal as _, Write as _};

/// One line on stderr that is written over while something runs; nothing where stderr is no terminal.
pub(crate) struct Progress {
    visible: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            visible: std::io::stderr().is_terminal(),
        }
    }

    /// Shows a share from 0 to 1.
    pub(crate) fn show(&mut self, share: f64, accepted: u64) {
        if self.visible {
            let full = (share * 40.0) as usize;
            eprint!(
                "\r[{:<40}] {:>3.0} %  {accepted} events accepted",
                "#".repeat(full),
                share * 100.0
            );
            // A terminal that can't be written to any more is no reason to stop.
            std::io::stderr().flush().ok();
        }
    }

    pub(crate) fn done(&self) {
        if self.visible {
            eprintln!();
        }
    }
}
