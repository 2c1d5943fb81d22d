//! Requests that had no answer when a run ended: when they are so many that those with an answer
//! no longer stand for all.

use std::time::Duration;

/// Above this share of requests without an answer the 99th percentile of those that have one is
/// not that of all.
const UNANSWERED_SHARE_MAX: f64 = 0.01;

/// So many may be under way at the end by chance, however few there are in all.
const UNANSWERED_BY_CHANCE: f64 = 2.0;

/// Whether so many of `requests` are unanswered that a 99th percentile leaves too much out.
pub(crate) fn too_many_unanswered(unanswered: u64, requests: u64) -> bool {
    let allowed = (requests as f64 * UNANSWERED_SHARE_MAX).max(UNANSWERED_BY_CHANCE);
    unanswered as f64 > allowed
}

/// How long an open loop takes to make the requests that have no answer: as long as the server is
/// behind, and as long as each waits if it keeps up (Little's law).
pub(crate) fn behind(unanswered: u64, rate_per_second: f64) -> Duration {
    let behind_s = unanswered as f64 / rate_per_second;
    Duration::try_from_secs_f64(behind_s).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_percent_or_two_requests_may_be_without_an_answer() {
        for (unanswered, requests, too_many) in [
            (0, 0, false),
            (2, 3, false),
            (3, 3, true),
            (10, 1000, false),
            (11, 1000, true),
        ] {
            let found = too_many_unanswered(unanswered, requests);
            assert_eq!(found, too_many, "{unanswered} of {requests}");
        }
    }

    #[test]
    fn the_rate_says_how_long_the_unanswered_took_to_come() {
        assert_eq!(behind(185, 100.0), Duration::from_millis(1850));
        assert_eq!(behind(1, 0.0), Duration::MAX);
    }
}
