//! ab's two tables of times, in whole milliseconds.

use std::fmt::{Result, Write};
use std::time::Duration;

use crate::recorder::{AbCounts, Times};

/// The rows of the table of percentiles.
const PERCENTILES: [u8; 9] = [50, 66, 75, 80, 90, 95, 98, 99, 100];

/// One row of the table of times, in milliseconds.
pub(super) struct Row {
    /// As the table says it.
    pub(super) name: &'static str,
    /// As a remark says it.
    what: &'static str,
    pub(super) min: u64,
    pub(super) mean: u64,
    deviation: f64,
    median: u64,
    pub(super) max: u64,
}

impl Row {
    fn new(name: &'static str, what: &'static str, times: &Times) -> Self {
        let histogram = &times.0;
        let whole_ms_of_ns = |ns| whole_ms(Duration::from_nanos(ns));
        Self {
            name,
            what,
            min: whole_ms_of_ns(histogram.min()),
            mean: whole_ms_of_ns(histogram.mean() as u64),
            deviation: histogram.stdev() / 1e6,
            median: whole_ms(times.quantile(0.5)),
            max: whole_ms_of_ns(histogram.max()),
        }
    }
}

/// ab rounds half a millisecond up.
fn whole_ms(time: Duration) -> u64 {
    ((time.as_micros() + 500) / 1000) as u64
}

/// The rows of the table of times.
pub(super) fn rows(counts: &AbCounts) -> [Row; 4] {
    [
        Row::new("Connect:", "the initial connection time", &counts.connect),
        Row::new("Processing:", "the processing time", &counts.processing),
        Row::new("Waiting:", "the waiting time", &counts.waiting),
        Row::new("Total:", "the total time", &counts.total),
    ]
}

/// `Connection Times`, and ab's remarks about them; without `deviation` three columns.
pub(super) fn write_table(out: &mut String, counts: &AbCounts, deviation: bool) -> Result {
    let rows = rows(counts);
    writeln!(out, "\nConnection Times (ms)")?;
    match deviation {
        true => write_rows(out, &rows),
        false => write_short_rows(out, &rows),
    }
}

fn write_rows(out: &mut String, rows: &[Row]) -> Result {
    writeln!(out, "              min  mean[+/-sd] median   max")?;
    for row in rows {
        writeln!(
            out,
            "{:<11} {:5} {:4} {:5.1} {:6} {:7}",
            row.name, row.min, row.mean, row.deviation, row.median, row.max
        )?;
    }
    rows.iter().try_for_each(|row| write_doubt(out, row))
}

fn write_short_rows(out: &mut String, rows: &[Row]) -> Result {
    writeln!(out, "              min   avg   max")?;
    for row in rows {
        let Row {
            name,
            min,
            mean,
            max,
            ..
        } = row;
        writeln!(out, "{name:<11} {min:5} {mean:5}{max:5}")?;
    }
    Ok(())
}

/// ab's remark about a distribution that leans to one side.
fn write_doubt(out: &mut String, row: &Row) -> Result {
    let what = row.what;
    let distance = row.mean.abs_diff(row.median) as f64;
    if distance > 2.0 * row.deviation {
        writeln!(
            out,
            "ERROR: The median and mean for {what} are more than twice the standard"
        )?;
        writeln!(
            out,
            "       deviation apart. These results are NOT reliable."
        )
    } else if distance > row.deviation {
        writeln!(
            out,
            "WARNING: The median and mean for {what} are not within a normal deviation"
        )?;
        writeln!(out, "        These results are probably not that reliable.")
    } else {
        Ok(())
    }
}

/// How long how many requests took at most.
pub(super) fn write_percentiles(out: &mut String, total: &Times) -> Result {
    writeln!(
        out,
        "\nPercentage of the requests served within a certain time (ms)"
    )?;
    for percent in PERCENTILES {
        let time = whole_ms(total.quantile(f64::from(percent) / 100.0));
        match percent {
            100 => writeln!(out, " 100%  {time:5} (longest request)")?,
            _ => writeln!(out, "  {percent}%  {time:5}")?,
        }
    }
    Ok(())
}
