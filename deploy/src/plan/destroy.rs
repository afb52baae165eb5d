//! The plan of a destruction.

use lakefront_landing::Kind;

use super::{Action, Line, forgotten, singular};
use crate::existing::Existing;
use crate::system::System;

/// The removal of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// Delete the Worker, with its secrets and Durable Objects.
    Worker,
    /// Delete a container, by name and id.
    Container(String, String),
    /// Delete a stream, sink or pipeline, by name and id.
    Landing(Kind, String, String),
    /// Delete an app with its machines and volumes.
    App(String),
    /// Delete the bucket if it is empty. If it is not, have R2 delete its objects within a day.
    Bucket,
}

impl std::fmt::Display for Removal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Worker => f.write_str("deleting the Worker"),
            Self::Container(name, _) => write!(f, "deleting the container {name}"),
            Self::Landing(kind, name, _) => write!(f, "deleting the {} {name}", singular(*kind)),
            Self::App(name) => write!(f, "deleting the app {name}"),
            Self::Bucket => f.write_str("deleting the bucket"),
        }
    }
}

/// The plan of a destruction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destruction {
    /// One line for each resource that exists.
    pub lines: Vec<Line>,
    /// The removals, in an order in which nothing is in use when it is removed.
    pub removals: Vec<Removal>,
}

/// Returns the plan that removes what exists of a system. The bucket with the lake stays unless `deletes_data` is true.
pub fn destroy(system: &System, existing: &Existing, deletes_data: bool) -> Destruction {
    let mut lines = Vec::new();
    let mut removals = Vec::new();
    let mut remove = |what: String, note: &str, removal: Removal| {
        lines.push(Line {
            action: Action::Remove,
            what,
            note: note.to_owned(),
        });
        removals.push(removal);
    };
    if existing.worker.is_some() {
        let what = format!("Worker {}", system.config.name);
        remove(what, "with its secrets and Durable Objects", Removal::Worker);
    }
    for name in system.containers() {
        if let Some(id) = existing.containers.get(&name) {
            remove(
                format!("container {name}"),
                "",
                Removal::Container(name, id.clone()),
            );
        }
    }
    for app in system.apps.iter().rev() {
        if existing.apps.contains_key(&app.name) {
            let note = "with its machines, secrets and volumes";
            remove(
                format!("Fly.io app {}", app.name),
                note,
                Removal::App(app.name.clone()),
            );
        }
    }
    // A pipeline is deleted before what it names.
    for call in system.landing.iter().rev() {
        if let Some(known) = existing.landing.get(&(call.kind, call.name().to_owned())) {
            let what = format!("{} {}", singular(call.kind), call.name());
            let removal = Removal::Landing(call.kind, call.name().to_owned(), known.id.clone());
            remove(what, "", removal);
        }
    }
    let bucket = format!("R2 bucket {}", system.config.bucket.name);
    if existing.bucket && deletes_data {
        remove(bucket, "WITH ALL DATA of the lake", Removal::Bucket);
    } else if existing.bucket {
        lines.push(Line {
            action: Action::Keep,
            what: format!("{bucket} with its data catalog"),
            note: "stays, with the lake; --delete-data deletes it".to_owned(),
        });
    }
    lines.extend(forgotten(existing));
    Destruction { lines, removals }
}
