//! Tests that need several of the programs together.
