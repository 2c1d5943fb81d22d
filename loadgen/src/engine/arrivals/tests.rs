//! The workers' arrivals together, held against the schedule.

use std::iter::from_fn;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::plan::{Rate, Schedule, Shard, Spacing};

mod users;

const NS_PER_S: f64 = 1e9;

/// A schedule and what ends it.
#[derive(Clone, Copy, Debug)]
struct Run {
    from: f64,
    to: f64,
    spacing: Spacing,
    warmup_s: f64,
    duration_s: Option<f64>,
    requests: Option<u64>,
}

const RUN: Run = Run {
    from: 1000.0,
    to: 1000.0,
    spacing: Spacing::Constant,
    warmup_s: 0.0,
    duration_s: None,
    requests: None,
};

impl Arrivals {
    /// So many of one worker, evenly spread, for tests of those who take them.
    pub(in crate::engine) fn at_rate(per_second: f64, requests: u64) -> Self {
        let run = Run {
            from: per_second,
            to: per_second,
            requests: Some(requests),
            ..RUN
        };
        run.worker(0, 1)
    }
}

impl Run {
    fn curve(&self) -> Curve {
        let schedule = Schedule {
            rate: Rate {
                from_per_second: self.from,
                to_per_second: self.to,
            },
            spacing: self.spacing,
            spin: false,
        };
        schedule.curve(
            Duration::from_secs_f64(self.warmup_s),
            self.duration_s.map(Duration::from_secs_f64),
        )
    }

    fn timetable(&self) -> Timetable {
        Timetable {
            curve: self.curve(),
            requests: self.requests,
            replaced: 0,
        }
    }

    fn worker(&self, index: u64, workers: u64) -> Arrivals {
        self.worker_of(Shard::ALL, index, workers)
    }

    fn worker_of(&self, shard: Shard, index: u64, workers: u64) -> Arrivals {
        let first = Cursor::first(self.spacing);
        Arrivals::dealt(self.timetable(), first, shard, (index, workers))
    }

    /// The starts of the `workers` workers of `shard`, in no order.
    fn starts_of_shard(&self, shard: Shard, workers: u64) -> Vec<u64> {
        let workers = (0..workers).map(|index| self.worker_of(shard, index, workers));
        workers
            .flat_map(|mut worker| from_fn(move || worker.pop_due(u64::MAX)))
            .collect()
    }

    fn starts_of(&self, index: u64, workers: u64) -> Vec<u64> {
        let mut worker = self.worker(index, workers);
        from_fn(|| worker.pop_due(u64::MAX)).collect()
    }

    /// The starts of all workers, in order.
    fn merged(&self, workers: u64) -> Vec<u64> {
        let mut starts: Vec<u64> = (0..workers)
            .flat_map(|index| self.starts_of(index, workers))
            .collect();
        starts.sort_unstable();
        starts
    }
}

fn spacing() -> impl Strategy<Value = Spacing> {
    prop_oneof![
        Just(Spacing::Constant),
        any::<u64>().prop_map(|seed| Spacing::Poisson { seed }),
    ]
}

/// Runs of some thousand requests at most, with and without ramp, warm-up and count.
fn run() -> impl Strategy<Value = Run> {
    let rate = prop_oneof![Just(0.0), 0.0_f64..2000.0];
    let ends = (0.0_f64..1.0, 0.01_f64..2.0, prop::option::of(1_u64..3000));
    (rate.clone(), rate, spacing(), ends)
        .prop_filter("some rate", |(from, to, ..)| from + to > 0.0)
        .prop_map(
            |(from, to, spacing, (warmup_s, duration_s, requests))| Run {
                from,
                to,
                spacing,
                warmup_s,
                duration_s: Some(duration_s),
                requests,
            },
        )
}

/// Workers of up to eight shards.
fn workers_of_shards() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(1_u64..5, 1..9)
}

proptest! {
    #[test]
    fn all_shards_together_are_the_schedule(run in run(), workers in workers_of_shards()) {
        let of = workers.len() as u64;
        let shards = (0..of).map(|index| Shard { index, of }).zip(workers);
        let mut starts: Vec<u64> = shards
            .flat_map(|(shard, workers)| run.starts_of_shard(shard, workers))
            .collect();
        starts.sort_unstable();
        prop_assert_eq!(starts, run.merged(1));
    }

    #[test]
    fn shards_alternate(run in run(), workers in 1_u64..5, of in 1_u64..9, index in 0_u64..9) {
        let shard = Shard { index: index % of, of };
        let mut starts = run.starts_of_shard(shard, workers);
        starts.sort_unstable();
        let all = run.merged(1).into_iter();
        let own: Vec<u64> = all.skip(shard.index as usize).step_by(of as usize).collect();
        prop_assert_eq!(starts, own);
    }

    #[test]
    fn a_shard_knows_how_many_of_the_requests_are_its_own(
        run in run(),
        requests in 1_u64..2000,
        of in 1_u64..9,
        index in 0_u64..9,
    ) {
        let rate = run.from.max(1.0);
        let run = Run { from: rate, to: rate, duration_s: None, requests: Some(requests), ..run };
        let shard = Shard { index: index % of, of };
        let in_warmup = run.merged(1).len() as u64 - requests;
        let of_warmup = (0..in_warmup).filter(|arrival| arrival % of == shard.index).count();
        let measured = run.starts_of_shard(shard, 1).len() - of_warmup;
        prop_assert_eq!(dealt(&run.curve(), Cursor::first(run.spacing), requests, shard), measured as u64);
    }

    #[test]
    fn all_workers_together_are_the_schedule(run in run(), workers in 1_u64..9) {
        prop_assert_eq!(run.merged(workers), run.merged(1));
    }

    #[test]
    fn each_worker_has_its_starts_in_order_and_its_share(run in run(), workers in 1_u64..9) {
        let all: Vec<_> = (0..workers).map(|index| run.starts_of(index, workers)).collect();
        let shares = || all.iter().map(Vec::len);
        prop_assert!(shares().max().unwrap() - shares().min().unwrap() <= 1);
        for starts in &all {
            prop_assert!(starts.is_sorted());
        }
    }

    #[test]
    fn a_count_is_kept_exactly_and_the_warm_up_is_free(
        run in run(),
        requests in 1_u64..2000,
        workers in 1_u64..9,
    ) {
        let run = Run { to: run.from.max(1.0), from: run.from.max(1.0), duration_s: None, requests: Some(requests), ..run };
        let starts = run.merged(workers);
        let warmup_ns = run.warmup_s * NS_PER_S;
        let measured = starts.iter().filter(|&&start| start as f64 >= warmup_ns.floor()).count();
        // A start within a nanosecond of the border may be on either side.
        prop_assert!(measured as u64 - requests <= 1, "{measured} for {requests}");
        // Eight standard deviations above the mean, and what a small mean's longer tail needs.
        let mean = run.from * run.warmup_s;
        let warm_up = starts.len() - measured;
        prop_assert!(warm_up as f64 <= mean + 8.0 * mean.sqrt() + 20.0, "{warm_up} for {mean}");
    }

    #[test]
    fn a_ramp_has_the_mean_of_its_rates(
        (from, to) in (0.0_f64..5000.0, 0.0_f64..5000.0),
        duration_s in 0.01_f64..2.0,
        workers in 1_u64..5,
    ) {
        let run = Run { from, to, duration_s: Some(duration_s), ..RUN };
        let expected = (from + to) / 2.0 * duration_s;
        let count = run.merged(workers).len() as f64;
        prop_assert!((count - expected).abs() <= 1.0, "{count} for {expected}");
    }

    #[test]
    fn what_waits_is_what_has_come_due_and_was_not_taken(
        run in run(),
        steps in prop::collection::vec((0_u64..200_000_000, 0_usize..50), 1..30),
    ) {
        let starts = run.starts_of(1, 3);
        let mut worker = run.worker(1, 3);
        let (mut now_ns, mut taken) = (0, 0);
        for (later_ns, take) in steps {
            now_ns += later_ns;
            let due = starts.iter().filter(|&&start| start <= now_ns).count();
            prop_assert_eq!(worker.waiting(now_ns), due.saturating_sub(taken) as u64);
            for _ in 0..take {
                prop_assert_eq!(worker.peek_ns(), starts.get(taken).copied());
                let next = starts.get(taken).copied();
                if next.is_some_and(|start| start > now_ns) {
                    prop_assert_eq!(worker.pop_due(now_ns), None);
                }
                prop_assert_eq!(worker.pop_due(u64::MAX), next);
                taken = (taken + 1).min(starts.len());
            }
        }
    }

    #[test]
    fn what_the_warm_up_leaves_counts_in_place_of_the_last(
        spacing in spacing(),
        requests in 1_u64..500,
        left in 0_u64..20,
        workers in 1_u64..5,
    ) {
        let run = Run { spacing, requests: Some(requests), ..RUN };
        let all = run.starts_of(0, workers);
        let mut worker = run.worker(0, workers);
        worker.begin_measuring(0, left);
        let rest: Vec<u64> = from_fn(|| worker.pop_due(u64::MAX)).collect();
        let expected = all.len().saturating_sub(left as usize);
        prop_assert_eq!(&rest, &all[..expected]);
    }
}

#[test]
fn workers_take_turns() {
    let run = Run {
        requests: Some(6),
        ..RUN
    };
    let ms = |times: [u64; 3]| times.map(|ms| ms * 1_000_000).to_vec();
    assert_eq!(run.starts_of(0, 2), ms([0, 2, 4]));
    assert_eq!(run.starts_of(1, 2), ms([1, 3, 5]));
}

#[test]
fn nothing_starts_when_time_is_up() {
    let run = Run {
        duration_s: Some(0.1),
        ..RUN
    };
    let starts = run.merged(1);
    assert_eq!(starts.len(), 100);
    assert_eq!(starts.last(), Some(&99_000_000));
}

/// Gaps in units of their mean.
fn poisson_gaps(seed: u64) -> Vec<f64> {
    let run = Run {
        spacing: Spacing::Poisson { seed },
        requests: Some(100_000),
        ..RUN
    };
    let starts = run.starts_of(0, 1);
    let gap = |pair: &[u64]| (pair[1] - pair[0]) as f64 / 1e6;
    starts.windows(2).map(gap).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: Vec<f64> = values.iter().map(|value| (value - mean).powi(2)).collect();
    self::mean(&squares)
}

#[test]
fn gaps_of_a_poisson_process_are_exponential() {
    // Four standard errors of 100 000 gaps: 1/√n of the mean, √8/√n of the variance, and of the
    // share above the mean √(e⁻¹(1 − e⁻¹)/n).
    for seed in 0..5 {
        let gaps = poisson_gaps(seed);
        assert!((mean(&gaps) - 1.0).abs() < 0.0127, "{}", mean(&gaps));
        assert!((variance(&gaps) - 1.0).abs() < 0.036, "{}", variance(&gaps));
        let long = gaps.iter().filter(|&&gap| gap > 1.0).count() as f64 / gaps.len() as f64;
        assert!((long - (-1.0_f64).exp()).abs() < 0.0061, "{long}");
    }
    assert_ne!(poisson_gaps(1), poisson_gaps(2));
    assert_eq!(poisson_gaps(1), poisson_gaps(1));
}

/// Variance over mean of the number of arrivals in windows of 20 ms, of which there are 2500 in
/// which 20 arrivals are expected each.
fn dispersion(spacing: Spacing) -> f64 {
    let run = Run {
        spacing,
        duration_s: Some(50.0),
        ..RUN
    };
    let mut counts = vec![0.0; 2500];
    for start in run.merged(4) {
        counts[(start / 20_000_000) as usize] += 1.0;
    }
    variance(&counts) / mean(&counts)
}

#[test]
fn arrivals_of_a_poisson_process_are_as_dispersed_as_they_should_be() {
    for seed in 0..5 {
        let index = dispersion(Spacing::Poisson { seed });
        // Four standard errors, √(2/2500).
        assert!((index - 1.0).abs() < 0.113, "{index}");
    }
    assert!(dispersion(Spacing::Constant) < 0.01);
}
