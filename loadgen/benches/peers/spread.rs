//! What several rounds come to.

use std::fmt;

use loadgen::statistics::median_of_sorted;

/// Median, smallest and largest of the rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    min: f64,
    max: f64,
    bound: Bound,
}

/// Where the true value is, beside one that was measured with a load generator at its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// There.
    Exact,
    /// There or above.
    AtLeast,
    /// There or below.
    AtMost,
    /// Nobody knows.
    Unknown,
}

impl Spread {
    /// Of one value a round; `None` if there is no round, or one without a value.
    pub(crate) fn of(values: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect::<Option<_>>()?;
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let median = median_of_sorted(&values)?;
        let bound = Bound::Exact;
        Some(Self {
            median,
            min,
            max,
            bound,
        })
    }

    /// The median alone, with so many decimals.
    pub(crate) fn middle(&self, digits: usize) -> String {
        format!("{}{:.digits$}", self.bound.mark(), self.median)
    }

    pub(crate) fn bounded(self, bound: Bound) -> Self {
        Self { bound, ..self }
    }

    /// The least and the most that the median may be in truth.
    pub(crate) fn span(&self) -> (f64, f64) {
        match self.bound {
            Bound::Exact => (self.median, self.median),
            Bound::AtLeast => (self.median, f64::INFINITY),
            Bound::AtMost => (0.0, self.median),
            Bound::Unknown => (0.0, f64::INFINITY),
        }
    }
}

impl Bound {
    /// Of a ratio: whether what is above the line may be more in truth, and what is below it.
    pub(crate) fn of_ratio(above: bool, below: bool) -> Self {
        match (above, below) {
            (false, false) => Self::Exact,
            (true, false) => Self::AtLeast,
            (false, true) => Self::AtMost,
            (true, true) => Self::Unknown,
        }
    }

    /// What stands before the number.
    fn mark(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::AtLeast => "≥ ",
            Self::AtMost => "≤ ",
            Self::Unknown => "? ",
        }
    }
}

/// `0.85 (0.81–0.88)`, or `≥ 0.85 (0.81–0.88)`, with as many decimals as asked for.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { min, max, .. } = self;
        write!(f, "{} ({min:.digits$}–{max:.digits$})", self.middle(digits))
    }
}
