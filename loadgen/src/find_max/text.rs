//! A search for a person: a line for each step, and a sentence at the end.

use std::time::Duration;

use super::report::Report;
use super::search::{Limit, STEPS_MAX};
use super::step::{Miss, Step};
use crate::plan::Slo;
use crate::record::percent;

/// A p99 is worth quoting with ten samples beyond it.
const SUCCESSES_FOR_P99: u64 = 1000;

/// What the columns of [`row`] are.
#[must_use]
pub fn header() -> String {
    format!(
        "{:>12} {:>12} {:>10} {:>8}  objective\n",
        "offered/s", "achieved/s", "p99", "failed"
    )
}

/// One step, a line.
#[must_use]
pub fn row(step: &Step) -> String {
    let p99 = step.p99_ns.map(Duration::from_nanos);
    let p99 = p99.map(|p99| format!("{p99:.1?}"));
    let failed = step.error_share.map(percent);
    let nothing = || "-".to_owned();
    format!(
        "{:>12.1} {:>12.1} {:>10} {:>8}  {}\n",
        step.rate_per_second,
        step.achieved_per_second,
        p99.unwrap_or_else(nothing),
        failed.unwrap_or_else(nothing),
        objective(step),
    )
}

/// What was found, and what stands in the way of more.
#[must_use]
pub fn sentence(report: &Report, slo: &Slo) -> String {
    let url = &report.target.url;
    let missed = report.missed_rate_per_second.map(rate).unwrap_or_default();
    let max = report.max_rate_per_second.map(rate);
    let mut sentence = match (max, report.limited_by) {
        (None, None) => format!("{url}: interrupted before a rate kept {slo}"),
        (None, Some(Limit::Server)) => format!("{url} does not keep {slo}, not even at {missed}/s"),
        (None, Some(limit)) => {
            format!("{url}: no rate kept {slo}; {}", reason(limit, &missed))
        }
        (Some(max), None) => {
            format!("{url}: interrupted; up to then {max}/s was the highest rate that kept {slo}")
        }
        (Some(max), Some(limit)) => {
            format!(
                "{url} keeps {slo} up to {max}/s; {}",
                reason(limit, &missed)
            )
        }
    };
    if let Some(best) = report.best()
        && best.succeeded < SUCCESSES_FOR_P99
    {
        let succeeded = best.succeeded;
        sentence += &format!("; the p99 rests on {succeeded} requests, so use a longer --duration");
    }
    sentence
}

fn objective(step: &Step) -> String {
    let Some(limit) = step.limited_by else {
        return "kept".to_owned();
    };
    let missed: Vec<String> = step.missed.iter().map(|miss| part(*miss, step)).collect();
    format!("missed: {} ({})", missed.join(", "), whose(limit))
}

fn part(miss: Miss, step: &Step) -> String {
    match miss {
        Miss::P99 => "p99".to_owned(),
        Miss::ErrorRate => "failures".to_owned(),
        Miss::AchievedRate => format!("{} unanswered", step.unanswered),
        Miss::BackgroundMissing => "connections beside it missing".to_owned(),
    }
}

fn whose(limit: Limit) -> &'static str {
    match limit {
        Limit::Server => "the server",
        Limit::LoadGenerator => "the load generator",
        Limit::InFlight => "no free connection",
        Limit::HighestRate | Limit::Steps => "the search",
    }
}

/// Why not more, `missed` being the rate that was missed.
fn reason(limit: Limit, missed: &str) -> String {
    match limit {
        Limit::Server => format!("at {missed}/s it does not"),
        Limit::LoadGenerator => format!(
            "at {missed}/s the load generator was the limit, not the server: give it more threads \
             or cores, or keep connections (-k)"
        ),
        Limit::InFlight => format!(
            "at {missed}/s all connections were in use, though the server answered in time on \
             each: raise --max-in-flight to see whether it can do more"
        ),
        Limit::HighestRate => "no higher rate can be asked for".to_owned(),
        Limit::Steps => {
            format!("the search ended after {STEPS_MAX} steps: begin nearer to it (--rate)")
        }
    }
}

/// Three or four digits are what the search decides.
fn rate(rate_per_second: f64) -> String {
    match rate_per_second < 100.0 {
        true => format!("{rate_per_second:.1}"),
        false => format!("{rate_per_second:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{self, Command};
    use crate::find_max::search::{Search, Verdict};
    use crate::record::sample::sample;

    const SLO: Slo = Slo {
        p99: Duration::from_millis(50),
        error_share: 0.01,
    };

    fn step(rate_per_second: f64, limited_by: Option<Limit>) -> Step {
        Step {
            rate_per_second,
            achieved_per_second: rate_per_second * 0.9,
            requests: 5_000,
            succeeded: 5_000,
            p99_ns: Some(51_240_000),
            error_share: Some(0.0),
            unanswered: 400,
            met: limited_by.is_none(),
            missed: limited_by.map_or(vec![], |_| vec![Miss::P99, Miss::AchievedRate]),
            limited_by,
        }
    }

    /// Of a search from 100/s with these verdicts.
    fn report(verdicts: &[Verdict]) -> Report {
        let flags = "loadgen --find-max --slo p99=50ms http://127.0.0.1:1/";
        let argv: Vec<OsString> = flags.split(' ').map(OsString::from).collect();
        let Ok(Command::Run(args)) = cli::parse(&argv) else {
            panic!("{flags}");
        };
        let (plan, _) = args.into_plan().unwrap();
        let mut search = Search::new(100.0, 2.0);
        let mut report = Report::new(&plan, &SLO, &sample());
        for &verdict in verdicts {
            let limited_by = match verdict {
                Verdict::Kept => None,
                Verdict::Missed(limit) => Some(limit),
            };
            let rate = search.next_per_second().unwrap();
            report.steps.push(step(rate, limited_by));
            search.learn(verdict);
        }
        report.conclude(&search)
    }

    /// The sentence without the URL.
    fn said(verdicts: &[Verdict]) -> String {
        let sentence = sentence(&report(verdicts), &SLO);
        let (_, said) = sentence
            .split_once("/ ")
            .unwrap_or_else(|| sentence.split_once("/: ").expect("a URL before it"));
        said.to_owned()
    }

    const KEPT: Verdict = Verdict::Kept;
    const MISSED: Verdict = Verdict::Missed(Limit::Server);

    /// 100 is kept, 200 is not, nor 141, 119, 109 and 104.
    fn closing_in(limit: Limit) -> Vec<Verdict> {
        let missed = [Verdict::Missed(limit); 10];
        [&[KEPT][..], &missed].concat()
    }

    #[test]
    fn the_columns_of_a_step_stand_under_their_names() {
        assert_eq!(
            header() + &row(&step(100.0, None)) + &row(&step(1414.0, Some(Limit::Server))),
            "   offered/s   achieved/s        p99   failed  objective\n\
             \u{20}      100.0         90.0     51.2ms      0 %  kept\n\
             \u{20}     1414.0       1272.6     51.2ms      0 %  missed: p99, 400 unanswered (the server)\n"
        );
        let nothing = Step {
            p99_ns: None,
            error_share: None,
            ..step(1.0, Some(Limit::LoadGenerator))
        };
        let nothing = row(&nothing);
        assert!(nothing.contains("         -        -  missed"), "{nothing}");
    }

    #[test]
    fn a_sentence_says_what_was_found_and_what_stands_in_the_way_of_more() {
        let found = "keeps p99=50ms,error-rate=1% up to 100/s; at 104/s ";
        for (limit, words) in [
            (Limit::Server, "it does not"),
            (Limit::LoadGenerator, "the load generator was the limit"),
            (Limit::InFlight, "all connections were in use"),
        ] {
            let said = said(&closing_in(limit));
            assert!(said.starts_with(&format!("{found}{words}")), "{said}");
        }
        let none = said(&[MISSED; 4]);
        assert_eq!(
            none,
            "does not keep p99=50ms,error-rate=1%, not even at 2.0/s"
        );
        let unknown = said(&[Verdict::Missed(Limit::LoadGenerator); 4]);
        assert!(unknown.starts_with("no rate kept p99=50ms"), "{unknown}");
    }

    #[test]
    fn what_was_found_before_an_interrupt_is_said_to_be_so() {
        let nothing = said(&[MISSED]);
        assert_eq!(
            nothing,
            "interrupted before a rate kept p99=50ms,error-rate=1%"
        );
        let something = said(&[KEPT, KEPT, MISSED]);
        assert!(
            something.starts_with("interrupted; up to then 200/s was the highest"),
            "{something}"
        );
    }

    #[test]
    fn a_p99_of_few_requests_is_said_to_be_one() {
        let mut report = report(&closing_in(Limit::Server));
        assert!(!sentence(&report, &SLO).contains("rests on"));
        report.steps[0].succeeded = 999;
        let said = sentence(&report, &SLO);
        assert!(said.contains("the p99 rests on 999 requests"), "{said}");
    }
}
