//! Iceberg commits: the one writer of table state.
