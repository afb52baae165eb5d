//! Time zones by IANA name.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use lakefront_api::{Problem, ProblemType};

/// The bundled time-zone database. With it, every machine and the Worker compute the same hours and days.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Returns the time zone of an IANA name, and the name as the database spells it. Engines compare the name
/// case-sensitively.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a name that is not in the database.
pub fn zone(name: &str) -> Result<(TimeZone, String), Problem> {
    let unknown = || {
        let shown: String = name.chars().take(64).collect();
        let detail =
            format!("tz: `{shown}` is no IANA time zone; expected a name such as Europe/Berlin or UTC");
        Problem::new(ProblemType::BadRequest, detail)
    };
    let zone = DATABASE.get(name).map_err(|_| unknown())?;
    let spelled = zone.iana_name().ok_or_else(unknown)?.to_owned();
    Ok((zone, spelled))
}
