//! k6's summary, as `--summary-export` writes it or as `handleSummary` is handed it: there what is
//! measured is one level deeper, under `values`. Times are in milliseconds. `http_req_duration`
//! leaves out the opening of connections. In `http_req_failed`, which is a rate of what is true,
//! `passes` are those that failed.

use super::Trouble;
use super::document::Document;
use super::json::Field;
use super::told::{Offered, Told, Unit};
use crate::record::{LatencyFrom, LatencyOf, Percentile};

/// Whether this is k6's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    let is_summary = document.has_fields(&["metrics.iterations"]);
    is_summary || document.has_fields(&["metrics.http_reqs"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    let fields = document.fields();
    let metrics = Metrics(fields.at("metrics")?);
    let requests = metrics.at("http_reqs")?;
    let count = requests.count("count")?;
    let failed = metrics.get("http_req_failed");
    let failed = failed.map(|failed| failed.count("passes")).transpose()?;
    let failed = failed.unwrap_or(0).min(count);
    let expected = metrics.get("http_req_duration{expected_response:true}");
    let latency_of = match expected.is_some() || failed == 0 {
        true => LatencyOf::Succeeded,
        false => LatencyOf::All,
    };
    let times = match (expected, failed < count) {
        (Some(times), _) => Some(times),
        (None, true) => metrics.get("http_req_duration"),
        (None, false) => None,
    };
    let left_out = metrics.get("dropped_iterations");
    let left_out = left_out
        .map(|left_out| left_out.count("count"))
        .transpose()?;
    let bytes = |name: &str| {
        let metric = metrics.get(name);
        metric.map(|metric| metric.count("count")).transpose()
    };
    let users = metrics.get("vus_max");
    let users = users.map(|users| users.count("max")).transpose()?;
    let time = |key: &str| {
        let told = times.as_ref().map(|times| times.maybe_number(key));
        Ok(told.transpose()?.flatten())
    };
    let ns = |number: f64| Unit::Milliseconds.ns(number);
    Ok(Told {
        // Each virtual user has a connection of its own.
        connections: users,
        // Only arrivals by a schedule are ever dropped.
        offered: left_out.map_or(Offered::Closed, |_| Offered::Unknown),
        expect: &["2xx", "3xx"],
        elapsed_s: elapsed_s(&fields, &requests)?,
        succeeded: count - failed,
        failed: vec![(None, failed)],
        bytes_sent: bytes("data_sent")?,
        bytes_received: bytes("data_received")?,
        min_ns: time("min")?.map(ns),
        mean_ns: time("avg")?.map(|number| Unit::Milliseconds.ns_exactly(number)),
        max_ns: time("max")?.map(ns),
        percentiles: times.map_or(Ok(Vec::new()), |times| percentiles(&times))?,
        latency_from: LatencyFrom::Send,
        latency_of,
        left_out,
        ..Told::default()
    })
}

/// The metrics by name, in either form.
struct Metrics<'a>(Field<'a>);

impl<'a> Metrics<'a> {
    fn get(&self, name: &str) -> Option<Field<'a>> {
        let metric = self.0.get(name)?;
        Some(metric.get("values").unwrap_or(metric))
    }

    fn at(&self, name: &str) -> Result<Field<'a>, Trouble> {
        let metric = self.0.at(name)?;
        Ok(metric.get("values").unwrap_or(metric))
    }
}

/// `handleSummary` is told; else the rate tells.
fn elapsed_s(fields: &Field<'_>, requests: &Field<'_>) -> Result<f64, Trouble> {
    let state = fields.get("state");
    let told_ms = state.map(|state| state.maybe_number("testRunDurationMs"));
    if let Some(told_ms) = told_ms.transpose()?.flatten() {
        return Ok(told_ms / 1e3);
    }
    let rate = requests.number("rate")?;
    match rate > 0.0 {
        true => Ok(requests.number("count")? / rate),
        false => Ok(0.0),
    }
}

/// `med`, and those that `summaryTrendStats` asks for: `p(99.9)`.
fn percentiles(times: &Field<'_>) -> Result<Vec<Percentile>, Trouble> {
    let mut percentiles = Vec::new();
    for (name, _) in times.fields()? {
        let inside = name
            .strip_prefix("p(")
            .and_then(|name| name.strip_suffix(')'));
        let percentile = match name {
            "med" => Some(50.0),
            _ => inside.and_then(super::text::number),
        };
        if let Some(percentile) = percentile.filter(|percentile| *percentile <= 100.0) {
            let ns = Unit::Milliseconds.ns(times.number(name)?);
            percentiles.push(Percentile { percentile, ns });
        }
    }
    percentiles.sort_by(|a, b| a.percentile.total_cmp(&b.percentile));
    Ok(percentiles)
}
