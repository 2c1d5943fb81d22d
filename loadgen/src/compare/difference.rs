//! A difference in words, with its subject chosen.
//!
//! Of two servers the better one is the subject: it served more, or needed
//! less. From a factor of two on a percentage is hard to read, so the larger
//! number becomes the subject and the factor is said.

use super::change::Ratio;
use super::metric::{Direction, Metric};
use super::text::{percent, signed_percent, times};

/// From this factor on, it is said instead of the percentage.
const FACTOR_MIN: f64 = 2.0;

/// How a ratio is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Percent,
    Factor,
}

impl Form {
    /// One end of an interval.
    pub(super) fn end(self, ratio: f64) -> String {
        match self {
            Self::Percent => signed_percent(ratio),
            Self::Factor => times(ratio),
        }
    }
}

/// A difference with its subject chosen.
pub(super) struct Difference<'a> {
    metric: Metric,
    subject: &'a str,
    object: &'a str,
    /// Subject over object.
    pub(super) ratio: Ratio,
    pub(super) form: Form,
}

impl<'a> Difference<'a> {
    pub(super) fn new(metric: Metric, ratio: Ratio, a: &'a str, b: &'a str) -> Self {
        let b_is_larger = ratio.estimate >= 1.0;
        let factor = ratio.estimate.max(1.0 / ratio.estimate);
        let form = if factor >= FACTOR_MIN {
            Form::Factor
        } else {
            Form::Percent
        };
        let subject_is_larger =
            form == Form::Factor || metric.direction() == Direction::HigherIsBetter;
        let (subject, object, ratio) = if b_is_larger == subject_is_larger {
            (b, a, ratio)
        } else {
            (a, b, ratio.inverted())
        };
        Self {
            metric,
            subject,
            object,
            ratio,
            form,
        }
    }

    /// `async served 31 % more requests per second than sync`, where `unit` is `request`.
    pub(super) fn statement(&self, at_least: bool, unit: &str) -> String {
        let Self {
            subject, object, ..
        } = self;
        let at_least = if at_least { "at least " } else { "" };
        let estimate = self.ratio.estimate;
        let amount = match self.form {
            Form::Percent => format!("{at_least}{}", percent(estimate - 1.0)),
            Form::Factor => format!("{at_least}{} times", times(estimate)),
        };
        match (self.metric, self.form) {
            (Metric::RatePerSecond, Form::Percent) => {
                format!("{subject} served {amount} more {unit}s per second than {object}")
            }
            (Metric::RatePerSecond, Form::Factor) => {
                format!("{subject} served {amount} as many {unit}s per second as {object}")
            }
            (Metric::ServerCpuUsPerRequest, Form::Percent) => {
                format!("{subject} needed {amount} less CPU per {unit} than {object}")
            }
            (Metric::ServerCpuUsPerRequest, Form::Factor) => {
                format!("{subject} needed {amount} as much CPU per {unit} as {object}")
            }
            (metric, Form::Percent) => {
                let label = metric.label_of(unit);
                format!("the {label} of {subject} was {amount} lower than that of {object}")
            }
            (metric, Form::Factor) => {
                let label = metric.label_of(unit);
                format!("the {label} of {subject} was {amount} that of {object}")
            }
        }
    }
}
