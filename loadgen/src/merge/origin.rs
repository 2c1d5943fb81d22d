//! Where a record was found.

use std::fmt;
use std::sync::Arc;

/// A file and the line at which a record begins in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was named.
    pub name: Arc<str>,
    /// The record's first line, from 1.
    pub line: u64,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            1 => write!(out, "{}", self.name),
            line => write!(out, "{}, line {line}", self.name),
        }
    }
}
