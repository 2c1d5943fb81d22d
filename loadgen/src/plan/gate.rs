//! What a run must reach to pass: limits that a person sets beforehand.

use std::time::Duration;

/// One limit. It is judged on the finished record, never during the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gate {
    /// At most this share of the requests that ended may have failed, 0 to 1.
    MaxErrorRate(f64),
    /// At most this long for 99 of 100 successes: counted from the intended starts in an open
    /// loop, which is what a user waits, and from the start otherwise. Missed as well if too many
    /// had no answer at the end and had waited for longer than this.
    MaxP99(Duration),
    /// At least so many successes per second.
    MinRate(f64),
}

impl Gate {
    /// The gate that records call so; `None` if it is none that is known, or has no such limit.
    #[must_use]
    pub fn named(name: &str, limit: f64) -> Option<Self> {
        let is_limit = limit.is_finite() && limit >= 0.0;
        match name {
            _ if !is_limit => None,
            "max_error_rate" => Some(Self::MaxErrorRate(limit)),
            "max_p99_ns" => Some(Self::MaxP99(Duration::from_nanos(limit as u64))),
            "min_rate_per_second" => Some(Self::MinRate(limit)),
            _ => None,
        }
    }

    /// The name in records; its last word is the unit.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MaxErrorRate(_) => "max_error_rate",
            Self::MaxP99(_) => "max_p99_ns",
            Self::MinRate(_) => "min_rate_per_second",
        }
    }

    /// The limit in the unit of the name.
    #[must_use]
    pub fn limit(&self) -> f64 {
        match *self {
            Self::MaxErrorRate(share) => share,
            Self::MaxP99(time) => time.as_nanos() as f64,
            Self::MinRate(rate) => rate,
        }
    }

    /// Whether `measured`, in the unit of the name, is within the limit.
    #[must_use]
    pub fn admits(&self, measured: f64) -> bool {
        match self {
            Self::MaxErrorRate(_) | Self::MaxP99(_) => measured <= self.limit(),
            Self::MinRate(_) => measured >= self.limit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_found_by_its_name_and_limit() {
        let gates = [
            Gate::MaxErrorRate(0.01),
            Gate::MaxP99(Duration::from_millis(50)),
            Gate::MinRate(1000.0),
        ];
        for gate in gates {
            assert_eq!(Gate::named(gate.name(), gate.limit()), Some(gate));
        }
        assert_eq!(Gate::named("max_p99_ns", f64::NAN), None);
        assert_eq!(Gate::named("max_hope", 1.0), None);
    }

    #[test]
    fn a_limit_itself_is_admitted_and_what_is_worse_is_not() {
        let p99 = Gate::MaxP99(Duration::from_millis(50));
        assert!(p99.admits(50e6) && !p99.admits(50e6 + 1.0));
        let errors = Gate::MaxErrorRate(0.0);
        assert!(errors.admits(0.0) && !errors.admits(1e-9));
        let rate = Gate::MinRate(1000.0);
        assert!(rate.admits(1000.0) && !rate.admits(999.9));
    }
}
