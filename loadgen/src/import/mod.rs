//! What other tools measured, as records: for whoever keeps their tool and wants a verdict.
//!
//! A file is recognised by what is in it. Each tool has a file here that says what its own file
//! tells (`told::Told`); `told.rs` makes a record of it, names what is only filling a place, and
//! has it judged. What a tool does not tell is never taken from this machine.

mod ab;
mod autocannon;
mod bombardier;
mod cause;
mod document;
mod error;
mod h2load;
mod json;
mod k6;
mod oha;
mod rounds;
mod source;
mod text;
mod told;
mod vegeta;
mod wrk;
mod wrk2;

#[cfg(test)]
mod tests;

pub use error::ImportError;
pub(crate) use error::Trouble;
pub use rounds::{Rounds, rounds};
pub use source::Source;

use clap::ValueEnum;

use crate::record::{Record, SCHEMA};
use document::Document;
use told::{Place, Told};

/// No run counts more: up to here a double, in which many tools count, is exact, and a handful of
/// such numbers can be added up.
const COUNT_MAX: u64 = 1 << 53;

/// What another tool writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// `oha --output-format json`
    Oha,
    /// `k6 run --summary-export FILE`, or the data of `handleSummary`
    K6,
    /// `vegeta report -type=json`
    Vegeta,
    /// `bombardier -l -p r -o json`
    Bombardier,
    /// `autocannon --json`
    Autocannon,
    /// h2load's text
    H2load,
    /// `wrk --latency`
    Wrk,
    /// `wrk2 --latency` (its program is called wrk too)
    Wrk2,
    /// ab's text
    Ab,
}

impl Format {
    /// Every format, in the order in which a file is tried.
    pub const ALL: [Self; 9] = [
        Self::Oha,
        Self::K6,
        Self::Vegeta,
        Self::Bombardier,
        Self::Autocannon,
        Self::H2load,
        Self::Wrk,
        Self::Wrk2,
        Self::Ab,
    ];

    /// The tool's name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Oha => "oha",
            Self::K6 => "k6",
            Self::Vegeta => "vegeta",
            Self::Bombardier => "bombardier",
            Self::Autocannon => "autocannon",
            Self::H2load => "h2load",
            Self::Wrk => "wrk",
            Self::Wrk2 => "wrk2",
            Self::Ab => "ab",
        }
    }

    /// How the tool is made to write it.
    #[must_use]
    pub const fn made_by(self) -> &'static str {
        match self {
            Self::Oha => "oha --no-tui --output-format json URL",
            Self::K6 => "k6 run --summary-export FILE script.js",
            Self::Vegeta => "vegeta report -type=json results.bin",
            Self::Bombardier => "bombardier -l -p r -o json URL",
            Self::Autocannon => "autocannon --json URL",
            Self::H2load => "h2load URL",
            Self::Wrk => "wrk --latency URL",
            Self::Wrk2 => "wrk2 -R RATE --latency URL",
            Self::Ab => "ab -r URL",
        }
    }

    fn recognises(self, document: &Document<'_>) -> bool {
        match self {
            Self::Oha => oha::recognises(document),
            Self::K6 => k6::recognises(document),
            Self::Vegeta => vegeta::recognises(document),
            Self::Bombardier => bombardier::recognises(document),
            Self::Autocannon => autocannon::recognises(document),
            Self::H2load => h2load::recognises(document),
            Self::Wrk => wrk::recognises(document),
            Self::Wrk2 => wrk2::recognises(document),
            Self::Ab => ab::recognises(document),
        }
    }

    fn read(self, document: &Document<'_>) -> Result<Told, Trouble> {
        match self {
            Self::Oha => oha::read(document),
            Self::K6 => k6::read(document),
            Self::Vegeta => vegeta::read(document),
            Self::Bombardier => bombardier::read(document),
            Self::Autocannon => autocannon::read(document),
            Self::H2load => h2load::read(document),
            Self::Wrk => wrk::read(document),
            Self::Wrk2 => wrk2::read(document),
            Self::Ab => ab::read(document),
        }
    }
}

/// The record of one file, which is recognised unless `from` says what it is.
///
/// # Errors
///
/// It is of no tool that is known, or broken; the text is one line that names the file, the line or
/// field, and the next step.
pub fn import(source: &Source, from: Option<Format>) -> Result<Record, ImportError> {
    record(source, from, None)
}

fn record(
    source: &Source,
    from: Option<Format>,
    place: Option<Place<'_>>,
) -> Result<Record, ImportError> {
    let path = || source.path().to_owned();
    let document = Document::of(source.text()).map_err(|error| ImportError::NotJson {
        path: path(),
        source: error,
    })?;
    if document.fields().maybe_text("schema") == Ok(Some(SCHEMA)) {
        return Err(ImportError::IsRecord { path: path() });
    }
    let recognised = || Format::ALL.into_iter().find(|it| it.recognises(&document));
    let format = from.or_else(recognised);
    let format = format.ok_or_else(|| ImportError::Unknown { path: path() })?;
    let told = format
        .read(&document)
        .map_err(|trouble| ImportError::Broken {
            path: path(),
            format,
            trouble,
        })?;
    let id = format!("{}-{:016x}", format.label(), source.fingerprint());
    Ok(told.into_record(format, id, place))
}
