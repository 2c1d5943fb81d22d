//! What people and programs see of a run. Data goes to stdout, talk to stderr.

mod ab;
mod chart;
mod file;
mod live;
mod manual;
mod progress;
mod samples;
mod terminal;
mod text;
mod traffic;

use std::io::{self, Write};

use clap::ValueEnum;

pub use ab::{
    AbOptions, GnuplotRow, TableAttributes, percentiles_csv, version as ab_version, write_gnuplot,
};
pub use chart::{sparkline, whisker};
pub use file::{ResultFile, is_taken};
pub use live::{LiveView, ShowProgress};
pub use manual::{ManualPage, manual};
pub use progress::{AbProgress, NoProgress};
pub use samples::SamplesCsv;
pub(crate) use terminal::Screen;
pub use traffic::traffic;

use crate::engine::Summary;
use crate::record::Record;

/// A form in which a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The record: one JSON document
    Json,
    /// What ab prints
    Ab,
    /// A summary for people
    Text,
}

/// The run in this form, whole.
#[must_use]
pub fn render(format: Format, record: &Record, summary: &Summary, options: &AbOptions) -> String {
    match format {
        Format::Json => record.to_json(),
        Format::Ab => ab::render(record, summary, options),
        Format::Text => text::render(record),
    }
}

/// The few lines for stderr where stdout is not what a person reads.
#[must_use]
pub fn summary(record: &Record) -> String {
    text::render(record)
}

/// Writes `text` to stdout and makes sure that it went out.
///
/// # Errors
///
/// A full disk or a closed pipe: what was printed is not what was meant.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Says one line of trouble on stderr.
pub fn complain(line: &str) {
    talk(&format!("loadgen: {line}\n"));
}

/// Says something on stderr; if nobody listens there, there is nobody to tell.
pub fn talk(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
