//! A load generator that compares two HTTP servers, with an error bar.

pub mod outcome;
pub mod record;
pub mod statistics;
pub mod system;
