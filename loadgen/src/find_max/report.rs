//! What a search came to, as it is written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::search::{Limit, Search};
use super::step::Step;
use crate::plan::{self, Slo};
use crate::record::{Environment, Plan, Record, Target, Tool, document, schema_of, settings};

/// The identity of this version of the document, as its `schema` field says it.
pub const SCHEMA: &str = "loadgen/find-max/v1";

/// A search for the highest rate that keeps an objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `loadgen/find-max/v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// When the search began: UTC, RFC 3339, milliseconds.
    pub started_at: String,
    /// What measured; as `tool` in `run.v1.json`.
    #[schemars(schema_with = "as_in_a_record")]
    pub tool: Tool,
    /// What was measured; as `target` in `run.v1.json`.
    #[schemars(schema_with = "as_in_a_record")]
    pub target: Target,
    /// The machine that the load came from; as `environment` in `run.v1.json`.
    #[schemars(schema_with = "as_in_a_record")]
    pub environment: Environment,
    /// The settings of the first step. In the others only the rate differs.
    /// As `plan` in `run.v1.json`.
    #[schemars(schema_with = "as_in_a_record")]
    pub plan: Plan,
    /// What a rate had to keep.
    pub slo: Objective,
    /// Each rate that was tried, in order. One that missed the objective was
    /// tried once more before that was believed.
    pub steps: Vec<Step>,
    /// The highest rate that kept the objective, in requests per second; null
    /// if none did.
    pub max_rate_per_second: Option<f64>,
    /// The lowest rate that missed it twice, in requests per second; null if
    /// none did. The search is over when it is at most 5 % above the other.
    pub missed_rate_per_second: Option<f64>,
    /// What stands in the way of a higher rate; null if the search was
    /// interrupted.
    pub limited_by: Option<Limit>,
    /// A signal ended the search; what was found up to then is here.
    pub interrupted: bool,
}

/// A service level objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Objective {
    /// Limit of the 99th percentile of the times since the intended starts, in
    /// nanoseconds.
    pub p99_ns: u64,
    /// Limit of the failures as a share of the requests that ended, 0 to 1.
    pub error_share: f64,
}

impl Report {
    /// Of a search that has not begun; `first` is the record of a request to the same target.
    pub(super) fn new(plan: &plan::Plan, slo: &Slo, first: &Record) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            started_at: first.started_at.clone(),
            tool: first.tool.clone(),
            target: first.target.clone(),
            environment: first.environment.clone(),
            plan: settings(plan),
            slo: Objective::from(slo),
            steps: Vec::new(),
            max_rate_per_second: None,
            missed_rate_per_second: None,
            limited_by: None,
            interrupted: true,
        }
    }

    /// What the search, over or not, has found.
    pub(super) fn conclude(self, search: &Search) -> Self {
        let limited_by = search.limited_by();
        Self {
            max_rate_per_second: search.max_per_second(),
            missed_rate_per_second: search.missed_per_second(),
            limited_by,
            interrupted: limited_by.is_none(),
            ..self
        }
    }

    /// The last step at the rate that was found.
    #[must_use]
    pub fn best(&self) -> Option<&Step> {
        let mut latest_first = self.steps.iter().rev();
        latest_first.find(|step| Some(step.rate_per_second) == self.max_rate_per_second)
    }

    /// The JSON document: indented, ends in a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        document(self)
    }
}

impl From<&Slo> for Objective {
    fn from(slo: &Slo) -> Self {
        Self {
            p99_ns: u64::try_from(slo.p99.as_nanos()).unwrap_or(u64::MAX),
            error_share: slo.error_share,
        }
    }
}

/// What the schema of a record says in detail, and would have to say again here.
fn as_in_a_record(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

/// The JSON Schema (draft 2020-12) of `loadgen/find-max/v1`, as
/// `results/schema/find-max.v1.json` keeps it.
#[must_use]
pub fn schema() -> Value {
    schema_of::<Report>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::assert_kept;

    #[test]
    fn the_schema_that_is_kept_is_the_schema_of_the_types() {
        assert_kept("find-max", &schema());
    }
}
