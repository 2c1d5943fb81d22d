//! A percentile of the latency, whoever measured it.

use super::{Distribution, LatencyFrom, Record};

impl Record {
    /// The percentile of how long successful requests took from their start, in nanoseconds:
    /// `latency_ns.total`, or what another tool measured. `None` if it is not known.
    ///
    /// `percentile` is in percent; the record quotes [`Distribution::PERCENTILES`], 0 (the smallest)
    /// and 100 (the largest).
    #[must_use]
    pub fn percentile_ns(&self, percentile: f64) -> Option<u64> {
        let measured = self.latency_ns.total.as_ref();
        let imported = || {
            let imported = self.imported.as_ref()?;
            let is_from_start = imported.latency_from != LatencyFrom::IntendedStart;
            imported.percentile_ns(percentile).filter(|_| is_from_start)
        };
        measured.map_or_else(imported, |it| it.percentile_ns(percentile))
    }

    /// The mean of the same, in nanoseconds.
    #[must_use]
    pub fn mean_ns(&self) -> Option<f64> {
        let measured = self.latency_ns.total.as_ref().map(|it| it.mean);
        let imported = || {
            let imported = self.imported.as_ref()?;
            let is_from_start = imported.latency_from != LatencyFrom::IntendedStart;
            imported.mean_ns.filter(|_| is_from_start)
        };
        measured.or_else(imported)
    }

    /// The same in open loop, from the moment at which the schedule wanted the request to start:
    /// `latency_ns.corrected`. What another tool measured in open loop is told as it measured it,
    /// and the record's validity says if that is from the request's start.
    #[must_use]
    pub fn corrected_percentile_ns(&self, percentile: f64) -> Option<u64> {
        let measured = self.latency_ns.corrected.as_ref();
        let imported = || self.imported.as_ref()?.percentile_ns(percentile);
        measured.map_or_else(imported, |it| it.percentile_ns(percentile))
    }
}

impl Distribution {
    /// This percentile, if the record quotes it; 0 is the smallest sample, 100 the largest.
    #[must_use]
    pub fn percentile_ns(&self, percentile: f64) -> Option<u64> {
        let ends = [(0.0, self.min), (100.0, self.max)];
        let mut quoted = self.quoted().into_iter().chain(ends);
        let found = quoted.find(|(quoted, _)| (quoted - percentile).abs() < 1e-9);
        found.map(|(_, ns)| ns)
    }
}

#[cfg(test)]
mod tests {
    use crate::record::sample::sample;

    #[test]
    fn a_record_quotes_its_own_percentiles() {
        let mut record = sample();
        assert_eq!(record.percentile_ns(50.0), Some(14_900_000));
        assert_eq!(record.percentile_ns(99.99), Some(40_000_000));
        assert_eq!(record.percentile_ns(42.0), None);
        assert_eq!(record.percentile_ns(100.0), Some(45_000_000));
        assert_eq!(record.corrected_percentile_ns(99.0), None);
        record.latency_ns.corrected = record.latency_ns.total.take();
        assert_eq!(record.corrected_percentile_ns(99.0), Some(21_000_000));
        assert_eq!(record.percentile_ns(99.0), None);
    }
}
