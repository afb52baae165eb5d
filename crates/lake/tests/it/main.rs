//! Integration tests of the lake, from the view of its writers and readers.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

mod clocks;
mod commits;
mod compaction;
mod erasure;
mod history;
mod lost_answers;
mod old_days;
mod orphan_files;
mod properties;
mod readers;
mod remote;
mod schema_evolution;
mod sql_catalog;
mod version_hint;

mod writers;
