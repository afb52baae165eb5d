//! Makes the statements that a ClickHouse is sent: names with their versions, and the guard on coverage.

use crate::definition::Hot;
use crate::sql_text;
use crate::view::View;

/// A statement on a view.
pub fn on_view(sql: &str, view: &View, retention_days: u16) -> Hot {
    Hot {
        sql: guarded(sql, &view.name, &view.table(), &view.version),
        reads: vec![view.name.clone()],
        version: view.version.clone(),
        retention_days,
        indexed: false,
    }
}

/// The lake's statement over the raw tables of a ClickHouse.
pub fn indexed(sql: &str, raw_version: &str, retention_days: u16) -> Hot {
    let blanked = sql_text::blank(sql);
    let mut reads: Vec<String> = sql_text::words(&blanked)
        .filter(|(_, word)| word.starts_with("otel_"))
        .map(|(_, word)| word.to_owned())
        .collect();
    reads.sort();
    reads.dedup();
    let sql = reads.iter().fold(sql.to_owned(), |sql, table| {
        guarded(&sql, table, table, raw_version)
    });
    Hot {
        sql,
        reads,
        version: raw_version.into(),
        retention_days,
        indexed: true,
    }
}

/// The statement with each mention of `name` replaced by all rows of `table`, unless they do not hold the range.
///
/// A scalar subquery is evaluated before a row is read: it fails on an empty table too. One line, so that it may stand in
/// a comment.
fn guarded(sql: &str, name: &str, table: &str, version: &str) -> String {
    let covered = format!(
        "SELECT throwIf(count() = 0, '{name} does not hold all of this range') FROM otel.coverage FINAL \
         WHERE view = '{name}' AND version = '{version}' AND first_day <= {{first_day:Date}}"
    );
    let rows = format!("(SELECT * FROM otel.{table} WHERE ({covered}) = 0)");
    sql_text::replace_word(sql, name, &rows)
}
