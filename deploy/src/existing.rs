//! What exists already, as the APIs report it.

use std::collections::{BTreeMap, BTreeSet};

use lakefront_landing::Kind;

use crate::system::{Streams, System};

/// The resources of a system that exist.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Existing {
    /// True if the bucket exists.
    pub bucket: bool,
    /// The data catalog of the bucket.
    pub catalog: Option<Catalog>,
    /// Streams, sinks and pipelines by kind and name.
    pub landing: BTreeMap<(Kind, String), Landed>,
    /// The Worker.
    pub worker: Option<Deployed>,
    /// Ids of the containers, by name.
    pub containers: BTreeMap<String, String>,
    /// Apps on Fly.io, by name.
    pub apps: BTreeMap<String, Deployed>,
    /// Apps whose names are those of servers that the file no longer has.
    pub forgotten: Vec<String>,
}

/// A data catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Catalog {
    /// True if it answers.
    pub active: bool,
    /// True if the catalog compacts tables or expires snapshots by itself.
    pub maintains: bool,
}

/// A stream, sink or pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Landed {
    /// Its id.
    pub id: String,
    /// The address of a stream.
    pub endpoint: Option<String>,
    /// The SQL of a pipeline.
    pub sql: Option<String>,
}

/// A Worker or an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deployed {
    /// The deployment that runs. `None` if none does, or if this program did not deploy it.
    pub deployment: Option<String>,
    /// The names of its secrets.
    pub secrets: BTreeSet<String>,
    /// The names of the Worker's keys of senders, separated by commas.
    pub key_names: String,
    /// True if it has secrets that no machine has yet.
    pub has_staged_secrets: bool,
    /// Ids of an app's volumes, with their sizes in GB.
    pub volumes: BTreeMap<String, u64>,
}

impl Existing {
    /// Returns the addresses of the streams of a system.
    pub fn streams(&self, system: &System) -> Streams {
        let streams = system.landing.iter().filter(|call| call.kind == Kind::Stream);
        streams
            .filter_map(|call| {
                let known = self.landing.get(&(Kind::Stream, call.name().to_owned()))?;
                Some((call.of.to_owned(), known.endpoint.clone()?))
            })
            .collect()
    }
}
