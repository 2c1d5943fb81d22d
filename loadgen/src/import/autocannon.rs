//! autocannon's JSON. Times are in whole milliseconds, so that a 0 tells nothing and is left out.
//! Its latencies are those of all answers. Timeouts are among its errors; an answer whose body is
//! not the expected one is under its status too.

use super::Trouble;
use super::document::Document;
use super::json::Field;
use super::told::{Told, Unit};
use crate::outcome::Cause;
use crate::record::{LatencyFrom, LatencyOf, Percentile, utc};

/// Whether this is autocannon's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    document.has_fields(&["latency", "requests.average", "throughput", "non2xx"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    let fields = document.fields();
    let success = fields.count("2xx")?;
    let non_2xx = fields.count("non2xx")?;
    let mismatches = fields.maybe_count("mismatches")?.unwrap_or(0);
    // Bodies of other statuses are no expected ones either.
    let mismatches = mismatches.saturating_sub(non_2xx).min(success);
    let errors = fields.count("errors")?;
    let timeouts = fields.count("timeouts")?.min(errors);
    let requests = fields.at("requests")?;
    let ended = success + non_2xx + errors;
    let sent = requests.maybe_count("sent")?.unwrap_or(ended);
    let latency = fields.at("latency")?;
    let statuses = fields.get("statusCodeStats");
    let statuses = statuses.map(|all| all.statuses(|status| status.count("count")));
    Ok(Told {
        started_at: fields.maybe_text("start")?.and_then(utc),
        url: fields.maybe_text("url")?.map(str::to_owned),
        connections: fields.maybe_count("connections")?,
        pipeline: fields.maybe_count("pipelining")?,
        // 0 workers are the one thread of Node.js itself.
        threads: fields.maybe_count("workers")?.map(|workers| workers.max(1)),
        http_version: Some("1.1".to_owned()),
        expect: &["2xx"],
        elapsed_s: fields.number("duration")?,
        succeeded: success - mismatches,
        cancelled: sent.saturating_sub(ended),
        failed: vec![
            (Some(Cause::UnexpectedStatus), non_2xx),
            (Some(Cause::UnexpectedBody), mismatches),
            (Some(Cause::ReadTimeout), timeouts),
            (None, errors - timeouts),
        ],
        bytes_received: fields.at("throughput")?.maybe_count("total")?,
        min_ns: milliseconds(&latency, "min")?,
        mean_ns: mean_ns(&latency)?,
        max_ns: milliseconds(&latency, "max")?,
        percentiles: percentiles(&latency)?,
        latency_from: LatencyFrom::Start,
        latency_of: LatencyOf::Answered,
        statuses: statuses.transpose()?,
        ..Told::default()
    })
}

fn milliseconds(latency: &Field<'_>, key: &str) -> Result<Option<u64>, Trouble> {
    let told = latency.maybe_number(key)?;
    let told = told.filter(|milliseconds| *milliseconds > 0.0);
    Ok(told.map(|milliseconds| Unit::Milliseconds.ns(milliseconds)))
}

fn mean_ns(latency: &Field<'_>) -> Result<Option<f64>, Trouble> {
    let told = latency.maybe_number("average")?;
    let told = told.filter(|milliseconds| *milliseconds > 0.0);
    Ok(told.map(|milliseconds| Unit::Milliseconds.ns_exactly(milliseconds)))
}

/// `p97_5` and others.
fn percentiles(latency: &Field<'_>) -> Result<Vec<Percentile>, Trouble> {
    let all = [
        0.001, 0.01, 0.1, 1.0, 2.5, 10.0, 25.0, 50.0, 75.0, 90.0, 97.5, 99.0, 99.9, 99.99, 99.999,
    ];
    let told = all.map(|percentile: f64| {
        let key = format!("p{percentile}").replace('.', "_");
        let ns = milliseconds(latency, &key)?;
        Ok(ns.map(|ns| Percentile { percentile, ns }))
    });
    told.into_iter().filter_map(Result::transpose).collect()
}
