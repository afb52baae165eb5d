//! The part of the plan about secrets.
//!
//! No API returns the value of a secret. A secret stays as it is if each of its places has it. If one has not, all of them get the same
//! new value: first the places that have one, and last those that have none. A run that breaks off in between thus leaves a place
//! without the secret, and the next run sets it everywhere again.

use std::collections::BTreeMap;

use super::{Action, Line};
use crate::error::{Error, Result};
use crate::existing::Existing;
use crate::secrets::{KEYS, Place, Secret, Source};
use crate::system::System;

/// Secrets to set in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// The place.
    pub place: Place,
    /// Names of secrets, with the variable in the place.
    pub secrets: Vec<(&'static str, &'static str)>,
}

impl Setting {
    /// Returns the names of the variables.
    pub fn variables(&self) -> Vec<&'static str> {
        self.secrets.iter().map(|(_, variable)| *variable).collect()
    }
}

/// The settings of all secrets.
pub(super) struct Settings {
    pub lines: Vec<Line>,
    /// In places that have an older value. These come first.
    pub before: Vec<Setting>,
    /// In places that have none.
    pub after: Vec<Setting>,
}

/// Returns the settings of all secrets that are missing somewhere, or are rotated.
///
/// # Errors
/// Returns an error if there is no secret of a name to rotate, or if the Worker's keys have other names than the file's.
pub(super) fn settings(system: &System, existing: &Existing, rotate: &[String]) -> Result<Settings> {
    for name in rotate {
        if !system.secrets.iter().any(|secret| secret.name == name) {
            let known: Vec<&str> = system.secrets.iter().map(|secret| secret.name).collect();
            return Err(Error::NotASecret {
                name: name.clone(),
                known: known.join(", "),
            });
        }
    }
    let is_rotated = |secret: &str| rotate.iter().any(|name| name == secret);
    if let Some(worker) = &existing.worker
        && worker.deployment.is_some()
        && worker.secrets.contains(KEYS)
        && system.secrets.iter().any(|secret| secret.name == KEYS)
        && worker.key_names != system.config.key_names()
        && !is_rotated(KEYS)
    {
        let names = |names: &str| match names {
            "" => "without names".to_owned(),
            names => names.replace(',', ", "),
        };
        return Err(Error::OtherKeyNames {
            wanted: names(&system.config.key_names()),
            found: names(&worker.key_names),
            variable: system.config.variable(KEYS),
        });
    }
    let mut lines = Vec::new();
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    for secret in &system.secrets {
        let has = |(place, variable): &(Place, &'static str)| {
            let deployed = match place {
                Place::Worker => existing.worker.as_ref(),
                Place::App(name) => existing.apps.get(name),
            };
            deployed.is_some_and(|deployed| deployed.secrets.contains(*variable))
        };
        let (with, without): (Vec<_>, Vec<_>) = secret.places.iter().cloned().partition(has);
        let rotates = is_rotated(secret.name);
        lines.push(line(secret, with.len(), without.len(), rotates));
        if without.is_empty() && !rotates {
            continue;
        }
        for (places, into) in [(with, &mut before), (without, &mut after)] {
            for (place, variable) in places {
                let listed: &mut Vec<_> = into.entry(place).or_default();
                listed.push((secret.name, variable));
            }
        }
    }
    let setting = |(place, secrets)| Setting { place, secrets };
    Ok(Settings {
        lines,
        before: before.into_iter().map(setting).collect(),
        after: after.into_iter().map(setting).collect(),
    })
}

fn line(secret: &Secret, with: usize, without: usize, rotates: bool) -> Line {
    let places: Vec<String> = secret.places.iter().map(|(place, _)| place.to_string()).collect();
    let mut note = format!("in {}", places.join(", "));
    note += match secret.source {
        Source::Made { shown: true } => "; made here, shown once",
        Source::Made { shown: false } => "; made here",
        Source::Given { .. } => "; from the environment",
    };
    let action = match (with, without) {
        (_, 0) if !rotates => Action::Exists,
        (0, _) => Action::Create,
        _ => Action::Change,
    };
    if action == Action::Change {
        note += match rotates {
            true => "; a new value everywhere",
            false => "; a new value everywhere, because a place has none and no API returns values",
        };
    }
    Line {
        action,
        what: format!("secret {}", secret.name),
        note,
    }
}
