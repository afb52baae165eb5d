//! Renders `clickhouse/access.toml` to the configuration of users of a real ClickHouse.
//!
//! A user may change settings of a query, but not past the limits (`readonly = 2` with constraints); what it may do at all is
//! in its grants. Passwords are read from the server's environment.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::paths::Paths;

const RULES: &str = "clickhouse/access.toml";
const RENDERED: &str = "clickhouse/users.d/lakefront.xml";

/// Reads the rules and writes the file anew.
pub fn run() -> Result<()> {
    let root = Paths::find()?.checkout;
    let rules = fs::read_to_string(root.join(RULES)).context(RULES)?;
    fs::write(root.join(RENDERED), render(&rules)?).context(RENDERED)?;
    println!("{RENDERED} is written");
    Ok(())
}

/// `access.toml`. Its own head says what the fields mean.
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
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Access {
    Read,
    Write,
}

/// What a server's `users.d` takes. `0` means "no limit" to ClickHouse, and so is not allowed where there is one.
fn render(rules: &str) -> Result<String> {
    let rules: Rules = toml::from_str(rules).context(RULES)?;
    let mut profiles = String::new();
    let mut users = String::new();
    for (name, user) in &rules.users {
        // Names go into XML and statements as they are.
        for word in user
            .databases
            .iter()
            .chain(user.limits.keys())
            .chain([name, &user.password])
        {
            let plain = word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            ensure!(plain, "{RULES}: `{word}` is not a plain name");
        }
        profiles += &profile(name, user)?;
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

fn profile(name: &str, user: &User) -> Result<String> {
    let mut xml = format!("        <lakefront_{name}>\n");
    for (setting, value) in &user.limits {
        writeln!(xml, "            <{setting}>{value}</{setting}>")?;
    }
    if user.access == Access::Read {
        writeln!(xml, "            <readonly>2</readonly>")?;
    }
    writeln!(xml, "            <constraints>")?;
    for (setting, value) in &user.limits {
        writeln!(
            xml,
            "                <{setting}><min>1</min><max>{value}</max></{setting}>"
        )?;
    }
    if user.access == Access::Read {
        writeln!(xml, "                <readonly><const/></readonly>")?;
    }
    writeln!(xml, "            </constraints>\n        </lakefront_{name}>")?;
    Ok(xml)
}

fn rendered_user(name: &str, user: &User) -> Result<String> {
    let mut xml = format!(
        "        <{name}>\n            <password from_env=\"{}\"/>\n            <networks>\n                <ip>::/0</ip>\n            \
         </networks>\n            <profile>lakefront_{name}</profile>\n            <quota>default</quota>\n            <grants>\n",
        user.password
    );
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
        // Its tables, columns and parts; a server shows the rows of what one may see.
        grants.extend(
            ["tables", "columns", "parts", "processes"]
                .map(|table| format!("GRANT SELECT ON system.{table}")),
        );
    }
    if user.files {
        // A table function is a temporary table to the server. The lake is a folder or a bucket.
        grants.push("GRANT CREATE TEMPORARY TABLE, FILE, S3 ON *.*".into());
    }
    grants
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{RENDERED, RULES, render};

    #[test]
    fn the_rendered_file_is_current() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let read = |file| fs::read_to_string(format!("{root}/{file}")).expect(file);
        let current = render(&read(RULES)).expect("valid rules");
        assert_eq!(read(RENDERED), current, "run `cargo xtask access`");
    }

    #[test]
    fn names_that_are_more_than_names_are_refused() {
        let rules = "[users.x]\npassword = \"P</password>\"\naccess = \"read\"\ndatabases = []\nfiles = false\nlimits = {}";
        let error = render(rules).expect_err("not plain");
        assert!(error.to_string().contains("is not a plain name"), "{error}");
    }
}
