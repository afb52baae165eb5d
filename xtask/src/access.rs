//! Renders `clickhouse/access.toml` to the user configuration of a real ClickHouse server.
//!
//! A user who reads may set the settings in `clickhouse/settings/read.txt` and may lower the limits. All other settings
//! are fixed (`readonly = 1` with `changeable_in_readonly`).
//!
//! A server cannot restrict a user with write access to a list of settings. The limits of such a user have a highest
//! value, and settings that name files or servers are fixed. Grants define the statements that a user may run.
//! Passwords are read from the server's environment.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::paths::Paths;

const RULES: &str = "clickhouse/access.toml";
const SETTINGS: &str = "clickhouse/settings/read.txt";
const IGNORED: &str = "clickhouse/settings/ignored.txt";
const RENDERED: &str = "clickhouse/users.d/lakefront.xml";

/// Reads the rules and writes the rendered file.
pub fn run() -> Result<()> {
    let root = Paths::find()?.checkout;
    let rules = fs::read_to_string(root.join(RULES)).context(RULES)?;
    let settings = fs::read_to_string(root.join(SETTINGS)).context(SETTINGS)?;
    let ignored = fs::read_to_string(root.join(IGNORED)).context(IGNORED)?;
    fs::write(root.join(RENDERED), render(&rules, &settings, &ignored)?).context(RENDERED)?;
    println!("{RENDERED} is written");
    Ok(())
}

/// Further settings that a reader may set on a server. In the embedded ClickHouse they are limits or parts of the
/// protocol, which its gate handles itself, or they are fixed.
const OF_SERVERS: [&str; 15] = [
    "add_http_cors_header",
    "cancel_http_readonly_queries_on_client_close",
    "enable_http_compression",
    "http_headers_progress_interval_ms",
    "http_response_buffer_size",
    "http_wait_end_of_query",
    "http_write_exception_in_output_format",
    "http_zlib_compression_level",
    "limit",
    "max_bytes_to_read",
    "max_rows_to_read",
    "max_threads",
    "priority",
    "send_progress_in_http_headers",
    "session_timezone",
];

/// Ignored settings that stay fixed on a server: it enforces the first, and does not know the others as settings.
const FIXED_ON_SERVERS: [&str; 3] = ["readonly", "use_client_time_zone", "wait_end_of_query"];

/// Prefix of settings of the lake's engine. The oldest supported server need not have them.
const OF_LAKES: &str = "iceberg_";

/// Settings that name files or servers.
const FIXED_FOR_WRITERS: [&str; 6] = [
    "format_avro_schema_registry_url",
    "format_schema",
    "format_template_resultset",
    "format_template_row",
    "input_format_record_errors_file_path",
    "output_format_schema",
];

/// The content of `access.toml`. The head of that file describes the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    users: BTreeMap<String, User>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    password: String,
    access: Access,
    databases: Vec<String>,
    files: bool,
    limits: BTreeMap<String, u64>,
    #[serde(default = "everywhere")]
    networks: Vec<String>,
}

fn everywhere() -> Vec<String> {
    vec!["::/0".to_owned()]
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Access {
    Read,
    Write,
}

/// Returns the rendered file for a server's `users.d`. Limits have a minimum of 1, because `0` means "no limit" to
/// ClickHouse.
fn render(rules: &str, settings: &str, ignored: &str) -> Result<String> {
    let mut settings: Vec<_> = settings
        .lines()
        .chain(ignored.lines())
        .filter(|line| !line.is_empty() && !line.starts_with(['#']) && !line.starts_with(OF_LAKES))
        .filter(|line| !FIXED_ON_SERVERS.contains(line))
        .chain(OF_SERVERS)
        .collect();
    settings.sort_unstable();
    let rules: Rules = toml::from_str(rules).context(RULES)?;
    let mut profiles = String::new();
    let mut users = String::new();
    for (name, user) in &rules.users {
        // Names are inserted into XML and statements without escaping.
        for word in user
            .databases
            .iter()
            .chain(user.limits.keys())
            .chain([name, &user.password])
            .map(String::as_str)
            .chain(settings.iter().copied())
        {
            let plain = word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            ensure!(plain, "{RULES}: `{word}` is not a plain name");
        }
        for network in &user.networks {
            let address = network
                .split_once('/')
                .map_or(network.as_str(), |(address, _)| address);
            let plain = network
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || b".:/".contains(&byte));
            ensure!(
                plain && address.parse::<IpAddr>().is_ok(),
                "{RULES}: `{network}` is no network: expected an address or ADDRESS/BITS"
            );
        }
        profiles += &profile(name, user, &settings)?;
        users += &rendered_user(name, user)?;
    }
    Ok(format!(
        "<clickhouse>\n    <!-- Rendered from access.toml by `cargo xtask access`: change that file. -->\n    \
         <profiles>\n{profiles}    </profiles>\n    <users>\n{users}        \
         <!-- The server's own user has no password: only from the machine itself. -->\n        \
         <default>\n            <networks replace=\"replace\">\n                <ip>::1</ip>\n                \
         <ip>127.0.0.1</ip>\n            </networks>\n        </default>\n    </users>\n</clickhouse>\n"
    ))
}

fn profile(name: &str, user: &User, settings: &[&str]) -> Result<String> {
    let mut xml = format!("        <lakefront_{name}>\n");
    for (setting, value) in &user.limits {
        writeln!(xml, "            <{setting}>{value}</{setting}>")?;
    }
    let reads = user.access == Access::Read;
    if reads {
        writeln!(xml, "            <readonly>1</readonly>")?;
    }
    writeln!(xml, "            <constraints>")?;
    let changeable = if reads { "<changeable_in_readonly/>" } else { "" };
    for (setting, value) in &user.limits {
        writeln!(
            xml,
            "                <{setting}><min>1</min><max>{value}</max>{changeable}</{setting}>"
        )?;
    }
    let others: &[&str] = if reads { settings } else { &FIXED_FOR_WRITERS };
    let constraint = if reads { changeable } else { "<const/>" };
    for setting in others.iter().filter(|name| !user.limits.contains_key(**name)) {
        writeln!(xml, "                <{setting}>{constraint}</{setting}>")?;
    }
    writeln!(xml, "            </constraints>\n        </lakefront_{name}>")?;
    Ok(xml)
}

fn rendered_user(name: &str, user: &User) -> Result<String> {
    let mut xml = format!(
        "        <{name}>\n            <password from_env=\"{}\"/>\n            <networks>\n",
        user.password
    );
    for network in &user.networks {
        writeln!(xml, "                <ip>{network}</ip>")?;
    }
    write!(
        xml,
        "            </networks>\n            <profile>lakefront_{name}</profile>\n            <quota>default</quota>\n            <grants>\n"
    )?;
    for grant in grants(user) {
        writeln!(xml, "                <query>{grant}</query>")?;
    }
    writeln!(xml, "            </grants>\n        </{name}>")?;
    Ok(xml)
}

fn grants(user: &User) -> Vec<String> {
    let rights = match user.access {
        Access::Read => "SELECT",
        Access::Write => "SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE",
    };
    let mut grants: Vec<String> = user
        .databases
        .iter()
        .map(|database| format!("GRANT {rights} ON {database}.*"))
        .collect();
    if user.access == Access::Write {
        // The user's tables, columns and parts: a server shows a user only rows about objects that the user may read.
        grants.extend(
            ["tables", "columns", "parts", "processes"]
                .map(|table| format!("GRANT SELECT ON system.{table}")),
        );
    }
    if user.files {
        // To the server, a table function is a temporary table. The lake is a folder (FILE) or a bucket (S3).
        grants.push("GRANT CREATE TEMPORARY TABLE, FILE, S3 ON *.*".into());
    }
    grants
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{IGNORED, RENDERED, RULES, SETTINGS, render};

    #[test]
    fn the_rendered_file_is_current() {
        // Tests run in the folder of the package.
        let read = |file| fs::read_to_string(format!("../{file}")).expect(file);
        let current = render(&read(RULES), &read(SETTINGS), &read(IGNORED)).expect("valid rules");
        assert_eq!(read(RENDERED), current, "run `cargo xtask access`");
    }

    #[test]
    fn a_reader_sets_what_is_listed_and_nothing_else() {
        let rules = |access| {
            format!(
                "[users.x]\npassword = \"P\"\naccess = \"{access}\"\ndatabases = []\nfiles = false\nlimits = {{ max_threads = 4 }}"
            )
        };
        let reader = render(
            &rules("read"),
            "# a comment\n\nextremes\niceberg_snapshot_id\n",
            "readonly\nasync_insert\n",
        )
        .expect("valid rules");
        for line in [
            "<readonly>1</readonly>",
            "<max_threads><min>1</min><max>4</max><changeable_in_readonly/></max_threads>",
            "<extremes><changeable_in_readonly/></extremes>",
            "<async_insert><changeable_in_readonly/></async_insert>",
        ] {
            assert!(reader.contains(line), "{line}: {reader}");
        }
        assert_eq!(
            reader.matches("max_threads>").count(),
            4,
            "its value and one constraint: {reader}"
        );
        for name in ["iceberg", "schema", "a comment", "<readonly><changeable"] {
            assert!(!reader.contains(name), "{name}: {reader}");
        }
        let writer = render(&rules("write"), "extremes\n", "").expect("valid rules");
        assert!(
            writer.contains("<output_format_schema><const/></output_format_schema>"),
            "{writer}"
        );
        assert!(
            !writer.contains("readonly") && !writer.contains("extremes"),
            "{writer}"
        );
    }

    #[test]
    fn names_that_are_more_than_names_are_refused() {
        let rules = "[users.x]\npassword = \"P</password>\"\naccess = \"read\"\ndatabases = []\nfiles = false\nlimits = {}";
        let error = render(rules, "", "").expect_err("not plain");
        assert!(error.to_string().contains("is not a plain name"), "{error}");
        let rules =
            "[users.x]\npassword = \"P\"\naccess = \"read\"\ndatabases = []\nfiles = false\nlimits = {}";
        assert!(render(rules, "a/><b\n", "").is_err());
    }

    #[test]
    fn a_user_comes_from_the_listed_networks_alone() {
        let rules = |networks: &str| {
            format!(
                "[users.x]\npassword = \"P\"\naccess = \"read\"\ndatabases = []\nfiles = false\nlimits = {{}}\n{networks}"
            )
        };
        let open = render(&rules(""), "", "").expect("valid rules");
        assert!(
            open.contains("<networks>\n                <ip>::/0</ip>\n"),
            "{open}"
        );
        let private =
            render(&rules("networks = [\"fdaa::/16\", \"127.0.0.1\"]"), "", "").expect("valid rules");
        assert!(
            private.contains("<ip>fdaa::/16</ip>\n                <ip>127.0.0.1</ip>\n")
                && !private.contains("::/0"),
            "{private}"
        );
        for bad in ["example.com", "::/0</ip>", ""] {
            let error = render(&rules(&format!("networks = [{bad:?}]")), "", "").expect_err("no network");
            assert!(error.to_string().contains("is no network"), "{error}");
        }
    }
}
