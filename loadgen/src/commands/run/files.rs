//! The files that a run leaves behind.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::collector::{Collected, Collector};
use crate::cli::OutputPlan;
use crate::engine::Summary;
use crate::engine::samples::Samples;
use crate::output::{self, ResultFile};
use crate::plan::Plan;
use crate::record::Record;

/// The files that were asked for, all opened before the load starts, so that a bad path fails in
/// the first second.
pub(super) struct Files {
    record: Option<Wanted>,
    percentiles: Option<Wanted>,
    gnuplot: Option<Wanted>,
    collector: Option<Collector>,
}

/// A file and its path.
pub(super) struct Wanted {
    path: PathBuf,
    file: BufWriter<ResultFile>,
}

impl Files {
    /// Opens what `output` names; also where workers are to send samples, if a file needs them.
    ///
    /// # Errors
    ///
    /// One line that names the file that cannot be written, and its flag.
    pub(super) fn open(
        output: &OutputPlan,
        plan: &Plan,
    ) -> Result<(Self, Option<Samples>), String> {
        let mut files = Self {
            record: Wanted::open(&output.file, "-o")?,
            percentiles: Wanted::open(&output.percentiles_file, "-e")?,
            gnuplot: Wanted::open(&output.gnuplot_file, "-g")?,
            collector: None,
        };
        let csv = Wanted::open(&output.samples_file, "--samples")?;
        if csv.is_none() && files.gnuplot.is_none() {
            return Ok((files, None));
        }
        let (collector, samples) = Collector::start(plan, csv, files.gnuplot.is_some())
            .map_err(|error| format!("cannot start a thread that writes files: {error}"))?;
        files.collector = Some(collector);
        Ok((files, Some(samples)))
    }

    /// Waits for the last request to be collected, for which all [`Samples`] must be gone.
    pub(super) fn collected(&mut self) -> Collected {
        let collector = self.collector.take();
        collector.map(Collector::finish).unwrap_or_default()
    }

    /// Writes each, whatever becomes of the others: what was measured should not be lost.
    ///
    /// # Errors
    ///
    /// One line that names what could not be written.
    pub(super) fn write(
        self,
        collected: Collected,
        record: &Record,
        summary: &Summary,
    ) -> Result<(), String> {
        let write = |file: Option<Wanted>, contents: &dyn Fn() -> String| {
            file.map_or(Ok(()), |file| file.write(&contents()))
        };
        let Collected { mut rows, csv } = collected;
        let write_rows = |mut file: Wanted| {
            file.fill(|out| output::write_gnuplot(out, &mut rows, summary.began_at))?;
            file.commit()
        };
        let written = [
            write(self.record, &|| record.to_json()),
            write(self.percentiles, &|| output::percentiles_csv(summary)),
            self.gnuplot.map_or(Ok(()), write_rows),
            csv.map_or(Ok(()), |file| file?.commit()),
        ];
        let failed: Vec<_> = written.into_iter().filter_map(Result::err).collect();
        match failed.is_empty() {
            true => Ok(()),
            false => Err(failed.join("; ")),
        }
    }
}

impl Wanted {
    /// Opens the file, if there is to be one; `flag` is what named it.
    ///
    /// # Errors
    ///
    /// One line that names the file that cannot be written, and its flag.
    pub(super) fn open(path: &Option<PathBuf>, flag: &str) -> Result<Option<Self>, String> {
        let Some(path) = path else {
            return Ok(None);
        };
        match ResultFile::create(path) {
            Ok(file) => Ok(Some(Self {
                path: path.clone(),
                file: BufWriter::new(file),
            })),
            Err(error) => {
                let path = path.display();
                Err(format!(
                    "cannot write {path}: {error}; choose another {flag}"
                ))
            }
        }
    }

    /// Writes it whole.
    ///
    /// # Errors
    ///
    /// One line that names it and says why it could not be written.
    pub(super) fn write(mut self, contents: &str) -> Result<(), String> {
        self.fill(|out| out.write_all(contents.as_bytes()))?;
        self.commit()
    }

    /// Has `write` write what is to be in the file.
    ///
    /// # Errors
    ///
    /// One line that names the file. Nothing of a file that is not committed is left behind.
    pub(super) fn fill(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), String> {
        let filled = write(&mut self.file).and_then(|()| self.file.flush());
        filled.map_err(|error| trouble(&self.path, &error))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    ///
    /// One line that names it.
    fn commit(self) -> Result<(), String> {
        let Self { path, file } = self;
        let committed = file.into_inner().map_err(io::Error::from);
        let committed = committed.and_then(ResultFile::commit);
        committed.map_err(|error| trouble(&path, &error))
    }
}

fn trouble(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    format!("cannot write {path}: {error}; make room and run again")
}
