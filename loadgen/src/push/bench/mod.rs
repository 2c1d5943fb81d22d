//! Each kind of client against each kind of server: who reads, and where messages wait then.
//!
//! In reading order:
//!
//! - [`plan`]: which servers, which clients, how long;
//! - `one_run`: a fresh server, a fresh client, a record;
//! - `table`, `sentence`, `summary`: what they say together.

mod one_run;
pub mod plan;
mod sentence;
mod summary;
mod table;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::record::Record;
use crate::bench::directory::Directory;
use crate::bench::{BenchError, server};
use crate::system::affinity::CoreSplit;
use plan::{Case, Plan};

/// A run that was carried out.
#[derive(Debug)]
pub struct Run {
    /// Which.
    pub case: Case,
    /// What came of it.
    pub record: Record,
}

/// What came of all.
#[derive(Debug)]
pub struct Report {
    /// Where its files are.
    pub directory: PathBuf,
    /// The runs that are complete.
    pub runs: Vec<Run>,
    /// Which cores were whose.
    pub cores: CoreSplit,
    /// Whether a signal ended it early.
    pub interrupted: bool,
}

/// Carries out `plan`, telling `progress` of each run: how many are done, of how many, which begins.
///
/// # Errors
///
/// The first thing that keeps the result from being complete; what was measured by then is kept.
pub fn run(
    plan: &Plan,
    interrupted: &AtomicBool,
    progress: impl FnMut(usize, usize, &str),
) -> Result<Report, BenchError> {
    let mut programs = plan.servers.iter().map(|server| &server.program);
    programs.try_for_each(server::check_program)?;
    let directory = Directory::create(&plan.out)?;
    let mut report = Report {
        directory: plan.out.clone(),
        runs: Vec::new(),
        cores: plan.cores.clone(),
        interrupted: false,
    };
    let measured = report.measure_all(plan, &directory, interrupted, progress);
    if !report.runs.is_empty() {
        directory.write("summary.md", report.to_markdown().as_bytes())?;
    }
    measured.map(|()| report)
}

impl Report {
    fn measure_all(
        &mut self,
        plan: &Plan,
        directory: &Directory,
        interrupted: &AtomicBool,
        mut progress: impl FnMut(usize, usize, &str),
    ) -> Result<(), BenchError> {
        let cases = plan.cases();
        for (index, case) in cases.iter().enumerate() {
            progress(index, cases.len(), &case.name());
            let measured = one_run::measure(plan, case, directory, interrupted);
            // A terminal's signal reaches the server too: what then fails is no defect.
            if interrupted.load(Ordering::Relaxed) {
                // If it came to be written.
                let _ = directory.remove(&case.file_name());
                self.interrupted = true;
                break;
            }
            self.runs.push(Run {
                case: case.clone(),
                record: measured?,
            });
        }
        Ok(())
    }
}
