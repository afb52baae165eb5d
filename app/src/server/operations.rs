//! The state of each subsystem as HTML, for the Operations page. Only the server has this code.

mod audit;
mod files;
mod html;
mod ingest;
mod lake;
mod sync;

use jiff::Timestamp;
use lakefront_api::IngestHealth;
use lakefront_hot_tier::bookkeeping::{AUDIT_FINDINGS, SYNC_STATE};
use maud::{Markup, html};
use serde_json::Value;

use self::html::{Column, failure, note, state, table};
use super::types::Subsystem;
use crate::{QueryService, service::ServerRows};

/// Renders the state of a subsystem. One that fails does not affect the panels of the others. `now` is the end of the
/// spans of time.
pub async fn render(subsystem: Subsystem, host: &QueryService, now: Timestamp) -> Markup {
    match subsystem {
        Subsystem::Ingest => of_ingest(host, |health| ingest::render(health, now)).await,
        Subsystem::Files => of_ingest(host, |health| files::render(&health.tables, now)).await,
        Subsystem::Lake => match host.lake().await {
            Ok(Some(health)) => lake::render(&health, now),
            Ok(None) => {
                note("chDB is asleep. The next query of the lake wakes it, and then the lake shows here.")
            }
            Err(problem) => failure(&problem.detail),
        },
        Subsystem::Sync => {
            let servers = PerClickhouse {
                title: "Sync",
                statement: SYNC_STATE,
                columns: sync::COLUMNS,
                cells: sync::cells,
                without_rows: "Nothing was synced to it yet.",
            };
            servers.render(host, now).await
        }
        Subsystem::Audit => {
            let servers = PerClickhouse {
                title: "Audit",
                statement: AUDIT_FINDINGS,
                columns: audit::COLUMNS,
                cells: audit::cells,
                without_rows: "Never audited: run `lakefront-sync audit`.",
            };
            servers.render(host, now).await
        }
    }
}

/// Renders a part of what ingest reports.
async fn of_ingest(host: &QueryService, render: impl Fn(&IngestHealth) -> Markup) -> Markup {
    match host.ingest().await {
        Ok(Some(health)) => render(&health),
        Ok(None) => note("The router knows of no ingest: INGEST_URL is not set."),
        Err(problem) => failure(&problem.detail),
    }
}

/// A table with one row for each ClickHouse.
struct PerClickhouse {
    title: &'static str,
    /// The statement, which returns one row or none.
    statement: &'static str,
    /// The columns. The first is the server's name.
    columns: &'static [Column],
    /// Renders the cells after the server's name.
    cells: fn(&[Value], Timestamp) -> Markup,
    /// The sentence for a server that returns no row.
    without_rows: &'static str,
}

impl PerClickhouse {
    async fn render(&self, host: &QueryService, now: Timestamp) -> Markup {
        let servers = match host.clickhouses(self.statement).await {
            Ok(servers) => servers,
            Err(problem) => return failure(&problem.detail),
        };
        if servers.is_empty() {
            return note("No ClickHouse is configured: chDB answers everything from the lake.");
        }
        let rest = self.columns.len() - 2;
        let rows = html! {
            @for ServerRows { name, rows } in &servers {
                tr {
                    th scope="row" { (name) }
                    @match rows.as_ref().map(|rows| rows.first()) {
                        Ok(Some(values)) => ((self.cells)(values, now)),
                        Ok(None) => { (state("idle", "nothing yet")) td.text colspan=(rest) { (self.without_rows) } },
                        Err(failure) => { (state("down", "no answer")) td.text colspan=(rest) { (failure) } },
                    }
                }
            }
        };
        table(self.title, self.columns, &rows)
    }
}
