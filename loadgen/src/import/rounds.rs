//! Several files that are the rounds of one server.

use super::told::Place;
use super::{Format, ImportError, Source, record};
use crate::record::Record;

/// What the rounds have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// Name of the scenario.
    pub scenario: String,
    /// Label of the server.
    pub server: String,
}

/// The records of the files, which are rounds in this order.
///
/// # Errors
///
/// As [`super::import`], or two files have the same contents.
pub fn rounds(
    sources: &[Source],
    from: Option<Format>,
    common: &Rounds,
) -> Result<Vec<Record>, ImportError> {
    for (index, second) in sources.iter().enumerate() {
        let first = sources[..index]
            .iter()
            .find(|it| it.text() == second.text());
        if let Some(first) = first {
            return Err(ImportError::Twice {
                first: first.path().to_owned(),
                second: second.path().to_owned(),
            });
        }
    }
    let place = |round| Place {
        scenario: &common.scenario,
        server: &common.server,
        round,
    };
    let records = (1..).zip(sources);
    let records = records.map(|(round, source)| record(source, from, Some(place(round))));
    records.collect()
}
