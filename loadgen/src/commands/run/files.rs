//! The files that a run leaves behind.

use std::path::Path;

use crate::cli::OutputPlan;
use crate::engine::Summary;
use crate::output::{self, ResultFile};
use crate::record::Record;

/// The files that were asked for, all opened before the load starts, so that a bad path fails in
/// the first second.
pub(super) struct Files<'a> {
    record: Option<Wanted<'a>>,
    percentiles: Option<Wanted<'a>>,
}

/// A file and its path.
struct Wanted<'a> {
    path: &'a Path,
    file: ResultFile,
}

impl<'a> Files<'a> {
    /// Opens what `output` names.
    ///
    /// # Errors
    ///
    /// One line that names the file that cannot be written, and its flag.
    pub(super) fn open(output: &'a OutputPlan) -> Result<Self, String> {
        let open = |path: &'a Option<_>, flag| {
            let path = path.as_deref();
            path.map(|path| Wanted::open(path, flag)).transpose()
        };
        Ok(Self {
            record: open(&output.file, "-o")?,
            percentiles: open(&output.percentiles_file, "-e")?,
        })
    }

    /// Writes each, whatever becomes of the others: what was measured should not be lost.
    ///
    /// # Errors
    ///
    /// One line that names what could not be written.
    pub(super) fn write(self, record: &Record, summary: &Summary) -> Result<(), String> {
        let write = |file: Option<Wanted<'_>>, contents: &dyn Fn() -> String| {
            file.map_or(Ok(()), |file| file.write(&contents()))
        };
        let written = [
            write(self.record, &|| record.to_json()),
            write(self.percentiles, &|| output::percentiles_csv(summary)),
        ];
        let failed: Vec<_> = written.into_iter().filter_map(Result::err).collect();
        match failed.is_empty() {
            true => Ok(()),
            false => Err(failed.join("; ")),
        }
    }
}

impl<'a> Wanted<'a> {
    fn open(path: &'a Path, flag: &str) -> Result<Self, String> {
        match ResultFile::create(path) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => {
                let path = path.display();
                Err(format!(
                    "cannot write {path}: {error}; choose another {flag}"
                ))
            }
        }
    }

    fn write(self, contents: &str) -> Result<(), String> {
        let path = self.path.display();
        self.file
            .finish(contents)
            .map_err(|error| format!("cannot write {path}: {error}; make room and run again"))
    }
}
