//! ab's `-e`: the time within which each percentage of the requests was served.

use std::fmt::Write;

use crate::engine::Summary;

/// A heading, then a row for each of 0 to 100 %, in milliseconds: 0 is the shortest time, 100 the
/// longest. Without an answer there is the heading alone.
#[must_use]
pub fn percentiles_csv(summary: &Summary) -> String {
    let recorder = &summary.recorder;
    // In ab's format every answer counts, whether or not it was the expected one.
    let times = recorder.ab.as_ref().map_or(&recorder.total, |ab| &ab.total);
    let mut csv = "Percentage served,Time in ms\n".to_owned();
    if times.0.is_empty() {
        return csv;
    }
    for percent in 0..=100_u8 {
        let time_ms = times.quantile(f64::from(percent) / 100.0).as_secs_f64() * 1e3;
        writeln!(csv, "{percent},{time_ms:.3}").expect("writing to a String cannot fail");
    }
    csv
}
