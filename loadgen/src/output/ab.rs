//! What ab 2.3 prints, line for line, for the scripts that read it.

mod failed;
#[cfg(test)]
mod tests;
mod times;

use std::fmt::Write;

use self::failed::FailedColumns;
use crate::engine::Summary;
use crate::outcome::Cause;
use crate::plan::Url;
use crate::record::Record;
use crate::recorder::AbCounts;

/// The flags that change ab's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbOptions {
    /// Show the table of percentiles (not `-d`).
    pub percentiles: bool,
    /// Show median, deviation and warnings (not `-S`).
    pub deviation: bool,
    /// Progress goes to stderr (not `-q`).
    pub progress: bool,
    /// `-k`: show how many answers left their connection open.
    pub keep_alive: bool,
    /// `-l`: lengths may differ.
    pub any_length: bool,
    /// `-p`, `-u`: show what was sent, were it an empty file.
    pub sends_body: bool,
}

/// ab tells of its progress only in runs of more requests than this.
pub(super) const SILENT_UP_TO: u64 = 150;

/// Width of the names in front of values.
const NAME_WIDTH: usize = 24;

/// The whole of stdout.
#[must_use]
pub(super) fn render(record: &Record, summary: &Summary, options: AbOptions) -> String {
    let mut text = String::new();
    // Only a run in ab's format counts for it.
    let counts = summary.recorder.ab.clone().unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = write_all(&mut text, record, &counts, options);
    text
}

fn write_all(
    out: &mut String,
    record: &Record,
    counts: &AbCounts,
    options: AbOptions,
) -> std::fmt::Result {
    let target = Url::parse(&record.target.url).expect("the URL of a run has been requested");
    write_banner(out, record, &target, options)?;
    write_subject(out, record, &target, options)?;
    write_counts(out, record, counts, options)?;
    write_rates(out, record, options)?;
    let answers = counts.total.0.len();
    if answers > 0 {
        times::write_table(out, counts, options.deviation)?;
    }
    if answers > 1 && options.percentiles {
        times::write_percentiles(out, &counts.total)?;
    }
    Ok(())
}

fn write_banner(
    out: &mut String,
    record: &Record,
    target: &Url,
    options: AbOptions,
) -> std::fmt::Result {
    writeln!(
        out,
        "This is loadgen {}, in the format of ApacheBench 2.3",
        record.tool.version
    )?;
    writeln!(out, "Licensed under MIT or Apache-2.0")?;
    writeln!(out, "Every request is counted once")?;
    writeln!(out)?;
    // Where progress is told, that is how one sees the end.
    let tells_progress = options.progress && record.plan.requests > Some(SILENT_UP_TO);
    let end = if tells_progress { "" } else { ".....done" };
    writeln!(out, "Benchmarking {} (be patient){end}", target.host)?;
    writeln!(out)?;
    writeln!(out)
}

fn write_subject(
    out: &mut String,
    record: &Record,
    target: &Url,
    options: AbOptions,
) -> std::fmt::Result {
    let software = record.target.server_software.as_deref().unwrap_or("");
    line(out, "Server Software:", software)?;
    line(out, "Server Hostname:", &target.host)?;
    line(out, "Server Port:", target.port)?;
    writeln!(out)?;
    line(out, "Document Path:", &target.path)?;
    match options.any_length {
        true => line(out, "Document Length:", "Variable")?,
        false => {
            let length = record.target.document_bytes.unwrap_or(0);
            line(out, "Document Length:", format!("{length} bytes"))?;
        }
    }
    writeln!(out)
}

fn write_counts(
    out: &mut String,
    record: &Record,
    counts: &AbCounts,
    options: AbOptions,
) -> std::fmt::Result {
    let time = format!("{:.3} seconds", record.elapsed_s);
    line(out, "Concurrency Level:", record.plan.concurrency)?;
    line(out, "Time taken for tests:", time)?;
    line(out, "Complete requests:", complete(record))?;
    write_failures(out, record)?;
    if options.keep_alive {
        line(out, "Keep-Alive requests:", counts.kept_alive)?;
    }
    let received = format!("{} bytes", record.bytes.received);
    line(out, "Total transferred:", received)?;
    if options.sends_body {
        line(out, "Total body sent:", record.bytes.sent)?;
    }
    let bodies = format!("{} bytes", record.bytes.received_body);
    line(out, "HTML transferred:", bodies)
}

/// Requests that have ended: as with ab, `-n` is reached whatever becomes of them.
fn complete(record: &Record) -> u64 {
    record.requests.succeeded + record.requests.failed
}

fn write_failures(out: &mut String, record: &Record) -> std::fmt::Result {
    let failed = FailedColumns::of(&record.failures);
    line(out, "Failed requests:", failed.sum())?;
    if failed.sum() > 0 {
        writeln!(out, "   ({failed})")?;
    }
    let write_errors = record.failures[Cause::WriteReset] + record.failures[Cause::WriteTimeout];
    if write_errors > 0 {
        line(out, "Write errors:", write_errors)?;
    }
    let is_2xx = |status: u16| (200..300).contains(&status);
    let others = record
        .statuses
        .iter()
        .filter(|(status, _)| !is_2xx(**status));
    let not_2xx: u64 = others.map(|(_, count)| count).sum();
    if not_2xx > 0 {
        line(out, "Non-2xx responses:", not_2xx)?;
    }
    Ok(())
}

fn write_rates(out: &mut String, record: &Record, options: AbOptions) -> std::fmt::Result {
    let done = complete(record) as f64;
    if done == 0.0 || record.elapsed_s <= 0.0 {
        return Ok(());
    }
    let per_request_ms = record.elapsed_s * 1000.0 / done;
    let concurrent_ms = per_request_ms * record.plan.concurrency as f64;
    let rate = format!("{:.2} [#/sec] (mean)", done / record.elapsed_s);
    line(out, "Requests per second:", rate)?;
    let mean = format!("{concurrent_ms:.3} [ms] (mean)");
    line(out, "Time per request:", mean)?;
    let across = format!("{per_request_ms:.3} [ms] (mean, across all concurrent requests)");
    line(out, "Time per request:", across)?;

    let kib_per_second = |bytes: u64| bytes as f64 / 1024.0 / record.elapsed_s;
    let received = kib_per_second(record.bytes.received);
    let transfer = format!("{received:.2} [Kbytes/sec] received");
    line(out, "Transfer rate:", transfer)?;
    if options.sends_body {
        let sent = kib_per_second(record.bytes.sent);
        line(out, "", format!("{sent:.2} kb/s sent"))?;
        line(out, "", format!("{:.2} kb/s total", received + sent))?;
    }
    Ok(())
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) -> std::fmt::Result {
    writeln!(out, "{name:NAME_WIDTH$}{value}")
}
