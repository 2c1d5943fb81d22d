//! A service level objective: what a rate must keep to count as one that the server can serve.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::parse::{percentage, seconds, share};

/// The share of failures that an objective allows which does not speak of them: above it a run is
/// not believed either.
const ERROR_SHARE: f64 = 0.01;

/// How long requests may take, and how many may fail: `p99=50ms,error-rate=1%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slo {
    /// At most this long for 99 of 100 successes, counted from their intended starts.
    pub p99: Duration,
    /// At most this share of the requests that ended may have failed, 0 to 1. Default 0.01.
    pub error_share: f64,
}

impl fmt::Display for Slo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = percentage(self.error_share);
        write!(formatter, "p99={:?},error-rate={percent}%", self.p99)
    }
}

impl FromStr for Slo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut p99, mut error_share) = (None, None);
        for part in text.split(',') {
            let is_new = match part.split_once('=') {
                Some(("p99", time)) => p99.replace(within("p99", seconds(time))?).is_none(),
                Some(("error-rate", limit)) => error_share
                    .replace(within("error-rate", share(limit))?)
                    .is_none(),
                _ => false,
            };
            if !is_new {
                return Err(form());
            }
        }
        Ok(Self {
            p99: p99.ok_or_else(form)?,
            error_share: error_share.unwrap_or(ERROR_SHARE),
        })
    }
}

/// The value of `key`, or an error that names it.
fn within<T>(key: &str, value: Result<T, String>) -> Result<T, String> {
    value.map_err(|error| format!("{key}: {error}"))
}

fn form() -> String {
    "give p99=TIME, and error-rate=SHARE if it is not 1%, such as p99=50ms,error-rate=0.1%"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_objective_is_a_p99_and_perhaps_a_share_of_failures() {
        let slo = |ms, error_share| Slo {
            p99: Duration::from_millis(ms),
            error_share,
        };
        for (text, expected, shown) in [
            ("p99=50ms", slo(50, 0.01), "p99=50ms,error-rate=1%"),
            (
                "p99=1.5s,error-rate=0",
                slo(1500, 0.0),
                "p99=1.5s,error-rate=0%",
            ),
            (
                "error-rate=0.1%,p99=2",
                slo(2000, 0.001),
                "p99=2s,error-rate=0.1%",
            ),
        ] {
            let parsed: Slo = text.parse().unwrap();
            assert_eq!((parsed, &*parsed.to_string()), (expected, shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_objective_is_told_what_one_looks_like() {
        for (text, words) in [
            ("", "give p99=TIME"),
            ("50ms", "give p99=TIME"),
            ("p50=5ms", "give p99=TIME"),
            ("error-rate=1%", "give p99=TIME"),
            ("p99=5ms,", "give p99=TIME"),
            ("p99=5ms,p99=6ms", "give p99=TIME"),
            ("p99=fast", "p99: give a number with us"),
            ("p99=0", "p99: give a time above 0"),
            ("p99=5ms,error-rate=2", "error-rate: give a share"),
        ] {
            let error = text.parse::<Slo>().unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn an_objective_is_read_again_as_it_is_shown(
            p99_us in 1_u64..10_000_000,
            per_mille in 0_u32..=1000,
        ) {
            let slo = Slo {
                p99: Duration::from_micros(p99_us),
                error_share: f64::from(per_mille) / 1000.0,
            };
            // Rust writes microseconds with the Greek letter, people with a u.
            let shown = slo.to_string().replace('µ', "u");
            let again: Slo = shown.parse().unwrap();
            prop_assert!((again.error_share - slo.error_share).abs() < 1e-9);
            prop_assert!(again.p99.abs_diff(slo.p99) <= Duration::from_nanos(1));
        }
    }
}
