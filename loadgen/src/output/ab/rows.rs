//! What ab's report says before its rates: names and values, the same in text and in HTML.

use super::Run;
use super::failed::FailedColumns;
use crate::outcome::Cause;

/// A line of the report.
pub(super) enum Row {
    /// A name and its value.
    Value(&'static str, String),
    /// What the line above comes from.
    Detail(String),
}

impl Row {
    fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self::Value(name, value.into())
    }

    fn count(name: &'static str, count: u64) -> Self {
        Self::Value(name, count.to_string())
    }
}

/// The server, the document, and what was counted; the text leaves a line between them.
pub(super) fn groups(run: &Run<'_>) -> [Vec<Row>; 3] {
    [server(run), document(run), counts(run)]
}

fn server(run: &Run<'_>) -> Vec<Row> {
    let software = run.record.target.server_software.as_deref();
    let url = &run.url;
    vec![
        Row::new("Server Software:", software.unwrap_or("")),
        Row::new("Server Hostname:", &url.host),
        Row::count("Server Port:", url.port.into()),
    ]
}

fn document(run: &Run<'_>) -> Vec<Row> {
    let length = match run.options.any_length {
        true => "Variable".to_owned(),
        false => format!("{} bytes", run.record.target.document_bytes.unwrap_or(0)),
    };
    vec![
        Row::new("Document Path:", &run.url.path),
        Row::new("Document Length:", length),
    ]
}

fn counts(run: &Run<'_>) -> Vec<Row> {
    let record = run.record;
    let time = format!("{:.3} seconds", record.elapsed_s);
    let mut rows = vec![
        Row::count("Concurrency Level:", record.plan.concurrency),
        Row::new("Time taken for tests:", time),
        Row::count("Complete requests:", run.complete()),
    ];
    rows.extend(failures(run));
    if run.options.keep_alive {
        rows.push(Row::count("Keep-Alive requests:", run.counts.kept_alive));
    }
    let received = format!("{} bytes", record.bytes.received);
    rows.push(Row::new("Total transferred:", received));
    if run.options.sends_body {
        rows.push(Row::count("Total body sent:", record.bytes.sent));
    }
    let bodies = format!("{} bytes", record.bytes.received_body);
    rows.push(Row::new("HTML transferred:", bodies));
    rows
}

/// Lines but the first are there only if there is something to tell.
fn failures(run: &Run<'_>) -> Vec<Row> {
    let record = run.record;
    let failed = FailedColumns::of(&record.failures);
    let mut rows = vec![Row::count("Failed requests:", failed.sum())];
    if failed.sum() > 0 {
        rows.push(Row::Detail(format!("   ({failed})")));
    }
    let write_errors = record.failures[Cause::WriteReset] + record.failures[Cause::WriteTimeout];
    if write_errors > 0 {
        rows.push(Row::count("Write errors:", write_errors));
    }
    let is_2xx = |status: u16| (200..300).contains(&status);
    let statuses = record.statuses.iter();
    let others = statuses.filter(|(status, _)| !is_2xx(**status));
    let not_2xx: u64 = others.map(|(_, count)| count).sum();
    if not_2xx > 0 {
        rows.push(Row::count("Non-2xx responses:", not_2xx));
    }
    rows
}
