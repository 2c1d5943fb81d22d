//! The place of one run in a benchmark of interleaved rounds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which cell of the benchmark this run fills. Two records with the same
/// scenario and server differ in their round alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bench {
    /// Name of the plan; absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Name of the scenario.
    pub scenario: String,
    /// Label of the server.
    pub server: String,
    /// Round, from 1. Runs of one round are compared with each other.
    pub round: u64,
    /// Place within the round, from 1: the order changes from round to round.
    pub position: u64,
}
