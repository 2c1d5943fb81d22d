//! What a bench must keep to pass.

use std::fmt::{self, Display, Formatter};

use serde::Deserialize;
use toml::Spanned;

use super::error::Problem;
use super::text::{Text, read};
use crate::plan::{Gate, Rate, percentage, seconds, share};

/// What each server must keep in a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gates {
    /// Limits of a run, held against all rounds.
    pub limits: Vec<Gate>,
    /// Whether no server may be worse than the baseline, by the verdicts of the comparison; `None`
    /// is no, unless others say yes.
    pub not_worse: Option<bool>,
}

impl Gates {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty() && self.not_worse != Some(true)
    }

    /// These, before `others` of the same name.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let has = |gate: &&Gate| self.limits.iter().any(|own| own.name() == gate.name());
        let others_limits = others.limits.iter().filter(|gate| !has(gate));
        Self {
            limits: self.limits.iter().chain(others_limits).copied().collect(),
            not_worse: self.not_worse.or(others.not_worse),
        }
    }
}

/// `max_p99 50ms, not_worse`
impl Display for Gates {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let limits = self.limits.iter().map(|gate| match gate {
            Gate::MaxErrorRate(share) => format!("max_error_rate {} %", percentage(*share)),
            Gate::MaxP99(time) => format!("max_p99 {time:?}"),
            Gate::MinRate(rate) => format!("min_rate {rate}"),
        });
        let not_worse = self
            .not_worse
            .filter(|it| *it)
            .map(|_| "not_worse".to_owned());
        let all: Vec<String> = limits.chain(not_worse).collect();
        formatter.write_str(&all.join(", "))
    }
}

/// The keys of `gates`.
#[derive(Debug, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { max_p99 = \"50ms\" }"
)]
pub(super) struct GatesEntry {
    max_error_rate: Option<Spanned<Text>>,
    max_p99: Option<Spanned<Text>>,
    min_rate: Option<Spanned<Text>>,
    not_worse: Option<bool>,
}

impl GatesEntry {
    pub(super) fn gates(&self) -> Result<Gates, Problem> {
        let max_error_rate = read("max_error_rate", self.max_error_rate.as_ref(), share)?;
        let max_p99 = read("max_p99", self.max_p99.as_ref(), seconds)?;
        let min_rate = read("min_rate", self.min_rate.as_ref(), Rate::per_second)?;
        let limits = [
            max_error_rate.map(Gate::MaxErrorRate),
            max_p99.map(Gate::MaxP99),
            min_rate.map(Gate::MinRate),
        ];
        Ok(Gates {
            limits: limits.into_iter().flatten().collect(),
            not_worse: self.not_worse,
        })
    }
}
