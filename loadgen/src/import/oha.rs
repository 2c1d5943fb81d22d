//! oha's JSON. Times are in seconds. Any answer is a success to oha, a 500 too; its latencies are
//! those of all answers, from the opening of the connection if there was one. Requests under way
//! when the time was up are among its errors.

use super::document::Document;
use super::json::Field;
use super::told::{Told, Unit};
use super::{Trouble, cause};
use crate::outcome::Cause;
use crate::record::{LatencyFrom, LatencyOf, Percentile};

/// What oha calls the end of `-z`.
const CANCELLED: &str = "aborted due to deadline";

/// Whether this is oha's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    document.has_fields(&["summary.successRate", "statusCodeDistribution"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    let fields = document.fields();
    let summary = fields.at("summary")?;
    let statuses = fields.at("statusCodeDistribution")?;
    let statuses = statuses.statuses(Field::as_count)?;
    let is_success = |status: &u16| (200..300).contains(status);
    let answers = |success: bool| {
        let counted = statuses
            .iter()
            .filter(|(status, _)| is_success(status) == success);
        counted.map(|(_, count)| count).sum::<u64>()
    };
    let mut failed = vec![(Some(Cause::UnexpectedStatus), answers(false))];
    let mut cancelled = 0;
    for (message, count) in fields.at("errorDistribution")?.fields()? {
        match message {
            CANCELLED => cancelled += count.as_count()?,
            _ => failed.push((cause::of(message), count.as_count()?)),
        }
    }
    let seconds = |key: &str| summary.maybe_number(key);
    let ns = |number: f64| Unit::Seconds.ns(number);
    Ok(Told {
        expect: &["2xx"],
        elapsed_s: summary.number("total")?,
        succeeded: answers(true),
        cancelled,
        failed,
        bytes_received_body: summary.maybe_count("totalData")?,
        min_ns: seconds("fastest")?.map(ns),
        mean_ns: seconds("average")?.map(|number| Unit::Seconds.ns_exactly(number)),
        max_ns: seconds("slowest")?.map(ns),
        percentiles: percentiles(document)?,
        latency_from: LatencyFrom::Start,
        latency_of: LatencyOf::Answered,
        statuses: Some(statuses),
        ..Told::default()
    })
}

/// `p99.9` and others; null where there was no answer.
fn percentiles(document: &Document<'_>) -> Result<Vec<Percentile>, Trouble> {
    let all = document.fields().at("latencyPercentiles")?;
    let told = [10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99].map(|percentile| {
        let seconds = all.maybe_number(&format!("p{percentile}"))?;
        Ok(seconds.map(|seconds| Percentile {
            percentile,
            ns: Unit::Seconds.ns(seconds),
        }))
    });
    told.into_iter().filter_map(Result::transpose).collect()
}
