//! The ClickHouse HTTP interface without I/O: requests, replies, exceptions.
