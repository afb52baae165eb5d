//! Tests of the server from outside: over HTTP, by its process, and by the rows in the lake afterwards.

mod backpressure;
mod compaction;
mod crash;
mod disk;
mod erase;
mod grpc;
mod losses;
mod numbers;
mod otlp_http;
mod repeats;
mod retention;
mod running;
mod schema_conflict;
mod senders;
mod skew;
mod stop;
mod support;
mod tail;
mod usage;
