//! One line about one moment of a run: a pure function, so that it can be looked at in a test.

use std::time::Duration;

use crate::plan::Stop;

/// Widths of the bar, the best that fits; below the last it is left out.
const BAR_WIDTHS: [usize; 3] = [30, 20, 10];

/// Between two parts of a line.
const GAP: &str = "  ";

/// Select graphic rendition (ECMA-48, SGR).
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// How a run is going.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Since the measured part began.
    pub(super) elapsed: Duration,
    /// When it ends.
    pub(super) stop: Stop,
    /// Requests that have ended.
    pub(super) ended: u64,
    /// Those of them that failed.
    pub(super) failed: u64,
    /// Successes, in the last second.
    pub(super) rate_per_second: f64,
    /// Median latency of the last second's successes, if there were any.
    pub(super) p50: Option<Duration>,
    /// Their 99th percentile.
    pub(super) p99: Option<Duration>,
}

/// What the line is written on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// Columns, where a line must not be longer, and a bar makes sense.
    pub(super) width: Option<usize>,
    /// Whether failures are red.
    pub(super) colour: bool,
}

/// The moment in a line, with as many of its parts as there is room for.
pub(super) fn line(moment: &Moment, look: Look) -> String {
    let failed = format!("{} failed", moment.failed);
    let parts = [clock(moment), rate(moment), failed.clone(), times(moment)];
    // A line that fills the last column makes some terminals begin another.
    let room = look
        .width
        .map_or(usize::MAX, |width| width.saturating_sub(1));
    let line = layouts(moment, look, &parts)
        .find(|line| line.chars().count() <= room)
        .unwrap_or_else(|| parts[0].chars().take(room).collect());
    match look.colour && moment.failed > 0 {
        true => line.replace(&failed, &format!("{RED}{failed}{PLAIN}")),
        false => line,
    }
}

/// The ways to arrange the parts, the best first: the bar gets shorter and goes, then the others
/// go from the last on.
fn layouts(moment: &Moment, look: Look, parts: &[String]) -> impl Iterator<Item = String> {
    let share = look.width.and_then(|_| done_share(moment));
    let bars = BAR_WIDTHS.into_iter();
    let with_bar = bars.filter_map(move |width| {
        let bar = bar(share?, width);
        Some([&parts[..1], &[bar], &parts[1..]].concat().join(GAP))
    });
    let without = (1..=parts.len())
        .rev()
        .map(|count| parts[..count].join(GAP));
    with_bar.chain(without)
}

/// How much of the run is done, 0 to 1, if it has an end that can be foreseen.
fn done_share(moment: &Moment) -> Option<f64> {
    let stop = &moment.stop;
    let of_time = stop
        .duration
        .map(|duration| moment.elapsed.as_secs_f64() / duration.as_secs_f64());
    let of_requests = stop
        .requests
        .map(|requests| moment.ended as f64 / requests as f64);
    // Whichever comes first ends the run.
    let shares = of_time.into_iter().chain(of_requests);
    shares.reduce(f64::max).map(|share| share.min(1.0))
}

fn bar(share: f64, width: usize) -> String {
    let full = (share * width as f64) as usize;
    let (full, empty) = ("█".repeat(full), "░".repeat(width - full));
    format!("{full}{empty} {:>3.0} %", share * 100.0)
}

fn clock(moment: &Moment) -> String {
    let elapsed_s = moment.elapsed.as_secs();
    match moment.stop.duration {
        Some(duration) => {
            let duration_s = duration.as_secs_f64().to_string();
            format!(
                "{elapsed_s:>width$}/{duration_s} s",
                width = duration_s.len()
            )
        }
        None => format!("{elapsed_s:>3} s"),
    }
}

fn rate(moment: &Moment) -> String {
    format!("{:>7.0} req/s", moment.rate_per_second)
}

fn times(moment: &Moment) -> String {
    let time = |time: Option<Duration>| match time {
        Some(time) => format!("{time:.1?}"),
        None => "-".to_owned(),
    };
    format!("p50 {:>7}  p99 {:>7}", time(moment.p50), time(moment.p99))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment() -> Moment {
        Moment {
            elapsed: Duration::from_millis(12_034),
            stop: Stop {
                requests: None,
                duration: Some(Duration::from_secs(30)),
            },
            ended: 577_481,
            failed: 0,
            rate_per_second: 48_123.4,
            p50: Some(Duration::from_micros(1_280)),
            p99: Some(Duration::from_micros(14_912)),
        }
    }

    fn on(width: usize) -> Look {
        Look {
            width: Some(width),
            colour: true,
        }
    }

    #[test]
    fn the_line_has_what_there_is_room_for() {
        let lines: String = (10..=120)
            .step_by(10)
            .map(|width| format!("{width:>3}|{}\n", line(&moment(), on(width))))
            .collect();
        assert_eq!(lines, include_str!("../golden/live.txt"));
    }

    #[test]
    fn failures_are_red_where_there_are_colours() {
        let failing = Moment {
            failed: 17,
            ..moment()
        };
        let red = line(&failing, on(80));
        assert!(red.contains("  \x1b[31m17 failed\x1b[0m  "), "{red}");
        let plain = Look {
            colour: false,
            ..on(80)
        };
        assert!(!line(&failing, plain).contains('\x1b'));
        assert!(!line(&moment(), on(80)).contains('\x1b'));
    }

    #[test]
    fn a_log_has_neither_bar_nor_colour() {
        let failing = Moment {
            failed: 17,
            ..moment()
        };
        assert_eq!(
            line(&failing, Look::default()),
            "12/30 s    48123 req/s  17 failed  p50   1.3ms  p99  14.9ms"
        );
    }

    #[test]
    fn a_second_without_an_answer_has_no_times() {
        let silent = Moment {
            stop: Stop {
                requests: Some(1_000_000),
                duration: None,
            },
            rate_per_second: 0.0,
            p50: None,
            p99: None,
            ..moment()
        };
        assert_eq!(
            line(&silent, Look::default()),
            " 12 s        0 req/s  0 failed  p50       -  p99       -"
        );
    }

    #[test]
    fn the_bar_is_of_whichever_ends_the_run_first() {
        let share = |requests, duration_s| {
            let duration = Duration::from_secs(duration_s);
            let stop = Stop {
                requests: Some(requests),
                duration: Some(duration),
            };
            done_share(&Moment { stop, ..moment() }).unwrap()
        };
        assert!((share(1_154_962, 1000) - 0.5).abs() < 1e-9);
        assert!((share(u64::MAX, 24) - 0.5).abs() < 0.01);
        assert!((share(1, 1) - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_line_fills_its_terminal(
            width in 0_usize..200,
            elapsed_ms in 0_u64..100_000_000,
            ended in any::<u64>(),
            rate_per_second in 0.0..1e12,
        ) {
            let moment = Moment {
                elapsed: Duration::from_millis(elapsed_ms),
                ended,
                failed: ended,
                rate_per_second,
                ..moment()
            };
            let plain = Look { width: Some(width), colour: false };
            prop_assert!(line(&moment, plain).chars().count() <= width.saturating_sub(1));
        }
    }
}
