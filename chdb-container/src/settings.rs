//! The ClickHouse settings of a connection: the limits, and the settings that a caller may change.

use std::collections::BTreeMap;

use lakefront_clickhouse_http::{Exception, code};

use crate::DATABASE;
use crate::config::Limits;
use crate::rights::Rights;

/// Settings that a caller may set to any value the engine takes, one a line. `cargo xtask access` renders the same list
/// for a ClickHouse server.
const READ: &str = include_str!("../../clickhouse/settings/read.txt");

/// More such settings, for callers who may write.
const WRITE: &str = include_str!("../../clickhouse/settings/write.txt");

/// Settings that ClickHouse clients send by default. They are accepted and have no effect here.
const IGNORED: &str = include_str!("../../clickhouse/settings/ignored.txt");

/// Settings of one connection by name: the limits, and the caller's own values within them.
pub type Settings = BTreeMap<String, String>;

/// Tables of `system` that list databases, tables and their parts, with the columns that hold the names of the database
/// and of the table.
const LISTS: [(&str, &str, Option<&str>); 4] = [
    ("databases", "name", None),
    ("tables", "database", Some("name")),
    ("columns", "database", Some("table")),
    ("parts", "database", Some("table")),
];

/// The tables that `system` and SHOW TABLES list for callers who may only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Every table of the database: those of a lake.
    All,
    /// The tables of a lake's copy. Tables of the bookkeeping and those behind views are left out.
    Copies,
}

impl Listed {
    /// Returns the value of `additional_table_filters`: a condition for each table that lists tables.
    fn filters(self) -> String {
        let filters = LISTS.map(|(list, database, table)| {
            let mut filter = format!("{database} = '{DATABASE}'");
            if let (Self::Copies, Some(table)) = (self, table) {
                filter += &format!(
                    " AND startsWith({table}, 'otel_') AND position({table}, '__') = 0 AND NOT endsWith({table}, '_mv')"
                );
            }
            format!("'system.{list}': '{}'", filter.replace('\'', "\\'"))
        });
        format!("{{{}}}", filters.join(", "))
    }
}

/// Returns the settings that every query of a caller who may only read starts from.
pub fn base(limits: &Limits, listed: Listed) -> Settings {
    let mut settings = writer(limits);
    settings.insert("readonly".into(), "1".into());
    settings.insert("additional_table_filters".into(), listed.filters());
    // One row more than the limit distinguishes a cut result from one that fits exactly.
    let rows = limits.max_result_rows.saturating_add(1);
    settings.insert("limit".into(), rows.to_string());
    settings
}

/// Returns the settings that every statement of a caller who may write starts from.
pub fn writer(limits: &Limits) -> Settings {
    [
        ("max_execution_time", limits.max_execution_time.to_string()),
        ("max_memory_usage", limits.max_memory.to_string()),
        ("max_threads", limits.threads().to_string()),
        // In other time zones the engine prunes partitions of a lake wrongly (ClickHouse issue 119173), so a request for
        // another zone turns that off.
        ("session_timezone", "UTC".to_owned()),
        // Text that is no statement must be a syntax error, and `EXPLAIN AST …` must not become a column called AST.
        ("implicit_select", "0".to_owned()),
        ("allow_introspection_functions", "0".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Returns the settings of the connections on which the gate parses statements. Under `readonly=1` the engine already
/// refuses a statement's own settings while parsing.
pub fn gate(rights: Rights) -> Settings {
    let readonly = if rights.write { "0" } else { "1" };
    [
        ("readonly", readonly),
        ("implicit_select", "0"),
        ("session_timezone", "UTC"),
        ("max_execution_time", "5"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Returns true for a setting that a caller may set to any value. Such settings are listed by name, never by a pattern.
pub fn is_free(name: &str, rights: Rights) -> bool {
    lists(name, READ) || (rights.write && lists(name, WRITE))
}

fn lists(name: &str, list: &str) -> bool {
    !name.starts_with('#') && !name.is_empty() && list.lines().any(|line| line == name)
}

/// Adds the settings of a request. Limits can only be lowered.
///
/// # Errors
/// `UNKNOWN_SETTING` for a setting that callers may not change, `BAD_ARGUMENTS` for a limit that is not a number or a
/// time zone other than UTC.
pub fn with_requested(
    mut settings: Settings,
    requested: &BTreeMap<String, String>,
    rights: Rights,
) -> Result<Settings, Exception> {
    for (name, value) in requested {
        match name.as_str() {
            "session_timezone" if matches!(value.as_str(), "" | "UTC" | "Etc/UTC") => {}
            // Reports of Metabase and JDBC clients name the zone in which their texts of times are meant.
            "session_timezone" => {
                settings.insert(name.clone(), value.clone());
                settings.insert("use_iceberg_partition_pruning".into(), "0".into());
            }
            "max_execution_time" | "max_memory_usage" | "max_threads" | "limit" => {
                lower(&mut settings, name, value)?;
            }
            "max_result_bytes" | "max_result_rows" | "max_rows_to_read" | "max_bytes_to_read" => {
                number(name, value)?;
                settings.insert(name.clone(), value.clone());
            }
            name if is_free(name, rights) => drop(settings.insert(name.into(), value.clone())),
            // The settings of inserts are for callers who may write, and for others they change nothing.
            name if lists(name, IGNORED) => {}
            name => return Err(refused(name)),
        }
    }
    Ok(settings)
}

/// Returns the exception for a setting that callers may not change.
pub fn refused(name: &str) -> Exception {
    let message = format!(
        "Setting {name} cannot be set here: limits can be lowered, and the settings listed in clickhouse/settings be set"
    );
    Exception::of(code::UNKNOWN_SETTING, message)
}

/// Lowers a limit. The value 0 means "no limit" in ClickHouse and leaves the limit as it is.
fn lower(settings: &mut Settings, name: &str, value: &str) -> Result<(), Exception> {
    let asked = number(name, value)?;
    if let Some(limit) = settings.get_mut(name)
        && asked > 0.0
        && limit.parse::<f64>().is_ok_and(|limit| asked < limit)
    {
        value.trim().clone_into(limit);
    }
    Ok(())
}

/// Parses the value of a limit: a number from 0. Only `max_execution_time` takes fractions, in seconds.
fn number(name: &str, value: &str) -> Result<f64, Exception> {
    value
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| {
            Exception::of(
                code::BAD_ARGUMENTS,
                format!("Setting {name} takes a number from 0, not {value:?}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser;

    use super::{IGNORED, Listed, READ, WRITE, base, with_requested, writer};
    use crate::Config;
    use crate::rights::Rights;

    fn ask(name: &str, value: &str) -> Result<String, u32> {
        let config = Config::parse_from(["x", "--lake", "/"]);
        let requested = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        with_requested(base(&config.limits, Listed::All), &requested, Rights::READ)
            .map(|settings| settings.get(name).cloned().unwrap_or_default())
            .map_err(|exception| exception.code)
    }

    #[test]
    fn limits_can_only_be_lowered() {
        assert_eq!(ask("max_execution_time", "2.5"), Ok("2.5".into()));
        assert_eq!(ask("max_execution_time", "3600"), Ok("30".into()));
        assert_eq!(
            ask("max_execution_time", "0"),
            Ok("30".into()),
            "0 is no limit in ClickHouse"
        );
        assert_eq!(ask("limit", "10"), Ok("10".into()));
        for value in ["", "x", "-1", "inf", "1 --readonly=0"] {
            assert_eq!(ask("max_memory_usage", value), Err(36), "{value:?}");
        }
    }

    #[test]
    fn what_is_the_callers() {
        assert_eq!(ask("date_time_output_format", "iso"), Ok("iso".into()));
        assert_eq!(ask("output_format_json_quote_denormals", "0"), Ok("0".into()));
        assert_eq!(
            ask("readonly", "0"),
            Ok("1".into()),
            "sent by some clients, never taken"
        );
        assert_eq!(ask("session_timezone", "UTC"), Ok("UTC".into()));
        assert_eq!(ask("session_timezone", ""), Ok("UTC".into()));
        assert_eq!(
            ask("session_timezone", "Europe/Berlin"),
            Ok("Europe/Berlin".into())
        );
    }

    #[test]
    fn what_is_not() {
        for name in [
            "allow_ddl",
            "format_schema",
            "iceberg_use_version_hint",
            "insert_deduplicate",
            "output_format_schema",
            "output_format_x",
            "output_format_x=1 ",
            "# Meaning",
            "max_concurrent",
            "",
        ] {
            assert_eq!(ask(name, "1"), Err(115), "{name:?}");
        }
    }

    #[test]
    fn a_list_holds_names_alone() {
        for line in READ.lines().chain(WRITE.lines()).chain(IGNORED.lines()) {
            let is_name = |line: &str| {
                line.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            };
            assert!(line.starts_with('#') || is_name(line), "{line:?}");
            // Settings with such names hold paths or addresses.
            for part in ["schema_reg", "format_schema", "_path", "_url", "format_template"] {
                assert!(line.starts_with('#') || !line.contains(part), "{line}");
            }
        }
    }

    #[test]
    fn who_writes_sets_more() {
        let config = Config::parse_from(["x", "--data-dir", "/"]);
        let ask = |name: &str, value: &str| {
            let requested = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            with_requested(writer(&config.limits), &requested, Rights::WRITE)
                .map(|settings| settings.get(name).cloned().unwrap_or_default())
                .map_err(|exception| exception.code)
        };
        assert_eq!(ask("insert_deduplication_token", "a=b c"), Ok("a=b c".into()));
        assert_eq!(
            ask("max_execution_time", "3600"),
            Ok("30".into()),
            "limits only fall"
        );
        assert_eq!(ask("readonly", "1"), Ok(String::new()));
        for name in [
            "x=1 --path",
            "path",
            "format_avro_schema_registry_url",
            "format_schema",
            "input_format_record_errors_file_path",
            "output_format_schema",
            "",
            "ö",
        ] {
            assert_eq!(ask(name, "1"), Err(115), "{name:?}");
        }
    }
}
