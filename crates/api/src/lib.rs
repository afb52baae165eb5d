//! Wire types of the router, the dashboard and the engines.
