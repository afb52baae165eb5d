//! The mapper, which caches costly values that repeat between records.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use opentelemetry_proto::tonic::resource::v1::Resource as ResourceMessage;

use super::context::RequestContext;
use super::error_group::{self, ErrorKey};
use super::resource::Resource;
use super::user_agent::UserAgent;

/// Most entries of a cache. A full cache is emptied. The bound is needed because senders choose the keys.
const CAPACITY: usize = 4_096;

/// Maps records to rows. Cached values depend only on their keys, so the same record always gives the same row.
#[derive(Debug, Default)]
pub struct Mapper {
    user_agents: Memory<String, Arc<UserAgent>>,
    error_groups: Memory<[u8; 32], String>,
}

impl Mapper {
    /// Returns a mapper with empty caches.
    pub fn new() -> Self {
        Self::default()
    }

    /// Computes the values that the records of a resource share.
    pub fn resource<'a>(
        &mut self,
        resource: Option<&'a ResourceMessage>,
        schema_url: &'a str,
        context: &RequestContext<'a>,
    ) -> Resource<'a> {
        let attributes = resource
            .map(|resource| resource.attributes.as_slice())
            .unwrap_or_default();
        Resource::new(
            attributes,
            schema_url,
            context,
            self.user_agent(context.user_agent),
        )
    }

    /// Returns the parsed User-Agent, from the cache if possible.
    pub(super) fn user_agent(&mut self, header: &str) -> Arc<UserAgent> {
        if let Some(known) = self.user_agents.0.get(header) {
            return Arc::clone(known);
        }
        let parsed = Arc::new(UserAgent::parse(header));
        self.user_agents.insert(header.to_owned(), Arc::clone(&parsed));
        parsed
    }

    /// Returns the group of an error, from the cache if possible.
    pub(super) fn error_group(&mut self, r#type: &str, message: &str, stack: &str) -> String {
        let key = error_group::cache_key(r#type, message, stack);
        if let Some(known) = self.error_groups.0.get(&key) {
            return known.clone();
        }
        let group = ErrorKey::of(r#type, message, stack).group();
        self.error_groups.insert(key, group.clone());
        group
    }
}

/// A cache of at most [`CAPACITY`] entries.
#[derive(Debug)]
struct Memory<K, V>(HashMap<K, V>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq, V> Memory<K, V> {
    fn insert(&mut self, key: K, value: V) {
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        self.0.insert(key, value);
    }
}
