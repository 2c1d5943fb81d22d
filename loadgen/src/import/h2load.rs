//! h2load's text; it writes no JSON. Its latencies are those of all answers, from the sending.
//! `failed` has `errored` in it, and that `timeout`; with `-n` so have requests that were never sent
//! because their connection broke. To it 2xx and 3xx are successes. It tells percentiles only in
//! versions whose columns name them.

use super::Trouble;
use super::document::Document;
use super::text::{Line, Lines, number, time_ns};
use super::told::Told;
use crate::outcome::Cause;
use crate::record::{LatencyFrom, LatencyOf, Percentile};

/// Whether this is h2load's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    document.has_lines(&["finished in", "status codes:", "time for request:"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    let lines = document.lines();
    let requests = lines.at("requests:")?;
    let [started, succeeded, failed, errored, timeouts, done] = [
        "started",
        "succeeded",
        "failed",
        "errored",
        "timeout",
        "done",
    ]
    .map(|word| requests.count_before(word));
    let (succeeded, failed) = (succeeded?, failed?);
    let errored = errored?.min(failed);
    let timeouts = timeouts?.min(errored);
    let traffic = lines.at("traffic:")?;
    let times = Times::of(&lines)?;
    let is_answered = succeeded > 0;
    Ok(Told {
        http_version: lines.get("Application protocol:").and_then(http_version),
        // The number of its clients stands in a line for each thread.
        connections: Some(sum(&lines, "total client(s)")?),
        threads: Some(lines.all().filter(|line| is_spawning(*line)).count() as u64),
        expect: &["2xx", "3xx"],
        elapsed_s: elapsed_s(lines.at("finished in")?, done?)?,
        succeeded,
        cancelled: started?.saturating_sub(succeeded + failed),
        failed: vec![
            (Some(Cause::UnexpectedStatus), failed - errored),
            (Some(Cause::ReadTimeout), timeouts),
            (None, errored - timeouts),
        ],
        bytes_received: Some(traffic.count_in_brackets(0)?),
        bytes_received_body: Some(traffic.count_in_brackets(2)?),
        min_ns: times.get("min").filter(|_| is_answered),
        mean_ns: times
            .get("mean")
            .filter(|_| is_answered)
            .map(|ns| ns as f64),
        max_ns: times.get("max").filter(|_| is_answered),
        percentiles: if is_answered {
            times.percentiles()
        } else {
            Vec::new()
        },
        latency_from: LatencyFrom::Send,
        latency_of: LatencyOf::Answered,
        ..Told::default()
    })
}

fn is_spawning(line: Line<'_>) -> bool {
    line.rest.starts_with("spawning thread #")
}

fn sum(lines: &Lines<'_>, words: &'static str) -> Result<u64, Trouble> {
    let spawned: Vec<_> = lines.all().filter(|line| is_spawning(*line)).collect();
    if spawned.is_empty() {
        return Err(Trouble::NoLine("spawning thread"));
    }
    // `spawning thread #0: 8 total client(s). 2000 total requests`
    let clients = spawned
        .into_iter()
        .map(|line| match line.rest.contains(words) {
            true => line.count(3),
            false => Err(line.wrong("the number of its clients")),
        });
    clients.sum()
}

fn http_version(line: Line<'_>) -> Option<String> {
    match line.rest {
        "http/1.1" => Some("1.1".to_owned()),
        "h2" | "h2c" => Some("2".to_owned()),
        _ => None,
    }
}

/// `finished in 1.00s, 69839.00 req/s, 10.06MB/s`: the rate, of all that were done, has more digits.
fn elapsed_s(finished: Line<'_>, done: u64) -> Result<f64, Trouble> {
    let rate = finished.number(1)?;
    match rate > 0.0 && done > 0 {
        true => Ok(done as f64 / rate),
        false => Ok(finished.time_ns(0)? as f64 / 1e9),
    }
}

/// The times for a request, under their columns.
struct Times<'a>(Vec<(&'a str, u64)>);

impl<'a> Times<'a> {
    fn of(lines: &Lines<'a>) -> Result<Self, Trouble> {
        let times = lines.at("time for request:")?;
        let header = lines.with("+/- sd")?;
        let columns = header.words().zip(times.words());
        let times = columns.filter_map(|(column, word)| Some((column, time_ns(word)?)));
        Ok(Self(times.collect()))
    }

    fn get(&self, column: &str) -> Option<u64> {
        let found = self.0.iter().find(|(name, _)| *name == column);
        found.map(|(_, ns)| *ns)
    }

    /// `median`, `p95`, `p99`.
    fn percentiles(&self) -> Vec<Percentile> {
        let told = self.0.iter().filter_map(|&(column, ns)| {
            let percentile = match column {
                "median" => 50.0,
                _ => number(column.strip_prefix('p')?)?,
            };
            Some(Percentile { percentile, ns })
        });
        told.collect()
    }
}
