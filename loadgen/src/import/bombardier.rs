//! bombardier's JSON. Times are in microseconds; the percentiles are there with `-l`. Its latencies
//! are those of all requests, failed ones too. A request without an answer is among `others` and in
//! `errors`; one whose body broke off (net/http) is in `errors` and under its status. Its `stddev`
//! does not weigh latencies by how often they came, and is left out.

use super::document::Document;
use super::json::Field;
use super::told::{Offered, Told, Unit};
use super::{Trouble, cause};
use crate::outcome::Cause;
use crate::record::{LatencyFrom, LatencyOf, Percentile};

/// Whether this is bombardier's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    document.has_fields(&["spec", "result.req2xx"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    let fields = document.fields();
    let (spec, result) = (fields.at("spec")?, fields.at("result")?);
    let others = result.count("others")?;
    let errors = errors(&result)?;
    let in_errors: u64 = errors.iter().map(|(_, count)| count).sum();
    let success = result.count("req2xx")?;
    // More errors than requests without an answer: the rest broke off in their body.
    let broken_off = in_errors.saturating_sub(others).min(success);
    let mut statuses = 0;
    for class in ["req1xx", "req3xx", "req4xx", "req5xx"] {
        statuses += result.count(class)?;
    }
    let mut failed = errors;
    failed.push((Some(Cause::UnexpectedStatus), statuses));
    failed.push((None, others.saturating_sub(in_errors)));
    let latency = result.get("latency");
    let microseconds = |key: &str| {
        let told = latency.as_ref().map(|latency| latency.maybe_number(key));
        Ok(told.transpose()?.flatten())
    };
    Ok(Told {
        url: spec.maybe_text("url")?.map(str::to_owned),
        method: spec.maybe_text("method")?.map(str::to_owned),
        http_version: http_version(&spec)?,
        connections: Some(spec.count("numberOfConnections")?),
        pipeline: Some(1),
        timeout_s: spec.maybe_number("timeoutSeconds")?,
        requests: spec.maybe_count("numberOfRequests")?,
        duration_s: spec.maybe_number("testDurationSeconds")?,
        offered: spec
            .maybe_number("rate")?
            .map_or(Offered::Closed, Offered::Rate),
        expect: &["2xx"],
        elapsed_s: result.number("timeTakenSeconds")?,
        succeeded: success - broken_off,
        failed,
        bytes_sent: result.maybe_count("bytesWritten")?,
        bytes_received: result.maybe_count("bytesRead")?,
        mean_ns: microseconds("mean")?.map(|number| Unit::Microseconds.ns_exactly(number)),
        max_ns: microseconds("max")?.map(|number| Unit::Microseconds.ns(number)),
        percentiles: latency.map_or(Ok(Vec::new()), |latency| percentiles(&latency))?,
        latency_from: LatencyFrom::Start,
        latency_of: LatencyOf::All,
        ..Told::default()
    })
}

fn http_version(spec: &Field<'_>) -> Result<Option<String>, Trouble> {
    let client = spec.maybe_text("client")?;
    let is_1_1 = matches!(client, Some("fasthttp" | "net/http.v1"));
    Ok(is_1_1.then(|| "1.1".to_owned()))
}

fn errors(result: &Field<'_>) -> Result<Vec<(Option<Cause>, u64)>, Trouble> {
    let Some(errors) = result.get("errors") else {
        return Ok(Vec::new());
    };
    let error =
        |error: Field<'_>| Ok((cause::of(error.text("description")?), error.count("count")?));
    errors.elements()?.into_iter().map(error).collect()
}

fn percentiles(latency: &Field<'_>) -> Result<Vec<Percentile>, Trouble> {
    let Some(all) = latency.get("percentiles") else {
        return Ok(Vec::new());
    };
    let told = [50.0, 75.0, 90.0, 95.0, 99.0].map(|percentile| {
        let microseconds = all.maybe_number(&percentile.to_string())?;
        Ok(microseconds.map(|number| Percentile {
            percentile,
            ns: Unit::Microseconds.ns(number),
        }))
    });
    told.into_iter().filter_map(Result::transpose).collect()
}
