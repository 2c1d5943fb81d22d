//! wrk's text; the percentiles are there with `--latency`. Its latencies are those of all answers,
//! from the sending; wrk adds samples for requests that a slow answer kept from being sent. Its
//! `requests` are all answers: those of status 400 and above, and those that came after `--timeout`,
//! are among them, while errors in connecting, writing and reading are not.

use super::Trouble;
use super::document::Document;
use super::text::{Line, Lines, bytes, number, time_ns};
use super::told::Told;
use crate::outcome::Cause;
use crate::record::{LatencyFrom, LatencyOf, Percentile};

/// Whether this is wrk's, and not wrk2's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    let is_either = document.has_lines(&["Running ", "Thread Stats"]);
    let is_wrk = is_either && !super::wrk2::recognises(document);
    is_wrk || document.has_lines(&["unable to connect to "])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    Ok(Told {
        latency_from: LatencyFrom::Send,
        ..read_either(&document.lines(), Timeouts::AreAnswers)?
    })
}

/// What `timeout` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timeouts {
    /// Answers that came too late.
    AreAnswers,
    /// How often a request was seen to be overdue.
    AreSightings,
}

/// What both tell in the same way.
pub(super) fn read_either(lines: &Lines<'_>, timeouts: Timeouts) -> Result<Told, Trouble> {
    if let Some(line) = lines.get("unable to connect to ") {
        return Err(line.no_run());
    }
    let shape = lines.with(" connections")?;
    let requests = lines.with(" requests in ")?;
    let answers = requests.count(0)?;
    let errors = lines.get("Socket errors:");
    let error = |word: &str| errors.map_or(Ok(0), |line| line.count_after(word));
    let statuses = lines.get("Non-2xx or 3xx responses:");
    let statuses = statuses.map_or(Ok(0), |line| line.count(0))?.min(answers);
    let (overdue, late) = match timeouts {
        Timeouts::AreSightings => (error("timeout")?, 0),
        Timeouts::AreAnswers => {
            let late = error("timeout")?.min(answers - statuses);
            (late, late)
        }
    };
    let latency = lines.get("Latency ").filter(|_| answers > 0);
    let running = lines.at("Running ")?;
    Ok(Told {
        url: running
            .rest
            .split_once("test @ ")
            .map(|(_, url)| url.trim().to_owned()),
        threads: Some(shape.count(0)?),
        connections: Some(shape.count_before("connections")?),
        http_version: Some("1.1".to_owned()),
        duration_s: time_ns(running.word(0)?).map(|ns| ns as f64 / 1e9),
        expect: &["1xx", "2xx", "3xx"],
        elapsed_s: elapsed_s(requests, lines.at("Requests/sec:")?, answers)?,
        succeeded: answers - statuses - late,
        failed: vec![
            (Some(Cause::UnexpectedStatus), statuses),
            (Some(Cause::ReadTimeout), overdue),
            // It does not tell these apart any further.
            (None, error("connect")?),
            (None, error("read")?),
            (None, error("write")?),
        ],
        bytes_received: requests.words().find_map(bytes_read),
        mean_ns: latency.map(mean_ns).transpose()?,
        max_ns: latency.map(|line| line.time_ns(2)).transpose()?,
        percentiles: latency.map_or(Vec::new(), |_| percentiles(lines)),
        latency_of: LatencyOf::Answered,
        ..Told::default()
    })
}

/// Of `290.97us    0.89ms  12.01ms   91.96%`.
fn mean_ns(latency: Line<'_>) -> Result<f64, Trouble> {
    Ok(latency.time_ns(0)? as f64)
}

/// `294370 requests in 2.10s, 42.39MB read`: only the size ends in a B.
fn bytes_read(word: &str) -> Option<u64> {
    bytes(word).filter(|_| word.ends_with('B'))
}

/// The rate has more digits than the time.
fn elapsed_s(requests: Line<'_>, rate: Line<'_>, answers: u64) -> Result<f64, Trouble> {
    let per_second = rate.number(0)?;
    match per_second > 0.0 && answers > 0 {
        true => Ok(answers as f64 / per_second),
        false => Ok(requests.time_ns(3)? as f64 / 1e9),
    }
}

/// `99%    4.36ms`, `99.900%   12.30ms`, up to where wrk2 begins to list them all.
fn percentiles(lines: &Lines<'_>) -> Vec<Percentile> {
    let is_end = |line: &Line<'_>| {
        line.rest.starts_with("Detailed Percentile") || line.rest.contains("Uncorrected Latency")
    };
    let told = lines
        .all()
        .take_while(|line| !is_end(line))
        .filter_map(|line| {
            let [percentile, time] = line.words().collect::<Vec<_>>().try_into().ok()?;
            let percentile = number(percentile.strip_suffix('%')?)?;
            let ns = time_ns(time)?;
            (percentile <= 100.0).then_some(Percentile { percentile, ns })
        });
    told.collect()
}
