//! The files that a run leaves behind.

use super::collector::{Collected, Collector};
use crate::cli::OutputPlan;
use crate::commands::wanted::Wanted;
use crate::engine::Summary;
use crate::engine::samples::Samples;
use crate::output;
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
