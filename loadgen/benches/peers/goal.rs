//! What the measurements are held against.

use std::fmt;

use crate::matrix::{Cell, Run};
use crate::rounds::Measured;
use crate::spread::Spread;

/// Where a figure of one cell should lie, or its ratio to that of another.
pub(crate) struct Goal {
    pub(crate) label: String,
    pub(crate) figure: Figure,
    pub(crate) ours: Cell,
    /// Without one it is the figure itself that is wanted.
    pub(crate) theirs: Option<Cell>,
    pub(crate) wanted: Wanted,
}

/// A number that every run has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figure {
    RequestsPerSecond,
    ClientUs,
    ServerUs,
    ClientRssMib,
    ServerConnectionBytes,
}

/// Where a number should lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    AtMost(f64),
    AtLeast(f64),
    Between(f64, f64),
    /// Anywhere: it is there to be known.
    Nothing,
}

/// A goal beside what was measured.
pub(crate) struct Verdict {
    /// What is held against the goal.
    pub(crate) label: String,
    /// `None` if it was not measured.
    pub(crate) value: Option<Value>,
    pub(crate) wanted: Wanted,
}

/// What was measured, over rounds or in one run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Rounds(Spread),
    Once(f64),
}

impl Goal {
    pub(crate) fn judge(&self, cells: &[Measured<Cell, Run>]) -> Verdict {
        Verdict {
            label: self.label.clone(),
            value: self.spread(cells).map(Value::Rounds),
            wanted: self.wanted,
        }
    }

    fn spread(&self, cells: &[Measured<Cell, Run>]) -> Option<Spread> {
        let find = |wanted: Cell| cells.iter().find(|measured| measured.cell == wanted);
        let ours = find(self.ours)?;
        let Some(theirs) = self.theirs else {
            return ours.spread(|run| self.figure.of(run));
        };
        ours.ratio(find(theirs)?, |run| self.figure.of(run))
    }
}

impl Figure {
    pub(crate) fn of(self, run: &Run) -> Option<f64> {
        match self {
            Self::RequestsPerSecond => Some(run.requests_per_second),
            Self::ClientUs => Some(run.client_us_per_request),
            Self::ServerUs => run.server_us_per_request,
            Self::ClientRssMib => run.client_rss_mib,
            Self::ServerConnectionBytes => run.server_connection_bytes,
        }
    }
}

/// As a goal's label begins.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestsPerSecond => "requests/s",
            Self::ClientUs => "client µs",
            Self::ServerUs => "server µs",
            Self::ClientRssMib => "client peak RSS in MiB",
            Self::ServerConnectionBytes => "server bytes per connection",
        })
    }
}

impl Verdict {
    /// `met`, `missed` or `missing`, `open` where the load generator was the limit and hides which;
    /// nothing of what was measured to be known.
    pub(crate) fn word(&self) -> &'static str {
        let Some(value) = self.value else {
            return "missing";
        };
        let ((least, most), (low, high)) = (self.wanted.span(), value.span());
        match self.wanted {
            Wanted::Nothing => "",
            _ if least <= low && high <= most => "met",
            _ if high < least || most < low => "missed",
            _ => "open",
        }
    }
}

impl Value {
    /// The least and the most that it may be in truth.
    fn span(self) -> (f64, f64) {
        match self {
            Self::Rounds(spread) => spread.span(),
            Self::Once(value) => (value, value),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rounds(spread) => write!(f, "{spread:.2}"),
            Self::Once(value) => write!(f, "{value:.2}"),
        }
    }
}

impl Wanted {
    fn span(self) -> (f64, f64) {
        match self {
            Self::AtMost(most) => (f64::NEG_INFINITY, most),
            Self::AtLeast(least) => (least, f64::INFINITY),
            Self::Between(least, most) => (least, most),
            Self::Nothing => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most:.2}"),
            Self::AtLeast(least) => write!(f, "≥ {least:.2}"),
            Self::Between(least, most) => write!(f, "{least:.2} to {most:.2}"),
            Self::Nothing => f.write_str("–"),
        }
    }
}
