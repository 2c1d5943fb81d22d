//! Integration tests of the load generator.
