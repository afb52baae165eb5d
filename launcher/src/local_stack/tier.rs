//! The tiers of the stack, by the number of ClickHouse servers beside the lake.

use clap::ValueEnum;

/// The engines beside the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// chDB over the lake
    #[value(name = "1")]
    One,
    /// chDB, and a ClickHouse with materialized views
    #[value(name = "2")]
    Two,
    /// chDB, and a ClickHouse in each of two regions
    #[value(name = "3")]
    Three,
}
