//! Sync follows an erasure: the days are built again, in raw tables and views.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use lakefront_lake::{Condition, Lake, Pace};
use serde_json::json;

use crate::world::{World, append, texts};

async fn erase(lake: &Lake, condition: &Condition) -> Result<u64> {
    let mut erased = 0;
    for table in lakefront_otel::tables() {
        let pace = Arc::new(Pace::new(100));
        let found = lake.erase(table.name, condition, &pace, |_| ()).await?;
        erased += found.selected();
        let proof = lake.erase_history(table.name, condition).await?;
        ensure!(proof.is_clean(), "{proof:?}");
    }
    Ok(erased)
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_rows_leave_raw_tables_and_views() -> Result<()> {
    let world = World::start().await?;
    world.demo(&["--days", "3"]).await?;
    world.in_step().await?;
    let frequent = "SELECT UserId FROM otel.otel_logs WHERE UserId != '' AND ErrorType != '' GROUP BY UserId ORDER BY count() DESC, UserId LIMIT 1";
    let user = world.value(frequent).await?;
    let user = user.as_str().context("a user")?;
    let condition: Condition = format!("UserId = '{user}'").parse()?;
    let of_user = |table: &str| format!("SELECT count() FROM otel.{table} WHERE UserId = '{user}'");
    let view = lakefront_hot_tier::views()
        .iter()
        .find(|view| view.name == "mv_user_errors");
    let view = view.context("a view by user")?.table();
    let in_view = world.value(&of_user(&view)).await?;
    ensure!(in_view.as_u64() > Some(0), "the user has errors");
    let before = world.value("SELECT count() FROM otel.otel_logs").await?;

    let lake = world.lake().await?;
    let erased = erase(&lake, &condition).await?;
    ensure!(erased > 0);
    // The audit compares all views with the lake.
    world.in_step().await?;
    for table in ["otel_logs", "otel_traces", view.as_str()] {
        assert_eq!(world.value(&of_user(table)).await?, json!(0), "{table}");
    }
    let after = world.value("SELECT count() FROM otel.otel_logs").await?;
    ensure!(
        after.as_u64() < before.as_u64() && after.as_u64() > Some(0),
        "{before}, then {after}"
    );

    // Nothing is left to do.
    let mut command = world.command(&["once"])?;
    let output = command.env("LAKEFRONT_LOG", "info").output().await?;
    let (_, log) = texts(&output);
    ensure!(
        output.status.success() && !log.contains("building a day"),
        "{log}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn erasures_and_compactions_between_rounds_neither_double_nor_keep_rows() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    for number in 0..20 {
        append(&lake, number, number as u64 % 2).await?;
    }
    world.in_step().await?;
    // The first record of each file goes: loaded ones, and ones that no round has seen.
    let day = jiff::Timestamp::now().as_second() / 86_400 * 86_400;
    let first = |day: i64| -> Result<Condition> {
        let at = jiff::Timestamp::from_second(day)?;
        let after = jiff::Timestamp::from_nanosecond(at.as_nanosecond() + 1000)?;
        Ok(format!("Timestamp >= '{at}' AND Timestamp < '{after}'").parse()?)
    };
    append(&lake, 20, 0).await?;
    erase(&lake, &first(day)?).await?;
    world.compact_due(&lake, "otel_logs").await?;
    append(&lake, 21, 0).await?;
    world.compact("otel_logs").await?;
    world.in_step().await?;
    erase(&lake, &first(day - 86_400)?).await?;
    world.in_step().await?;
    let rows = world.value("SELECT count() FROM otel.otel_logs").await?;
    assert_eq!(
        rows,
        json!(11 * 2 + 3 + 10 * 2),
        "one file came after the erasure of its day"
    );
    Ok(())
}
