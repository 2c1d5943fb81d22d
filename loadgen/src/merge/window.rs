//! When shards ran, and what fell into the time in which all did.

/// A time, in seconds since the first shard began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) from_s: f64,
    pub(super) to_s: f64,
}

/// What ended within one second of a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// Its beginning, in seconds since the shard's own.
    pub(super) start_s: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
}

impl Window {
    /// In seconds; 0 if there is no such time.
    pub(super) fn length_s(&self) -> f64 {
        (self.to_s - self.from_s).max(0.0)
    }

    /// The time that is in both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            from_s: self.from_s.max(other.from_s),
            to_s: self.to_s.min(other.to_s),
        }
    }

    /// The time from the first beginning to the last end.
    pub(super) fn span(self, other: Self) -> Self {
        Self {
            from_s: self.from_s.min(other.from_s),
            to_s: self.to_s.max(other.to_s),
        }
    }

    /// The share of a row's time that is in `window`, 0 to 1, the row being of a shard that ran in
    /// this one. What a row says is taken for spread evenly over it.
    pub(super) fn share(&self, row: &Row, window: &Self) -> f64 {
        let from_s = (self.from_s + row.start_s as f64).min(self.to_s);
        let row = Self {
            from_s,
            to_s: (from_s + 1.0).min(self.to_s),
        };
        match row.length_s() > 0.0 {
            true => row.and(*window).length_s() / row.length_s(),
            // What came with the end, or just behind it.
            false if window.from_s <= row.to_s && row.to_s <= window.to_s => 1.0,
            false => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn window(from_s: f64, to_s: f64) -> Window {
        Window { from_s, to_s }
    }

    fn row(start_s: u64) -> Row {
        Row {
            start_s,
            ..Row::default()
        }
    }

    #[test]
    fn a_row_counts_by_the_share_of_its_time_that_is_inside() {
        let shard = window(1.25, 4.0);
        for (start_s, within, share) in [
            (0, window(1.25, 4.0), 1.0),
            (0, window(1.5, 4.0), 0.75),
            (0, window(2.25, 4.0), 0.0),
            (1, window(0.0, 2.75), 0.5),
            // The last row is of 0.75 s.
            (2, window(3.25, 3.625), 0.5),
            (2, window(0.0, 10.0), 1.0),
            // What ended behind the end has no time of its own.
            (3, window(0.0, 4.0), 1.0),
            (3, window(0.0, 3.9), 0.0),
        ] {
            let found = shard.share(&row(start_s), &within);
            assert!(
                (found - share).abs() < 1e-12,
                "{start_s} {within:?}: {found}"
            );
        }
    }

    #[test]
    fn windows_that_do_not_meet_have_no_time_in_common() {
        let common = window(0.0, 3.0).and(window(4.0, 5.0));
        assert!(common.length_s() == 0.0);
        assert_eq!(window(0.0, 3.0).span(window(4.0, 5.0)), window(0.0, 5.0));
    }
}
