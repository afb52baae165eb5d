//! Time zones by IANA name, from a bundled database. With it, every machine and the Worker compute the same hours and
//! days.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::{Problem, ProblemType};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Returns the time zone of an IANA name. Its own name is spelled as in the database: engines compare names
/// case-sensitively.
///
/// # Errors
/// [`ProblemType::BadRequest`] for any other name. `Etc/Unknown` is one: browsers report it where they have no zone.
pub fn time_zone(name: &str) -> Result<TimeZone, Problem> {
    let zone = DATABASE.get(name).ok();
    zone.filter(|zone| zone.iana_name().is_some()).ok_or_else(|| {
        let shown: String = name.chars().take(64).collect();
        let detail =
            format!("tz: `{shown}` is no IANA time zone; expected a name such as Europe/Berlin or UTC");
        Problem::new(ProblemType::BadRequest, detail)
    })
}
