//! Takes every request as it ends, and writes it down, on a thread of its own: formatting and
//! writing cost the workers nothing.

use std::io;
use std::thread::{self, JoinHandle};

use crate::commands::wanted::Wanted;
use crate::engine::samples::{Batch, Samples};
use crate::output::{GnuplotRow, SamplesCsv};
use crate::plan::Plan;

/// The thread that collects.
pub(super) struct Collector(JoinHandle<Collected>);

/// What came of it.
#[derive(Default)]
pub(super) struct Collected {
    /// Rows for ab's `-g`, if they were wanted.
    pub(super) rows: Vec<GnuplotRow>,
    /// The file of `--samples` with everything in it, or why not; none if none was wanted.
    pub(super) csv: Option<Result<Wanted, String>>,
}

impl Collector {
    /// Starts to write rows to `csv`, and to keep rows for `-g` if those are wanted. It ends when
    /// all copies of the [`Samples`] are gone.
    ///
    /// # Errors
    ///
    /// The system has no thread left.
    pub(super) fn start(
        plan: &Plan,
        csv: Option<Wanted>,
        keeps_rows: bool,
    ) -> io::Result<(Self, Samples)> {
        let (samples, batches) = Samples::channel();
        let format = SamplesCsv::new(plan);
        let collect = move || {
            let mut rows = Vec::new();
            let batches = batches.iter().inspect(|batch| {
                if keeps_rows {
                    rows.extend(batch.iter().filter_map(GnuplotRow::of));
                }
            });
            let csv = write(csv, &format, batches);
            Collected { rows, csv }
        };
        let thread = thread::Builder::new().name("samples".to_owned());
        Ok((Self(thread.spawn(collect)?), samples))
    }

    /// Waits for the last request to be written.
    pub(super) fn finish(self) -> Collected {
        self.0
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Writes all batches to `file`, if there is one and as long as it can be written.
fn write(
    file: Option<Wanted>,
    format: &SamplesCsv,
    mut batches: impl Iterator<Item = Batch>,
) -> Option<Result<Wanted, String>> {
    let written = file.map(|mut file| {
        file.fill(|out| {
            format.write_heading(out)?;
            let mut samples = batches.by_ref().flatten();
            samples.try_for_each(|sample| format.write_row(out, &sample))
        })?;
        Ok(file)
    });
    // Nobody who sends should be held up by a file that is full.
    batches.for_each(drop);
    written
}
