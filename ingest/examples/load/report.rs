//! The figures as a table.

/// The figures of a measurement.
pub struct Figures {
    /// The server's name.
    pub name: &'static str,
    /// Records a second that were acknowledged as durable.
    pub acknowledged_rate: f64,
    /// Records a second that are in the lake, the last commit included.
    pub committed_rate: Option<f64>,
    /// Records for each second of CPU time of the server.
    pub per_cpu_second: f64,
    /// Bytes of the data files.
    pub bytes_per_record: Option<f64>,
    /// Peak of the resident memory.
    pub peak_bytes: u64,
    /// Requests refused with 429 or 503.
    pub refused: u64,
    /// CPU time of the sender, as a part of one processor.
    pub sender_share: f64,
}

/// Prints the figures, one measurement a line.
pub fn print(all: &[Figures]) {
    println!(
        "{:<36} {:>12} {:>11} {:>11} {:>8} {:>9} {:>8} {:>8}",
        "", "acknowledged", "committed", "records a", "bytes a", "peak", "requests", "sender's"
    );
    println!(
        "{:<36} {:>12} {:>11} {:>11} {:>8} {:>9} {:>8} {:>8}",
        "", "records/s", "records/s", "CPU second", "record", "MiB", "refused", "CPUs"
    );
    for figures in all {
        println!(
            "{:<36} {:>12.0} {:>11} {:>11.0} {:>8} {:>9.0} {:>8} {:>8.2}",
            figures.name,
            figures.acknowledged_rate,
            shown(figures.committed_rate, 0),
            figures.per_cpu_second,
            shown(figures.bytes_per_record, 1),
            figures.peak_bytes as f64 / f64::from(1 << 20),
            figures.refused,
            figures.sender_share,
        );
    }
}

fn shown(figure: Option<f64>, digits: usize) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.digits$}"))
}
