//! ab's text. Times are in whole milliseconds, so that a 0 tells nothing and is left out. Its
//! latencies are those of all that it calls complete, from the opening of the connection if there
//! was one.
//!
//! `Complete requests` are all that ended, most failed ones too, and one that failed may be among
//! `Failed requests` up to three times: one reset by the server as Receive, Length and Exceptions.
//! Answers of a wrong status or length are only told in number. Here a request failed once: those
//! of a wrong length may be those that broke off and those of a wrong status, and are taken for
//! them.

use super::Trouble;
use super::document::Document;
use super::text::{Lines, count, number};
use super::told::{Told, Unit};
use crate::outcome::Cause;
use crate::record::{LatencyFrom, LatencyOf, Percentile};

/// Whether this is ab's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    document.has_lines(&["Complete requests:", "Concurrency Level:"])
        || document.has_lines(&["This is ApacheBench"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    let lines = document.lines();
    let complete = lines.at("Complete requests:")?.count(0)?;
    let failures = Failures::of(&lines, complete)?;
    let software = lines
        .get("Server Software:")
        .map(|line| line.rest.to_owned());
    let kept = lines.get("Keep-Alive requests:");
    let maybe_count = |words: &str| lines.get(words).map(|line| line.count(0)).transpose();
    let total = lines.get("Total:");
    let milliseconds = |index: usize| {
        let told = total.map(|line| line.number(index)).transpose()?;
        Ok(told.filter(|milliseconds| *milliseconds > 0.0))
    };
    let ns = |milliseconds: f64| Unit::Milliseconds.ns(milliseconds);
    Ok(Told {
        version: version(&lines),
        url: url(&lines),
        server_software: software.filter(|software| !software.is_empty()),
        document_bytes: maybe_count("Document Length:")?,
        http_version: Some("1.0".to_owned()),
        keep_alive: Some(kept.is_some()),
        connections: Some(lines.at("Concurrency Level:")?.count(0)?),
        pipeline: Some(1),
        threads: Some(1),
        expect: &["2xx"],
        elapsed_s: elapsed_s(&lines, complete)?,
        succeeded: complete - failures.complete,
        failed: failures.by_cause,
        reused: kept.map(|line| line.count(0)).transpose()?,
        bytes_sent: maybe_count("Total body sent:")?,
        bytes_received: maybe_count("Total transferred:")?,
        bytes_received_body: maybe_count("HTML transferred:")?,
        min_ns: milliseconds(0)?.map(ns),
        mean_ns: milliseconds(1)?.map(|number| Unit::Milliseconds.ns_exactly(number)),
        max_ns: milliseconds(4)?.map(ns),
        percentiles: percentiles(&lines),
        latency_from: LatencyFrom::Start,
        latency_of: LatencyOf::All,
        ..Told::default()
    })
}

/// Requests that failed, each once.
struct Failures {
    /// Those that ab counts among the complete ones.
    complete: u64,
    /// All.
    by_cause: Vec<(Option<Cause>, u64)>,
}

impl Failures {
    fn of(lines: &Lines<'_>, complete: u64) -> Result<Self, Trouble> {
        let kinds = lines.all().find(|line| line.rest.starts_with("(Connect:"));
        let kind = |word: &str| kinds.map_or(Ok(0), |line| line.count_after(word));
        let (connect, receive) = (kind("Connect")?, kind("Receive")?.min(complete));
        let (length, exceptions) = (kind("Length")?, kind("Exceptions")?);
        let statuses = lines.get("Non-2xx responses:");
        let statuses = statuses.map_or(Ok(0), |line| line.count(0))?;
        let statuses = statuses.min(complete - receive);
        let lengths = length.saturating_sub(statuses + receive);
        let lengths = lengths.min(complete - receive - statuses);
        Ok(Self {
            complete: statuses + receive + lengths,
            by_cause: vec![
                (Some(Cause::UnexpectedStatus), statuses),
                (Some(Cause::UnexpectedLength), lengths),
                (None, receive),
                (None, connect),
                (None, exceptions.saturating_sub(receive)),
            ],
        })
    }
}

/// `This is ApacheBench, Version 2.3 <$Revision$>`
fn version(lines: &Lines<'_>) -> Option<String> {
    let line = lines.get("This is ApacheBench, Version")?;
    line.words().next().map(str::to_owned)
}

fn url(lines: &Lines<'_>) -> Option<String> {
    let [host, port, path] =
        ["Server Hostname:", "Server Port:", "Document Path:"].map(|words| lines.get(words));
    let scheme = match lines.get("SSL/TLS Protocol:") {
        Some(_) => "https",
        None => "http",
    };
    Some(format!(
        "{scheme}://{}:{}{}",
        host?.rest, port?.rest, path?.rest
    ))
}

/// The rate, of all that are complete, has more digits than the time.
fn elapsed_s(lines: &Lines<'_>, complete: u64) -> Result<f64, Trouble> {
    let rate = lines.get("Requests per second:").map(|line| line.number(0));
    let rate = rate.transpose()?.filter(|rate| *rate > 0.0 && complete > 0);
    match rate {
        Some(rate) => Ok(complete as f64 / rate),
        None => lines.at("Time taken for tests:")?.number(0),
    }
}

/// `99%     14`; the largest has words behind it.
fn percentiles(lines: &Lines<'_>) -> Vec<Percentile> {
    let told = lines.all().filter_map(|line| {
        let [percentile, milliseconds] = line.words().collect::<Vec<_>>().try_into().ok()?;
        let percentile = number(percentile.strip_suffix('%')?)?;
        let milliseconds = count(milliseconds).filter(|it| *it > 0)?;
        let ns = Unit::Milliseconds.ns(milliseconds as f64);
        (percentile <= 100.0).then_some(Percentile { percentile, ns })
    });
    told.collect()
}
