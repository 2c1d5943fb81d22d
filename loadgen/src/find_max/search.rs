//! Which rate to try next: doubling until the objective is missed, then halving the gap.
//!
//! Pure: a verdict goes in, the next rate comes out. Rates that were kept lie below all that were
//! missed, and each step moves one of the two bounds, so the search ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::RATE_MAX_PER_SECOND;

/// The search is over when the lowest rate that was missed is at most this much higher, as a
/// ratio, than the highest that was kept.
const PRECISION: f64 = 1.05;

/// Steps at most, repeated ones included. From one request a second to the highest rate it takes
/// 25, and 10 more to close in if each of them is doubted; a search that needs more began very
/// low.
pub const STEPS_MAX: usize = 64;

/// What became of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The objective was kept.
    Kept,
    /// It was not, for this reason.
    Missed(Limit),
}

/// What stands in the way of a higher rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The server, with all that lies between it and the load generator.
    Server,
    /// The load generator: it was saturated, had no port or file descriptor
    /// left, or started requests so late that this alone can explain the miss.
    /// The server may be able to do more.
    LoadGenerator,
    /// All connections were in use, and each request was answered in time once
    /// it had one. With more connections the server may be able to do more.
    InFlight,
    /// Nothing: the highest rate that can be asked for was kept.
    HighestRate,
    /// The number of steps that a search may take.
    Steps,
}

/// A search for the highest rate that keeps an objective.
#[derive(Clone, Debug)]
pub struct Search {
    start_per_second: f64,
    lowest_per_second: f64,
    /// The highest rate that was kept.
    kept_per_second: Option<f64>,
    /// The lowest that was missed, and why.
    missed: Option<(f64, Limit)>,
    /// A rate that was missed once, which may be chance.
    doubted: Option<(f64, Limit)>,
    steps: usize,
}

impl Search {
    /// A search that begins at one rate and goes no lower than another, which is at most as high.
    #[must_use]
    pub fn new(start_per_second: f64, lowest_per_second: f64) -> Self {
        Self {
            start_per_second,
            lowest_per_second: lowest_per_second.min(start_per_second),
            kept_per_second: None,
            missed: None,
            doubted: None,
            steps: 0,
        }
    }

    /// The rate to try; `None` when the search is over.
    #[must_use]
    pub fn next_per_second(&self) -> Option<f64> {
        if self.steps == STEPS_MAX {
            return None;
        }
        if let Some((doubted, _)) = self.doubted {
            return Some(doubted);
        }
        match (self.kept_per_second, self.missed) {
            (None, None) => Some(self.start_per_second),
            (Some(kept), None) if kept < RATE_MAX_PER_SECOND => {
                Some((kept * 2.0).min(RATE_MAX_PER_SECOND))
            }
            (Some(_), None) => None,
            // If the lowest is missed too, no rate will do, and that should not take long to find.
            (None, Some((missed, _))) => {
                (missed > self.lowest_per_second).then_some(self.lowest_per_second)
            }
            (Some(kept), Some((missed, _))) => {
                (missed / kept > PRECISION).then(|| between(kept, missed))
            }
        }
    }

    /// What became of [`Self::next_per_second`]. A rate that is missed is tried once more before
    /// that is believed.
    pub fn learn(&mut self, verdict: Verdict) {
        let Some(tried) = self.next_per_second() else {
            return;
        };
        self.steps += 1;
        let doubted = self.doubted.take();
        match (verdict, doubted) {
            (Verdict::Kept, _) => self.kept_per_second = Some(tried),
            (Verdict::Missed(limit), None) => self.doubted = Some((tried, limit)),
            (Verdict::Missed(again), Some((_, first))) => {
                self.missed = Some((tried, clearer(first, again)));
            }
        }
    }

    /// The highest rate that was kept so far.
    #[must_use]
    pub fn max_per_second(&self) -> Option<f64> {
        self.kept_per_second
    }

    /// The lowest rate that was missed so far.
    #[must_use]
    pub fn missed_per_second(&self) -> Option<f64> {
        self.missed.map(|(missed, _)| missed)
    }

    /// Why there is no higher rate; `None` while the search is not over.
    #[must_use]
    pub fn limited_by(&self) -> Option<Limit> {
        if self.next_per_second().is_some() {
            return None;
        }
        Some(match (self.kept_per_second, self.missed) {
            _ if self.doubted.is_some() => Limit::Steps,
            (Some(kept), Some((missed, _))) if missed / kept > PRECISION => Limit::Steps,
            (_, Some((_, limit))) => limit,
            (Some(kept), None) if kept >= RATE_MAX_PER_SECOND => Limit::HighestRate,
            (_, None) => Limit::Steps,
        })
    }
}

/// The rate as many times above `kept` as below `missed`, since precision is a ratio; rounded to
/// three digits, which moves it by half a percent at most.
fn between(kept: f64, missed: f64) -> f64 {
    let middle = (kept * missed).sqrt();
    format!("{middle:.2e}").parse().unwrap_or(middle)
}

/// Of two reasons for which a rate was missed: the server, if it missed it once while the load
/// generator kept up.
fn clearer(first: Limit, again: Limit) -> Limit {
    match first {
        Limit::Server => first,
        _ => again,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MISSED: Verdict = Verdict::Missed(Limit::Server);

    /// Searches to the end; which rates were tried.
    fn search(search: &mut Search, mut server: impl FnMut(f64) -> Verdict) -> Vec<f64> {
        let mut tried = Vec::new();
        while let Some(rate) = search.next_per_second() {
            tried.push(rate);
            search.learn(server(rate));
        }
        tried
    }

    fn up_to(capacity: f64) -> impl FnMut(f64) -> Verdict {
        move |rate| match rate <= capacity {
            true => Verdict::Kept,
            false => MISSED,
        }
    }

    #[test]
    fn it_doubles_and_then_closes_in_and_tries_twice_what_is_missed() {
        let mut from_100 = Search::new(100.0, 2.0);
        let tried = search(&mut from_100, up_to(300.0));
        let expected = [
            100.0, 200.0, 400.0, 400.0, 283.0, 336.0, 336.0, 308.0, 308.0, 295.0,
        ];
        assert_eq!(tried, expected);
        assert_eq!(from_100.max_per_second(), Some(295.0));
        assert_eq!(from_100.missed_per_second(), Some(308.0));
        assert_eq!(from_100.limited_by(), Some(Limit::Server));
    }

    #[test]
    fn a_start_that_is_too_high_leads_to_the_lowest_rate() {
        let mut from_100 = Search::new(100.0, 50.0);
        let tried = search(&mut from_100, up_to(60.0));
        assert_eq!(tried[..3], [100.0, 100.0, 50.0]);
        assert_eq!(from_100.max_per_second(), Some(59.5));
    }

    #[test]
    fn an_objective_that_no_rate_keeps_is_found_out_in_four_steps() {
        let mut never = Search::new(100.0, 2.0);
        let tried = search(&mut never, |_| MISSED);
        assert_eq!(tried, [100.0, 100.0, 2.0, 2.0]);
        assert_eq!(never.max_per_second(), None);
        assert_eq!(never.limited_by(), Some(Limit::Server));
    }

    #[test]
    fn a_rate_that_is_missed_by_chance_is_kept_when_it_is_tried_again() {
        let mut noisy = Search::new(100.0, 2.0);
        let mut tries = 0;
        let tried = search(&mut noisy, |rate| {
            tries += 1;
            match tries {
                2 => MISSED,
                _ => up_to(200.0)(rate),
            }
        });
        assert_eq!(tried[..4], [100.0, 200.0, 200.0, 400.0]);
        assert_eq!(noisy.max_per_second(), Some(200.0));
    }

    #[test]
    fn a_server_without_a_limit_ends_at_the_highest_rate_there_is() {
        let mut endless = Search::new(100.0, 2.0);
        let tried = search(&mut endless, |_| Verdict::Kept);
        assert_eq!(tried.last(), Some(&RATE_MAX_PER_SECOND));
        assert_eq!(endless.max_per_second(), Some(RATE_MAX_PER_SECOND));
        assert_eq!(endless.limited_by(), Some(Limit::HighestRate));
    }

    #[test]
    fn a_search_that_begins_next_to_nothing_ends_with_its_steps() {
        let mut slow = Search::new(1e-30, 1e-30);
        let tried = search(&mut slow, |_| Verdict::Kept);
        assert_eq!(tried.len(), STEPS_MAX);
        assert_eq!(slow.limited_by(), Some(Limit::Steps));
    }

    #[test]
    fn the_server_is_the_limit_if_it_was_once_while_the_load_generator_kept_up() {
        let limited_by = |first, again| {
            let mut search = Search::new(100.0, 100.0);
            search.learn(Verdict::Missed(first));
            assert_eq!(search.limited_by(), None);
            search.learn(Verdict::Missed(again));
            search.limited_by()
        };
        let (server, generator) = (Limit::Server, Limit::LoadGenerator);
        assert_eq!(limited_by(server, generator), Some(server));
        assert_eq!(limited_by(generator, server), Some(server));
        assert_eq!(limited_by(generator, generator), Some(generator));
    }

    proptest! {
        #[test]
        fn what_is_found_is_the_capacity_or_up_to_5_percent_less(
            capacity in 2.0_f64..9e6,
            start in 2.0_f64..9e6,
        ) {
            let mut one = Search::new(start, 2.0);
            let tried = search(&mut one, up_to(capacity));
            let found = one.max_per_second().unwrap();
            prop_assert!(found <= capacity && capacity < found * PRECISION, "{found}");
            prop_assert!(tried.len() < STEPS_MAX, "{} steps", tried.len());
            prop_assert_eq!(one.limited_by(), Some(Limit::Server));
        }

        #[test]
        fn a_server_that_can_do_more_is_never_found_to_do_less(
            capacity in 1.0_f64..1e6,
            more in 1.0_f64..3.0,
            start in 1.0_f64..1e6,
        ) {
            let found = |capacity| {
                let mut one = Search::new(start, 1.0);
                search(&mut one, up_to(capacity));
                one.max_per_second()
            };
            prop_assert!(found(capacity) <= found(capacity * more));
        }

        #[test]
        fn whatever_the_verdicts_it_ends_and_what_it_found_was_kept(
            start in 1e-3_f64..1e7,
            verdicts in prop::collection::vec(any::<bool>(), STEPS_MAX),
        ) {
            let mut noisy = Search::new(start, 2.0);
            let mut verdicts = verdicts.into_iter();
            let mut kept = Vec::new();
            let tried = search(&mut noisy, |rate| match verdicts.next() {
                Some(true) => {
                    kept.push(rate);
                    Verdict::Kept
                }
                Some(false) => MISSED,
                None => panic!("more than {STEPS_MAX} steps"),
            });
            prop_assert!(tried.iter().all(|rate| (1e-3..=RATE_MAX_PER_SECOND).contains(rate)));
            let best = kept.into_iter().reduce(f64::max);
            prop_assert_eq!(noisy.max_per_second(), best);
            if let (Some(max), Some(missed)) = (noisy.max_per_second(), noisy.missed_per_second()) {
                prop_assert!(max < missed);
            }
            prop_assert!(noisy.limited_by().is_some());
        }
    }
}
