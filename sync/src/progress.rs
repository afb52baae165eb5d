//! Progress of a long round, with lines for the terminal.

use std::time::{Duration, Instant};

use crate::lake_snapshot::LakeSnapshot;
use crate::plan::{Step, Work};

/// The shortest time between two lines.
const EVERY: Duration = Duration::from_secs(2);

/// Counts loaded files and rows, and optionally prints lines about them.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    written: Instant,
    /// True if lines are printed.
    prints: bool,
    files: Tally,
    rows: Tally,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    done: u64,
    /// Number still to load when the last plan was made.
    left: u64,
    /// Number loaded since the last plan.
    since: u64,
}

impl Tally {
    fn plan(&mut self, left: u64) {
        self.left = left;
        self.since = 0;
    }

    fn add(&mut self, count: u64) {
        self.done += count;
        self.since += count;
    }

    fn left(self) -> u64 {
        self.left.saturating_sub(self.since)
    }
}

impl Progress {
    /// Creates a progress with nothing loaded. With `prints`, lines are printed to stderr.
    pub fn new(prints: bool) -> Self {
        let now = Instant::now();
        Self {
            started: now,
            written: now,
            prints,
            files: Tally::default(),
            rows: Tally::default(),
        }
    }

    /// Sets the remaining work to that of `steps`.
    pub fn planned(&mut self, steps: &[Step<'_>], snapshot: &LakeSnapshot) {
        let (mut files, mut rows) = (0, 0);
        let mut add = |file: &crate::ledger::DataFile| {
            files += 1;
            rows += file.rows;
        };
        for step in steps {
            match &step.work {
                Work::Load { insert, .. } => insert.iter().for_each(|(_, file)| add(file)),
                Work::Build(_) | Work::Fill(_) => {
                    for table in &step.group.tables {
                        snapshot.files(table, step.day).iter().for_each(&mut add);
                    }
                }
            }
        }
        self.files.plan(files);
        self.rows.plan(rows);
    }

    /// Adds loaded or staged files and rows.
    pub fn moved(&mut self, files: usize, rows: u64) {
        self.files.add(files as u64);
        self.rows.add(rows);
        if self.prints && self.written.elapsed() >= EVERY {
            self.written = Instant::now();
            eprintln!("{}", self.line(self.started.elapsed()));
        }
    }

    /// Returns the line that is printed.
    fn line(&self, elapsed: Duration) -> String {
        let (done, left) = (self.rows.done, self.rows.left());
        let total = done + left;
        let percent = (done * 100).checked_div(total).unwrap_or(100);
        let rate = done as f64 / elapsed.as_secs_f64().max(1e-3);
        format!(
            "{percent} %: {} of {} files, {} of {} rows, {} rows/s, {} left",
            grouped(self.files.done),
            grouped(self.files.done + self.files.left()),
            grouped(done),
            grouped(total),
            grouped(rate as u64),
            rough(Duration::from_secs_f64(left as f64 / rate.max(1.0))),
        )
    }

    /// Returns the totals and the rate as text.
    pub fn total(&self) -> String {
        let elapsed = self.started.elapsed();
        let rate = self.rows.done as f64 / elapsed.as_secs_f64().max(1e-3);
        format!(
            "{} files, {} rows in {}, {} rows/s",
            grouped(self.files.done),
            grouped(self.rows.done),
            rough(elapsed),
            grouped(rate as u64)
        )
    }
}

/// Formats a number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a duration with one or two units: `20 ms`, `75 s`, `10 min`, `2 h 2 min`.
pub fn rough(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_is_left() {
        let mut progress = Progress::new(false);
        progress.files.plan(40);
        progress.rows.plan(40_000_000);
        progress.moved(10, 10_000_000);
        assert_eq!(
            progress.line(Duration::from_secs(25)),
            "25 %: 10 of 40 files, 10,000,000 of 40,000,000 rows, 400,000 rows/s, 75 s left"
        );
    }

    #[test]
    fn numbers_and_durations_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(rough(Duration::from_millis(20)), "20 ms");
        assert_eq!(rough(Duration::from_secs(600)), "10 min");
        assert_eq!(rough(Duration::from_secs(7_320)), "2 h 2 min");
    }
}
