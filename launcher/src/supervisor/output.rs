//! The output of a service: log file, screen, and last lines.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};

const LAST_LINES: usize = 20;

/// The output of a service. All of it goes to the log file, part of it to the screen, and the last lines are kept.
pub struct Output {
    last: Arc<Mutex<VecDeque<String>>>,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl Output {
    pub fn follow(name: &'static str, child: &mut Child, logs: &Path, verbose: bool) -> Result<Self> {
        std::fs::create_dir_all(logs).with_context(|| format!("cannot make {}", logs.display()))?;
        let path = logs.join(format!("{name}.log"));
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let file = Arc::new(Mutex::new(file));
        let last = Arc::new(Mutex::new(VecDeque::new()));
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        let readers = streams
            .into_iter()
            .flatten()
            .map(|stream| {
                let (file, last) = (Arc::clone(&file), Arc::clone(&last));
                std::thread::spawn(move || copy(name, stream, &file, &last, verbose))
            })
            .collect();
        Ok(Self {
            last,
            readers: Mutex::new(readers),
        })
    }

    /// Returns the last lines. Call this once the service has ended.
    pub fn last_lines(&self) -> Vec<String> {
        for reader in self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            let _ = reader.join();
        }
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

/// Returns true for a warning or an error, in the format of `tracing`, and for a panic.
fn needs_attention(line: &str) -> bool {
    line.split_whitespace()
        .take(3)
        .any(|word| word == "WARN" || word == "ERROR")
        || line.contains("panicked at")
}

fn copy(name: &str, stream: impl Read, file: &Mutex<File>, last: &Mutex<VecDeque<String>>, verbose: bool) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        // A progress line redraws itself with carriage returns. Only its last state is kept.
        let line = line
            .rsplit('\r')
            .find(|part| !part.is_empty())
            .unwrap_or_default();
        if verbose || needs_attention(line) {
            eprintln!("\r  {name:>13} │ {line}");
        }
        let _ = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line.to_owned());
    }
}
