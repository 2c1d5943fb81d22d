//! One shard's part of a plan.

use crate::plan::{Arrival, Background, Load, Plan, Schedule, Shard, Stop, portion};

/// What of `whole`, which has a connection for each shard, is `shard`'s: its share of them, and in
/// closed loop as many requests for each of them as the other shards have for theirs, or one would
/// still be at it when the others have ended. A schedule stays whole, and the shard takes its
/// arrivals.
///
/// # Errors
///
/// One line that names the flag of what is too little to be divided, and the next step.
pub fn divide(whole: Plan, shard: Shard) -> Result<Plan, String> {
    let connections = shard.share(whole.load.connections as u64) as usize;
    check(&whole, shard.of)?;
    Ok(Plan {
        load: Load {
            connections,
            threads: whole.load.threads.min(connections),
            ..whole.load
        },
        stop: Stop {
            requests: whole
                .stop
                .requests
                .map(|requests| match whole.load.arrival {
                    Arrival::Open(_) => requests,
                    Arrival::Closed => by_connections(requests, whole.load.connections, shard),
                }),
            ..whole.stop
        },
        background: Background {
            idle: shard.share(whole.background.idle as u64) as usize,
            slow_readers: shard.share(whole.background.slow_readers as u64) as usize,
            ..whole.background
        },
        shard: Some(shard),
        ..whole
    })
}

/// Whether there is something for each of `shards` to do, of which none is without a connection.
fn check(whole: &Plan, shards: u64) -> Result<(), String> {
    // In closed loop there are as many as connections.
    if let Some(requests) = whole.stop.requests
        && requests < shards
    {
        return Err(format!(
            "-n {requests} cannot be divided among {shards} shards; raise -n to {shards} or more, \
             or use fewer shards"
        ));
    }
    let arrivals = whole.load.schedule().and_then(|it| in_all(it, whole.stop));
    match arrivals {
        Some(arrivals) if arrivals < shards as f64 => Err(format!(
            "--rate makes {arrivals:.1} requests in all, which cannot be divided among {shards} \
             shards; raise --rate or --duration, or use fewer shards"
        )),
        _ => Ok(()),
    }
}

/// Requests of the measured part that `schedule` makes, if time ends the run.
fn in_all(schedule: &Schedule, stop: Stop) -> Option<f64> {
    let rate = schedule.rate;
    let mean_per_second = (rate.from_per_second + rate.to_per_second) / 2.0;
    Some(mean_per_second * stop.duration?.as_secs_f64())
}

/// The part of `requests` that is in proportion to the shard's part of `connections`, cumulated, so
/// that the parts add up.
fn by_connections(requests: u64, connections: usize, shard: Shard) -> u64 {
    let connections = connections as u64;
    let first = shard.before(connections);
    let up_to = |place| portion(requests, place, connections);
    up_to(first + shard.share(connections)) - up_to(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli;

    fn shards(words: &str, of: u64) -> Result<Vec<Plan>, String> {
        let whole = cli::plan_of(&format!("{words} http://127.0.0.1:1/"))?;
        let shards = (0..of).map(|index| divide(whole.clone(), Shard { index, of }));
        shards.collect()
    }

    fn sum(plans: &[Plan], count: impl Fn(&Plan) -> usize) -> usize {
        plans.iter().map(count).sum()
    }

    #[test]
    fn connections_and_those_beside_the_load_are_divided() {
        let flags = "-c 10 -n 100 --threads 8 --idle-connections 3 --slow-readers 9";
        let plans = shards(flags, 4).unwrap();
        let each = |count: fn(&Plan) -> usize| plans.iter().map(count).collect::<Vec<_>>();
        assert_eq!(each(|plan| plan.load.connections), [2, 3, 2, 3]);
        assert_eq!(each(|plan| plan.load.threads), [2, 3, 2, 3]);
        assert_eq!(each(|plan| plan.background.idle), [0, 1, 1, 1]);
        assert_eq!(each(|plan| plan.background.slow_readers), [2, 2, 2, 3]);
        assert_eq!(
            each(|plan| plan.stop.requests.unwrap() as usize),
            [20, 30, 20, 30]
        );
    }

    #[test]
    fn a_schedule_stays_whole() {
        for plan in shards("--rate 100 -n 10 -c 8", 4).unwrap() {
            let schedule = plan.load.schedule().unwrap();
            assert_eq!(schedule.rate.from_per_second, 100.0);
            assert_eq!(plan.stop.requests, Some(10));
            assert_eq!(plan.load.connections, 2);
        }
    }

    #[test]
    fn what_cannot_be_divided_is_named_with_the_flag_to_raise() {
        for (flags, words) in [
            (
                "--rate 10 -n 3",
                "-n 3 cannot be divided among 4 shards; raise -n to 4",
            ),
            ("--rate 1 --duration 2s", "--rate makes 2.0 requests in all"),
            ("--rate 0..4 --duration 1s", "raise --rate or --duration"),
        ] {
            let error = shards(flags, 4).unwrap_err();
            assert!(
                error.contains(words) && !error.contains('\n'),
                "{flags}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn shares_add_up_and_each_connection_has_the_same_work(
            of in 1_u64..20,
            more_connections in 0_u64..50,
            more_requests in 0_u64..10_000,
        ) {
            let connections = of + more_connections;
            let requests = connections + more_requests;
            let plans = shards(&format!("-c {connections} -n {requests}"), of).unwrap();
            prop_assert_eq!(sum(&plans, |plan| plan.load.connections) as u64, connections);
            prop_assert_eq!(sum(&plans, |plan| plan.stop.requests.unwrap() as usize) as u64, requests);
            for plan in plans {
                let own = plan.stop.requests.unwrap() as f64;
                let fair = requests as f64 * plan.load.connections as f64 / connections as f64;
                prop_assert!((own - fair).abs() < 1.0);
                prop_assert!(own >= plan.load.connections as f64);
            }
        }
    }
}
