//! The server from outside: over HTTP, through its process, and by what is in the lake afterwards.

mod backpressure;
mod crash;
mod disk;
mod losses;
mod numbers;
mod otlp_http;
mod repeats;
mod senders;
mod stop;
mod support;
