//! The Worker: routes each query to an engine and serves the dashboard.
