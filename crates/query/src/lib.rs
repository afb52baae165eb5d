//! Named queries: the catalogue, the check of a request, the plan that decides which engines answer it, and the life cycle
//! of the container with chDB.
//!
//! [`resolve`] checks a request and fills in its defaults. [`plan`] decides which engines get the query, in which
//! order. Both functions are pure: the clock and the topology are arguments. No code in this crate sends a statement or
//! reads a reply.

#![warn(clippy::missing_errors_doc)]

mod answers;
mod catalogue;
mod clip;
pub mod container;
mod definition;
mod params;
mod plan;
mod range;
#[cfg(test)]
mod range_tests;
mod resolve;
mod search;
mod settled;
mod sql;
mod time_travel;
mod topology;

#[cfg(test)]
#[expect(dead_code, reason = "some of it only the build script calls")]
#[path = "../build/check.rs"]
mod check;
#[cfg(test)]
mod check_tests;

pub use answers::{
    AnswerKey, Answers, Flight, KEPT_FOR, LED_FOR, LOST_AFTER, MAX_ANSWER, MAX_ANSWERS, MAX_BYTES,
    MAX_FLIGHTS, Turn, Waiting,
};
pub use catalogue::{catalogue, define_funnels, query_infos};
pub use definition::Definition;
pub use plan::{Attempt, Plan, REQUEST_DEADLINE, lake_statement, plan, plan_sql};
pub use resolve::{Resolved, resolve};
pub use search::{Slices, resolve_search};
pub use settled::{SETTLED_FOR, SettledAnswer, SettledKey};
pub use sql::check_id;
pub use topology::{Backend, Coverage, HotState, Topology};
