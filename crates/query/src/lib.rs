//! The catalogue of named queries, time ranges and the plan of a query.
