//! vegeta's JSON report. Times are in nanoseconds. It starts requests by a schedule, which the
//! report does not tell; its latencies are those of all requests, failed ones too, from their start
//! and not from when the schedule wanted it. Status 0 is a request without an answer; of its errors
//! it tells which there were, not how many of each.

use std::collections::BTreeSet;

use super::document::Document;
use super::json::Field;
use super::told::{Offered, Told, Unit};
use super::{Trouble, cause};
use crate::outcome::Cause;
use crate::record::{LatencyFrom, LatencyOf, Percentile, utc};

/// Whether this is vegeta's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    document.has_fields(&["latencies.99th", "status_codes", "bytes_in"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    let fields = document.fields();
    let mut statuses = fields.at("status_codes")?.statuses(Field::as_count)?;
    let unanswered = statuses.remove(&0).unwrap_or(0);
    let is_success = |status: &u16| (200..400).contains(status);
    let answers = |success: bool| {
        let counted = statuses
            .iter()
            .filter(|(status, _)| is_success(status) == success);
        counted.map(|(_, count)| count).sum::<u64>()
    };
    let latencies = fields.at("latencies")?;
    let nanoseconds = |key: &str| latencies.maybe_number(key);
    let ns = |number: f64| Unit::Nanoseconds.ns(number);
    let bytes = |key: &str| {
        let bytes = fields.get(key).map(|bytes| bytes.maybe_count("total"));
        Ok(bytes.transpose()?.flatten())
    };
    Ok(Told {
        started_at: started_at(document)?,
        offered: Offered::Unknown,
        expect: &["2xx", "3xx"],
        elapsed_s: (fields.number("duration")? + fields.number("wait")?) / 1e9,
        succeeded: answers(true),
        failed: vec![
            (Some(Cause::UnexpectedStatus), answers(false)),
            (only_cause(document)?, unanswered),
        ],
        bytes_received_body: bytes("bytes_in")?,
        min_ns: nanoseconds("min")?.map(ns),
        mean_ns: nanoseconds("mean")?,
        max_ns: nanoseconds("max")?.map(ns),
        percentiles: percentiles(document)?,
        latency_from: LatencyFrom::Start,
        latency_of: LatencyOf::All,
        statuses: Some(statuses),
        ..Told::default()
    })
}

fn started_at(document: &Document<'_>) -> Result<Option<String>, Trouble> {
    let Some(earliest) = document.fields().get("earliest") else {
        return Ok(None);
    };
    let text = document.fields().text("earliest")?;
    let moment = utc(text).ok_or_else(|| earliest.wrong("a moment (RFC 3339)"))?;
    Ok(Some(moment))
}

/// What all that had no answer failed of, if there was one cause only. The others of the list are
/// statuses: `503 Service Unavailable`.
fn only_cause(document: &Document<'_>) -> Result<Option<Cause>, Trouble> {
    let Some(errors) = document.fields().get("errors") else {
        return Ok(None);
    };
    let mut causes = BTreeSet::new();
    for error in errors.elements()? {
        let message = error.as_text()?;
        let code = message.split(' ').next().unwrap_or_default();
        if code.parse::<u16>().is_err() {
            causes.insert(cause::of(message));
        }
    }
    match causes.len() {
        1 => Ok(causes.pop_first().flatten()),
        _ => Ok(None),
    }
}

/// Older versions tell no 90th.
fn percentiles(document: &Document<'_>) -> Result<Vec<Percentile>, Trouble> {
    let latencies = document.fields().at("latencies")?;
    let told = [50.0, 90.0, 95.0, 99.0].map(|percentile| {
        let ns = latencies.maybe_number(&format!("{percentile}th"))?;
        Ok(ns.map(|ns| Percentile {
            percentile,
            ns: Unit::Nanoseconds.ns(ns),
        }))
    });
    told.into_iter().filter_map(Result::transpose).collect()
}
