//! The estimate of a statement: the rows, files, bytes and requests that it would read, shown before it runs.

use lakefront_api::{Estimate, SqlRequest, TableEstimate, Zone};
use lakefront_chart::{bytes, clock, count};
use maud::{Markup, html};

use super::{Statement, refusal, request};
use crate::QueryService;

/// Returns what a statement would read, as a sentence. Empty for a statement that cannot be estimated, such as one that is not
/// complete: running it says why.
pub async fn estimated(host: &QueryService, asked: Statement) -> String {
    let estimate = host.estimate(request(asked.sql, asked.params)).await;
    estimate.map(|estimate| sentence(&estimate)).unwrap_or_default()
}

/// Renders what a statement would read, with each table, for the page without JavaScript.
pub async fn plain(host: &QueryService, request: SqlRequest) -> Markup {
    match host.estimate(request).await {
        Ok(estimate) => html! {
            p { (sentence(&estimate)) }
            ul translate="no" { @for table in &estimate.tables { li { (of_table(table)) } } }
            p.more { "The engine may read less: it skips parts of files, columns that are not named, and what a LIMIT leaves out." }
        },
        Err(problem) => refusal(&problem),
    }
}

/// Returns the sentence about all tables.
fn sentence(estimate: &Estimate) -> String {
    let Estimate {
        rows,
        files,
        bytes: size,
        store_requests,
        tables,
    } = estimate;
    if tables.is_empty() {
        return "Reads no table of the lake.".to_owned();
    }
    let (of_rows, of_files) = (plural(*rows, "row"), plural(*files, "file"));
    let requests = store_requests.filter(|requests| *requests > 0).map(|requests| {
        let requests = plural(requests, "request");
        format!(" Takes {requests} to the store, more for files that were not read before.")
    });
    format!(
        "Reads at most {of_rows} in {of_files} of {}.{}",
        bytes(*size as f64),
        requests.unwrap_or_default()
    )
}

fn of_table(table: &TableEstimate) -> String {
    let zone = Zone::utc();
    let from = table.from.map(|from| format!(", from {}", clock(from, &zone)));
    let to = table.to.map(|to| format!(", to {}", clock(to, &zone)));
    let (of_rows, of_files) = (plural(table.rows, "row"), plural(table.files, "file"));
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    format!(
        "{}: {of_rows} in {of_files} of {}{from}{to}",
        table.name,
        bytes(table.bytes as f64)
    )
}

fn plural(number: u64, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {word}{ending}", count(number as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_the_sums() {
        let table = |rows, files| TableEstimate {
            name: "otel_logs".into(),
            rows,
            files,
            bytes: files.min(1) * 1_500_000,
            from: "2026-03-24T00:00:00Z".parse().ok(),
            to: None,
        };
        assert_eq!(sentence(&Estimate::default()), "Reads no table of the lake.");
        let one = [table(1, 1)].into_iter().collect();
        assert_eq!(sentence(&one), "Reads at most 1 row in 1 file of 1.5 MB.");
        let two = [table(12_000, 2), table(0, 0)].into_iter().collect();
        assert_eq!(sentence(&two), "Reads at most 12,000 rows in 2 files of 1.5 MB.");
        let on_a_store = Estimate {
            store_requests: Some(2),
            ..two
        };
        assert_eq!(
            sentence(&on_a_store),
            "Reads at most 12,000 rows in 2 files of 1.5 MB. Takes 2 requests to the store, more for files that were not read before."
        );
        let nothing = Estimate {
            store_requests: Some(0),
            ..[table(0, 0)].into_iter().collect()
        };
        assert_eq!(sentence(&nothing), "Reads at most 0 rows in 0 files of 0 B.");
        assert_eq!(
            of_table(&table(2, 1)),
            "otel_logs: 2 rows in 1 file of 1.5 MB, from 2026-03-24 00:00:00"
        );
    }
}
