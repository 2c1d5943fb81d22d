//! A push run for a person: a table of its seconds, a chart, and what went wrong.

use std::fmt::{self, Write};

use super::plan::{Client, Work};
use super::record::{Record, Row};
use super::trouble::troubles;
use crate::output::sparkline;

/// Blocks in a line of a chart.
const CHART_WIDTH: usize = 60;

/// Rows of the table, besides its head.
const TABLE_ROWS: usize = 10;

/// A summary in plain text.
#[must_use]
pub fn render(record: &Record) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_all(&mut text, record);
    text
}

fn write_all(out: &mut String, record: &Record) -> fmt::Result {
    let messages = &record.messages;
    writeln!(out, "{}", record.target.name)?;
    writeln!(out, "  {}, {:.3} s\n", what(record), record.elapsed_s)?;
    writeln!(out, "  received/s  {:>14.1}", record.received_per_second)?;
    writeln!(out, "  processed/s {:>14.1}", record.processed_per_second)?;
    writeln!(
        out,
        "  messages    {:>14}   processed {}   queued {}",
        messages.received, messages.processed, messages.queued
    )?;
    writeln!(
        out,
        "  gaps        {:>14}   missing {}   repeated {}   malformed {}",
        messages.gaps, messages.missing, messages.repeated, messages.malformed
    )?;
    if let Some(work) = record.work_us {
        writeln!(
            out,
            "  work        {:>11.1} µs   asked for {:.1} µs   longest {:.1} µs",
            work.mean, work.asked, work.max
        )?;
    }
    write_memory(out, record)?;
    write_table(out, &record.rows)?;
    writeln!(out)?;
    for line in charts(record) {
        writeln!(out, "  {line}")?;
    }
    for trouble in troubles(record) {
        writeln!(out, "  {trouble}")?;
    }
    for finding in &record.validity.reasons {
        let label = finding.severity.label();
        writeln!(out, "  {label}: {}; {}", finding.message, finding.advice)?;
    }
    Ok(())
}

/// `3 blocking clients, 500 µs of waiting for each message`
fn what(record: &Record) -> String {
    let plan = &record.plan;
    let kind = match plan.client {
        Client::Blocking => "blocking",
        Client::Async => "async",
    };
    let clients = match plan.clients {
        1 => format!("1 {kind} client"),
        count => format!("{count} {kind} clients"),
    };
    let work = match plan.work {
        _ if plan.delay_us == 0.0 => "no work".to_owned(),
        Work::Wait => format!("{} µs of waiting for each message", plan.delay_us),
        Work::Cpu => format!("{} µs of CPU for each message", plan.delay_us),
    };
    let queue = match (plan.client, plan.queue_messages) {
        (Client::Blocking, _) => String::new(),
        (Client::Async, None) => ", queues without a bound".to_owned(),
        (Client::Async, Some(bound)) => format!(", queues of at most {bound}"),
    };
    format!("{clients}, {work}{queue}")
}

fn write_memory(out: &mut String, record: &Record) -> fmt::Result {
    if let Some(rss) = record.course.rss_bytes {
        let growth = known(record.rss_growth_bytes_per_second, bytes);
        let max = bytes(rss.max);
        writeln!(
            out,
            "  memory      {max:>14}   growing by {growth} a second"
        )?;
    }
    if let Some(server) = &record.server {
        let peak = server.rss_bytes_peak.map(|peak| bytes(peak as f64));
        let peak = peak.unwrap_or_else(|| "unknown".to_owned());
        writeln!(
            out,
            "  server      {peak:>14}   {:.2} s of CPU",
            server.cpu_s
        )?;
    }
    Ok(())
}

fn write_table(out: &mut String, rows: &[Row]) -> fmt::Result {
    writeln!(
        out,
        "\n  {:>6} {:>12} {:>12} {:>10} {:>10} {:>12} {:>10} {:>10}",
        "at", "received/s", "processed/s", "Send-Q", "Recv-Q", "queue", "memory", "age"
    )?;
    // The last of each step, so that the end is among them.
    let step = rows.len().div_ceil(TABLE_ROWS).max(1);
    for row in rows.iter().rev().step_by(step).rev() {
        writeln!(
            out,
            "  {:>4.1} s {:>12.0} {:>12.0} {:>10} {:>10} {:>12} {:>10} {:>10}",
            row.at_ms / 1e3,
            row.received_per_second,
            row.processed_per_second,
            known(as_f64(row.send_queue_bytes), bytes),
            known(as_f64(row.receive_queue_bytes), bytes),
            row.queue_messages,
            known(as_f64(row.rss_bytes), bytes),
            known(row.age_ms, milliseconds),
        )?;
    }
    Ok(())
}

/// What waited where over time, a line each, from 0 to its own maximum.
pub(super) fn charts(record: &Record) -> Vec<String> {
    let line = |name: &str, value: fn(&Row) -> Option<f64>, show: fn(f64) -> String| {
        let values: Vec<_> = record.rows.iter().map(value).collect();
        let blocks = sparkline(&values, CHART_WIDTH);
        let most = values.into_iter().flatten().reduce(f64::max);
        format!("{name:<10} {blocks} at most {}", known(most, show))
    };
    let messages = |count: f64| format!("{count:.0}");
    let a_second = |rate: f64| format!("{rate:.0} a second");
    vec![
        line("Send-Q", |row| as_f64(row.send_queue_bytes), bytes),
        line("Recv-Q", |row| as_f64(row.receive_queue_bytes), bytes),
        line("queue", |row| Some(row.queue_messages as f64), messages),
        line("memory", |row| as_f64(row.rss_bytes), bytes),
        line("age", |row| row.age_ms, milliseconds),
        line("processed", |row| Some(row.processed_per_second), a_second),
    ]
}

/// `?` where it is not known.
pub(super) fn known(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or("?".to_owned(), show)
}

fn as_f64(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}

/// `512 B`, `1.5 KiB`, `3.0 MiB`, `2.0 GiB`; negative numbers likewise.
pub(super) fn bytes(bytes: f64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units
        .iter()
        .find(|(_, power)| bytes.abs() >= f64::from(1 << power));
    match unit {
        Some((unit, power)) => format!("{:.1} {unit}", bytes / f64::from(1 << power)),
        None => format!("{bytes:.0} B"),
    }
}

/// `0.12 ms`, `34 ms`, `5.6 s`.
pub(super) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms >= 1000.0 => format!("{:.1} s", ms / 1e3),
        ms if ms >= 10.0 => format!("{ms:.0} ms"),
        _ => format!("{ms:.2} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_unit_that_suits_them() {
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(1536.0), "1.5 KiB");
        assert_eq!(bytes(-3.0 * 1024.0 * 1024.0), "-3.0 MiB");
        assert_eq!(bytes(2.0 * 1024.0 * 1024.0 * 1024.0), "2.0 GiB");
        assert_eq!(milliseconds(0.123), "0.12 ms");
        assert_eq!(milliseconds(34.4), "34 ms");
        assert_eq!(milliseconds(5600.0), "5.6 s");
    }
}
