//! The server from outside: over HTTP, through its process, and by what is in the lake afterwards.

mod backpressure;
mod crash;
mod losses;
mod otlp_http;
mod repeats;
mod senders;
mod stop;
mod support;
