//! HdrHistogram's interval log, version 1.3: a line for each run, so that its tools can merge, cut
//! and draw them. Values are nanoseconds, the column of the longest milliseconds.
//!
//! Source: `HistogramLogWriter.java` of HdrHistogram 2. Its readers want histograms compressed, so
//! the record's, which are not, are encoded anew. A line has a tag, `SCENARIO/SERVER`, unless there
//! is one server alone; a run that cannot be believed always has one, which ends in `/invalid`.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use super::results::codes;
use super::{ExportError, Exported, Group, Results};
use crate::record::{Record, epoch_ms};

pub(super) fn write(results: &Results) -> Result<Exported, ExportError> {
    let records = results.groups.iter().flat_map(|group| &group.rounds);
    let started_ms = records.map(|record| epoch_ms(&record.started_at)).min();
    let started_s = started_ms.flatten().unwrap_or_default() as f64 / 1e3;
    let mut text = format!(
        "#[loadgen]\n#[Histogram log format version 1.3]\n\
         #[BaseTime: {started_s:.3} (seconds since epoch)]\n\
         #[StartTime: {started_s:.3} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
    );
    let mut left_out = Vec::new();
    let mut lines = Vec::new();
    for group in &results.groups {
        for record in &group.rounds {
            // A run without a success has nothing to show, and says so itself.
            if !record.validity.valid && record.requests.succeeded == 0 {
                left_out.push(format!(
                    "{}: run {}, in which nothing succeeded",
                    group.name(),
                    record.id
                ));
                continue;
            }
            let histogram = group.histogram(record)?;
            let tag = tag(group, record, results.groups.len() == 1);
            let line = line(record, &histogram, &tag, started_s);
            lines.push((&record.started_at, line));
        }
    }
    // Readers that cut a log by time stop at the first line that is too late.
    lines.sort_by_key(|(started_at, _)| *started_at);
    text.extend(lines.into_iter().map(|(_, line)| line));
    Ok(Exported::one(text, left_out))
}

/// A run, above it a comment if there is something to know about it.
fn line(record: &Record, histogram: &Histogram<u64>, tag: &str, started_s: f64) -> String {
    let start_s = epoch_ms(&record.started_at).unwrap_or_default() as f64 / 1e3 - started_s;
    let max_ms = histogram.max() as f64 / 1e6;
    let mut line = String::new();
    if !record.validity.reasons.is_empty() {
        let _ = writeln!(line, "#[Run {}: {}]", record.id, codes(record));
    }
    let _ = writeln!(
        line,
        "{tag}{start_s:.3},{:.3},{max_ms:.3},{}",
        record.elapsed_s,
        compressed(histogram)
    );
    line
}

/// `Tag=SCENARIO/SERVER,`, without what would end it.
fn tag(group: &Group, record: &Record, is_only_one: bool) -> String {
    let invalid = if record.validity.valid {
        ""
    } else {
        "/invalid"
    };
    if is_only_one && invalid.is_empty() {
        return String::new();
    }
    let parts = [
        group.result.as_deref(),
        Some(&group.scenario),
        Some(&group.server),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let name = parts.join("/") + invalid;
    let ends_it =
        |character: char| character == ',' || character.is_whitespace() || character.is_control();
    format!("Tag={},", name.replace(ends_it, "_"))
}

fn compressed(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    // Memory takes every byte, and counts of a record fit.
    let _ = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    STANDARD.encode(bytes)
}
