//! What ab 2.3 prints, line for line, for the scripts that read it.

use std::fmt::Write;
use std::time::Duration;

use crate::engine::Summary;
use crate::outcome::Cause;
use crate::record::{Failures, Record};
use crate::recorder::{Recorder, Times};

/// The flags that change ab's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbOptions {
    /// Show the table of percentiles (not `-d`).
    pub percentiles: bool,
    /// Show median, deviation and warnings (not `-S`).
    pub deviation: bool,
    /// `-k`: show how many requests were made on an open connection.
    pub keep_alive: bool,
    /// `-l`: lengths may differ.
    pub any_length: bool,
}

/// The rows of the table of percentiles.
const PERCENTILES: [u8; 9] = [50, 66, 75, 80, 90, 95, 98, 99, 100];

/// Width of the names in front of values.
const NAME_WIDTH: usize = 24;

/// The whole of stdout.
#[must_use]
pub(super) fn render(record: &Record, summary: &Summary, options: AbOptions) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_all(&mut text, record, &summary.recorder, options);
    text
}

fn write_all(
    out: &mut String,
    record: &Record,
    recorder: &Recorder,
    options: AbOptions,
) -> std::fmt::Result {
    let target = Target::of(&record.target.url);
    write_banner(out, &target)?;
    write_subject(out, record, &target, options)?;
    write_counts(out, record, options)?;
    write_rates(out, record)?;
    if record.requests.succeeded == 0 {
        return Ok(());
    }
    write_times(out, recorder, options)?;
    if options.percentiles && record.requests.succeeded > 1 {
        write_percentiles(out, &recorder.total)?;
    }
    Ok(())
}

/// The parts of a URL that ab names.
struct Target {
    host: String,
    port: u16,
    path: String,
}

impl Target {
    fn of(url: &str) -> Self {
        let uri: http::Uri = url.parse().unwrap_or_default();
        Self {
            host: uri.host().unwrap_or_default().to_owned(),
            port: uri.port_u16().unwrap_or(80),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        }
    }
}

fn write_banner(out: &mut String, target: &Target) -> std::fmt::Result {
    writeln!(
        out,
        "This is loadgen {}, in the format of ApacheBench 2.3",
        env!("CARGO_PKG_VERSION")
    )?;
    writeln!(out, "Licensed under MIT or Apache-2.0")?;
    writeln!(out, "Every request is counted once")?;
    writeln!(out)?;
    writeln!(out, "Benchmarking {} (be patient)...done", target.host)?;
    writeln!(out)?;
    writeln!(out)
}

fn write_subject(
    out: &mut String,
    record: &Record,
    target: &Target,
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

fn write_counts(out: &mut String, record: &Record, options: AbOptions) -> std::fmt::Result {
    let requests = &record.requests;
    let failed = FailedColumns::of(&record.failures);
    line(out, "Concurrency Level:", record.plan.concurrency)?;
    line(
        out,
        "Time taken for tests:",
        format!("{:.3} seconds", record.elapsed_s),
    )?;
    line(
        out,
        "Complete requests:",
        requests.succeeded + requests.failed,
    )?;
    line(out, "Failed requests:", failed.sum())?;
    if failed.sum() > 0 {
        writeln!(
            out,
            "   (Connect: {}, Receive: {}, Length: {}, Exceptions: {})",
            failed.connect, failed.receive, failed.length, failed.exceptions
        )?;
    }
    let write_errors = record.failures[Cause::WriteReset] + record.failures[Cause::WriteTimeout];
    if write_errors > 0 {
        line(out, "Write errors:", write_errors)?;
    }
    let not_2xx: u64 = record
        .statuses
        .iter()
        .filter(|(status, _)| !(200..300).contains(*status))
        .map(|(_, count)| count)
        .sum();
    if not_2xx > 0 {
        line(out, "Non-2xx responses:", not_2xx)?;
    }
    if options.keep_alive {
        // ab counts the answers that left their connection open, which is one more for each
        // connection than the requests that found one open.
        let kept = requests
            .succeeded
            .min(record.connections.reused + record.connections.opened);
        line(out, "Keep-Alive requests:", kept)?;
    }
    line(
        out,
        "Total transferred:",
        format!("{} bytes", record.bytes.received),
    )?;
    if record.plan.request_body_bytes > 0 {
        line(out, "Total body sent:", record.bytes.sent)?;
    }
    line(
        out,
        "HTML transferred:",
        format!("{} bytes", record.bytes.received_body),
    )
}

fn write_rates(out: &mut String, record: &Record) -> std::fmt::Result {
    let done = (record.requests.succeeded + record.requests.failed) as f64;
    if done == 0.0 || record.elapsed_s <= 0.0 {
        return Ok(());
    }
    let per_request_ms = record.elapsed_s * 1000.0 / done;
    let kib_per_second = |bytes: u64| bytes as f64 / 1024.0 / record.elapsed_s;
    let concurrent_ms = per_request_ms * record.plan.concurrency as f64;
    line(
        out,
        "Requests per second:",
        format!("{:.2} [#/sec] (mean)", done / record.elapsed_s),
    )?;
    line(
        out,
        "Time per request:",
        format!("{concurrent_ms:.3} [ms] (mean)"),
    )?;
    line(
        out,
        "Time per request:",
        format!("{per_request_ms:.3} [ms] (mean, across all concurrent requests)"),
    )?;
    let received = kib_per_second(record.bytes.received);
    line(
        out,
        "Transfer rate:",
        format!("{received:.2} [Kbytes/sec] received"),
    )?;
    if record.plan.request_body_bytes > 0 {
        let sent = kib_per_second(record.bytes.sent);
        writeln!(out, "{:NAME_WIDTH$}{sent:.2} kb/s sent", "")?;
        writeln!(out, "{:NAME_WIDTH$}{:.2} kb/s total", "", received + sent)?;
    }
    Ok(())
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) -> std::fmt::Result {
    writeln!(out, "{name:NAME_WIDTH$}{value}")
}

/// ab's four columns of failures; here each failed request is in one of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct FailedColumns {
    connect: u64,
    receive: u64,
    length: u64,
    exceptions: u64,
}

impl FailedColumns {
    fn of(failures: &Failures) -> Self {
        let mut columns = Self::default();
        for (cause, count) in failures.iter() {
            match cause {
                Cause::Dns
                | Cause::ConnectRefused
                | Cause::ConnectTimeout
                | Cause::ConnectUnreachable
                | Cause::ConnectReset
                | Cause::NoLocalPort
                | Cause::NoFileDescriptor
                | Cause::TlsHandshake
                | Cause::WriteReset
                | Cause::WriteTimeout => columns.connect += count,
                Cause::ReadReset
                | Cause::ReadTimeout
                | Cause::ClosedBeforeResponse
                | Cause::ClosedMidResponse
                | Cause::MalformedResponse
                | Cause::ResponseTooLarge => columns.receive += count,
                Cause::UnexpectedLength | Cause::UnexpectedBody => columns.length += count,
                // ab does not call these failed; they have a line of their own.
                Cause::UnexpectedStatus => {}
                Cause::Other => columns.exceptions += count,
            }
        }
        columns
    }

    fn sum(&self) -> u64 {
        self.connect + self.receive + self.length + self.exceptions
    }
}

/// One row of the table of times, in milliseconds.
struct Row {
    min: u64,
    mean: f64,
    deviation: f64,
    median: u64,
    max: u64,
}

impl Row {
    fn of(times: &Times) -> Self {
        let histogram = &times.0;
        Self {
            min: whole_ms(Duration::from_nanos(histogram.min())),
            mean: histogram.mean() / 1e6,
            deviation: histogram.stdev() / 1e6,
            median: whole_ms(times.quantile(0.5)),
            max: whole_ms(Duration::from_nanos(histogram.max())),
        }
    }
}

fn whole_ms(time: Duration) -> u64 {
    (time.as_secs_f64() * 1000.0).round() as u64
}

fn write_times(out: &mut String, recorder: &Recorder, options: AbOptions) -> std::fmt::Result {
    let Some(ab) = &recorder.ab else {
        return Ok(());
    };
    let rows = [
        (
            "Connect:",
            "the initial connection time",
            Row::of(&ab.connect),
        ),
        (
            "Processing:",
            "the processing time",
            Row::of(&ab.processing),
        ),
        ("Waiting:", "the waiting time", Row::of(&ab.waiting)),
        ("Total:", "the total time", Row::of(&recorder.total)),
    ];
    writeln!(out, "\nConnection Times (ms)")?;
    if !options.deviation {
        writeln!(out, "              min   avg   max")?;
        // ab leaves the waiting time out here.
        for (name, _, row) in rows.iter().filter(|(name, ..)| *name != "Waiting:") {
            let Row { min, mean, max, .. } = row;
            writeln!(out, "{name:<11} {min:5} {mean:5.0} {max:5}")?;
        }
        return Ok(());
    }
    writeln!(out, "              min  mean[+/-sd] median   max")?;
    for (name, _, row) in &rows {
        let Row {
            min,
            mean,
            deviation,
            median,
            max,
        } = row;
        writeln!(
            out,
            "{name:<11} {min:5} {mean:4.0} {deviation:5.1} {median:6} {max:7}"
        )?;
    }
    for (_, what, row) in &rows {
        write_doubt(out, what, row)?;
    }
    Ok(())
}

/// ab's remark about a distribution that leans to one side.
fn write_doubt(out: &mut String, what: &str, row: &Row) -> std::fmt::Result {
    let distance = (row.mean.round() - row.median as f64).abs();
    if distance > 2.0 * row.deviation {
        writeln!(
            out,
            "ERROR: The median and mean for {what} are more than twice the standard"
        )?;
        writeln!(
            out,
            "       deviation apart. These results are NOT reliable."
        )?;
    } else if distance > row.deviation {
        writeln!(
            out,
            "WARNING: The median and mean for {what} are not within a normal deviation"
        )?;
        writeln!(out, "        These results are probably not that reliable.")?;
    }
    Ok(())
}

fn write_percentiles(out: &mut String, total: &Times) -> std::fmt::Result {
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
