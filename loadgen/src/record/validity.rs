//! Whether a run can be believed, as the record says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reason::{Reason, Severity};

/// Whether the run can be believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Validity {
    /// False if any reason is of severity `invalid`.
    pub valid: bool,
    /// What a reader of the numbers has to know; worst first.
    pub reasons: Vec<Finding>,
}

/// One thing that a reader of the numbers has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Name of the reason, the same in every version.
    pub code: String,
    /// What it does to the numbers.
    pub severity: Severity,
    /// What was seen, with its numbers: one line.
    pub message: String,
    /// What to do next: one line.
    pub advice: String,
}

impl Validity {
    /// Whether the rate is the load generator's rather than the server's.
    pub fn limits_rate(&self) -> bool {
        self.reasons
            .iter()
            .any(|finding| finding.severity == Severity::LimitsRate)
    }

    /// The reasons for which the run cannot be believed.
    pub fn objections(&self) -> impl Iterator<Item = &Finding> {
        self.reasons
            .iter()
            .filter(|finding| finding.severity == Severity::Invalid)
    }
}

impl From<Vec<Reason>> for Validity {
    fn from(mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by_key(Reason::severity);
        Self {
            valid: reasons
                .iter()
                .all(|reason| reason.severity() != Severity::Invalid),
            reasons: reasons.iter().map(Finding::from).collect(),
        }
    }
}

impl From<&Reason> for Finding {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code().to_owned(),
            severity: reason.severity(),
            message: reason.message(),
            advice: reason.advice().to_owned(),
        }
    }
}
