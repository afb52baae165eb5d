use clap::ValueEnum;

/// How much stands beside the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// chDB over the lake, and nothing else
    #[value(name = "1")]
    One,
    /// And a ClickHouse with materialized views
    #[value(name = "2")]
    Two,
    /// And one in each of two regions
    #[value(name = "3")]
    Three,
}
