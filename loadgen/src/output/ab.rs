//! What ab 2.3 prints, line for line, for the scripts that read it.

mod csv;
mod failed;
mod gnuplot;
mod html;
mod rows;
mod text;
mod times;
mod tls;
mod traffic;

#[cfg(test)]
mod tests;

pub use csv::percentiles_csv;
pub use gnuplot::{GnuplotRow, write_gnuplot};

use crate::engine::Summary;
use crate::plan::Url;
use crate::record::Record;
use crate::recorder::AbCounts;

/// The flags that change ab's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AbOptions {
    /// An HTML table in place of the text (`-w`).
    pub html: Option<TableAttributes>,
    /// Show the table of percentiles (not `-d`).
    pub percentiles: bool,
    /// Show median, deviation and warnings (not `-S`).
    pub deviation: bool,
    /// Progress goes to stderr (not `-q`).
    pub progress: bool,
    /// `-v`: from 2 on the request and the first answer are shown.
    pub verbosity: u8,
    /// The request, as it is sent.
    pub request: Vec<u8>,
    /// `-k`: show how many answers left their connection open.
    pub keep_alive: bool,
    /// `-l`: lengths may differ.
    pub any_length: bool,
    /// `-p`, `-u`: show what was sent, were it an empty file.
    pub sends_body: bool,
}

/// Attributes of an HTML table, as its tags have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableAttributes {
    /// Of the table (`-x`).
    pub table: String,
    /// Of each row (`-y`).
    pub row: String,
    /// Of each cell (`-z`).
    pub cell: String,
}

/// ab tells of its progress only in runs of more requests than this.
pub(super) const SILENT_UP_TO: u64 = 150;

/// The first lines of ab, in its form: the version stands where scripts look for it, and what
/// speaks stands where ab has its revision.
const BANNER: [&str; 3] = [
    concat!(
        "This is ApacheBench, Version 2.3 <loadgen ",
        env!("CARGO_PKG_VERSION"),
        ">"
    ),
    "Printed by loadgen in ab's place: every request is counted once",
    "Licensed under MIT or Apache-2.0",
];

/// What ab's `-V` prints.
#[must_use]
pub fn version() -> String {
    let [name, nature, licence] = BANNER;
    format!("{name}\n{nature}\n{licence}\n\n")
}

/// The whole of stdout.
#[must_use]
pub(super) fn render(record: &Record, summary: &Summary, options: &AbOptions) -> String {
    let run = Run {
        url: Url::parse(&record.target.url).expect("the URL of a run has been requested"),
        record,
        summary,
        // Only a run in ab's format counts for it.
        counts: summary.recorder.ab.clone().unwrap_or_default(),
        options,
    };
    let mut out = String::new();
    let written = match &options.html {
        Some(attributes) => html::write(&mut out, &run, attributes),
        None => text::write(&mut out, &run),
    };
    written.expect("writing to a String cannot fail");
    out
}

/// A run that has ended, with what to show of it.
struct Run<'a> {
    url: Url,
    record: &'a Record,
    summary: &'a Summary,
    counts: AbCounts,
    options: &'a AbOptions,
}

impl Run<'_> {
    /// Requests that have ended: as with ab, `-n` is reached whatever becomes of them.
    fn complete(&self) -> u64 {
        self.record.requests.ended()
    }

    /// Whether progress is told: then that is how one sees the end.
    fn tells_progress(&self) -> bool {
        self.options.progress && self.record.plan.requests > Some(SILENT_UP_TO)
    }

    /// Requests per second and KiB per second; none if nothing ended.
    fn rates(&self) -> Option<Rates> {
        let (complete, elapsed_s) = (self.complete() as f64, self.record.elapsed_s);
        if complete == 0.0 || elapsed_s <= 0.0 {
            return None;
        }
        let kib_per_second = |bytes: u64| bytes as f64 / 1024.0 / elapsed_s;
        let per_request_ms = elapsed_s * 1000.0 / complete;
        Some(Rates {
            per_second: complete / elapsed_s,
            concurrent_ms: per_request_ms * self.record.plan.concurrency as f64,
            per_request_ms,
            received_kib_per_second: kib_per_second(self.record.bytes.received),
            sent_kib_per_second: kib_per_second(self.record.bytes.sent),
        })
    }
}

/// What a run came to in a unit of time.
struct Rates {
    per_second: f64,
    /// Mean time for which a request was one of those in flight.
    concurrent_ms: f64,
    /// Mean time between the ends of two requests.
    per_request_ms: f64,
    received_kib_per_second: f64,
    sent_kib_per_second: f64,
}
