//! How long requests took: a few numbers of each distribution.

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long requests took, in nanoseconds of the monotonic clock, by phase.
/// A phase without a sample is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LatencyNs {
    /// Successful requests, from their start to the last byte of the answer.
    /// The start is the opening of the connection if the request opened one,
    /// else the writing of its first byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Distribution>,
    /// Opening of a TCP connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Distribution>,
    /// TLS handshake, after the TCP connection was open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Distribution>,
    /// Successful requests, from their start to the first byte of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<Distribution>,
    /// Open loop only: successful requests, from the moment at which the
    /// schedule wanted them to start. A stalled server delays the requests that
    /// wait behind it, and this counts the wait (no coordinated omission).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Distribution>,
    /// Failed requests, from their start to the failure. Kept apart: a server
    /// that refuses quickly is not a fast server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Distribution>,
    /// Requests under way when the run ended, from their start to that end: how
    /// long they had waited by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Distribution>,
}

/// A distribution of durations in nanoseconds, accurate to 3 significant digits
/// (HdrHistogram). A percentile is the smallest value that at least this share
/// of the samples does not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// Number of samples.
    pub count: u64,
    /// Smallest sample.
    pub min: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation over all samples.
    pub stddev: f64,
    /// Median.
    pub p50: u64,
    /// 75th percentile.
    pub p75: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 95th percentile.
    pub p95: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p99_9: u64,
    /// 99.99th percentile.
    pub p99_99: u64,
    /// Largest sample.
    pub max: u64,
}

impl Distribution {
    /// The percentiles that a record quotes, rarest last.
    pub const PERCENTILES: [f64; 7] = [50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99];

    /// Each of [`Self::PERCENTILES`] with its value in nanoseconds.
    #[must_use]
    pub fn quoted(&self) -> [(f64, u64); 7] {
        let values = [
            self.p50,
            self.p75,
            self.p90,
            self.p95,
            self.p99,
            self.p99_9,
            self.p99_99,
        ];
        std::array::from_fn(|index| (Self::PERCENTILES[index], values[index]))
    }

    /// Sums up a histogram of nanoseconds; `None` if it is empty.
    pub fn of(histogram: &Histogram<u64>) -> Option<Self> {
        if histogram.is_empty() {
            return None;
        }
        let [p50, p75, p90, p95, p99, p99_9, p99_99] =
            Self::PERCENTILES.map(|percentile| histogram.value_at_percentile(percentile));
        Some(Self {
            count: histogram.len(),
            min: histogram.min(),
            mean: histogram.mean(),
            stddev: histogram.stdev(),
            p50,
            p75,
            p90,
            p95,
            p99,
            p99_9,
            p99_99,
            max: histogram.max(),
        })
    }

    /// How many samples at least are above `value`, as far as the percentiles tell, and what each
    /// of them at least is; `None` if no sample is.
    pub(crate) fn at_least_above(&self, value: u64) -> Option<(u64, u64)> {
        let mut quoted = self.quoted().into_iter().chain([(100.0, self.max)]);
        let (percentile, sample) = quoted.find(|&(_, sample)| sample > value)?;
        // A percentile is a sample, counted from the smallest: it and those after it.
        let rank = (self.count as f64 * percentile / 100.0).ceil().max(1.0) as u64;
        Some((self.count.saturating_sub(rank) + 1, sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_histogram_has_no_distribution() {
        assert_eq!(Distribution::of(&Histogram::new(3).unwrap()), None);
    }

    #[test]
    fn percentiles_tell_how_many_samples_at_least_are_above_a_value() {
        let mut histogram = Histogram::new(3).unwrap();
        for sample in [1, 1, 1, 1, 1, 100, 100, 100, 100, 200] {
            histogram.record(sample).unwrap();
        }
        let distribution = Distribution::of(&histogram).unwrap();
        for (value, above) in [
            (0, Some((6, 1))),
            (1, Some((3, 100))),
            (99, Some((3, 100))),
            (100, Some((1, 200))),
            (200, None),
        ] {
            assert_eq!(distribution.at_least_above(value), above, "{value}");
        }
    }

    #[test]
    fn a_distribution_quotes_the_histogram_to_three_digits() {
        let mut histogram = Histogram::new(3).unwrap();
        for milliseconds in 1..=1000 {
            histogram.record(milliseconds * 1_000_000).unwrap();
        }
        let distribution = Distribution::of(&histogram).unwrap();
        assert_eq!(distribution.count, 1000);
        for (got_ns, want_ns) in [
            (distribution.min, 1_000_000),
            (distribution.p50, 500_000_000),
            (distribution.p99, 990_000_000),
            (distribution.max, 1_000_000_000),
        ] {
            let error = got_ns.abs_diff(want_ns) as f64 / want_ns as f64;
            assert!(error < 0.001, "{got_ns} for {want_ns}");
        }
    }
}
