//! Where the results go: a directory of its own, a file for each run.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::BenchError;
use super::plan::BenchPlan;
use crate::compare::{Comparison, PACKED_FILE};
use crate::output::ResultFile;
use crate::record::{Record, directory_timestamp, pack};
use crate::system::affinity::{CoreSplit, CpuSet};

/// The directory of one benchmark's results. Dropped without anything in it, it is removed.
#[derive(Debug)]
pub struct Directory(PathBuf);

/// The name of the directory of a benchmark that begins now: `2026-03-01T12-34-56Z-1a2b3c4d5`.
#[must_use]
pub fn default_name() -> String {
    let time = directory_timestamp(SystemTime::now());
    match option_env!("LOADGEN_GIT_COMMIT") {
        Some(commit) => format!("{time}-{commit}"),
        None => time,
    }
}

impl Directory {
    /// Makes `path`, and what is missing above it.
    ///
    /// # Errors
    ///
    /// It exists already, since results are never mixed, or cannot be made.
    pub fn create(path: &Path) -> Result<Self, BenchError> {
        let failed = |source| BenchError::Out {
            path: path.to_owned(),
            source,
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::create_dir(path).map_err(failed)?;
        Ok(Self(path.to_owned()))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a run's record as `SCENARIO.SERVER.ROUND.json`.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write_record(&self, record: &Record) -> Result<(), BenchError> {
        self.write(&name_of(record), record.to_json().as_bytes())
    }

    /// Puts all records into one file, in the place of those that [`Self::write_record`] wrote.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or one of the others not be removed.
    pub fn pack(&self, records: &[Record]) -> Result<(), BenchError> {
        self.write(PACKED_FILE, &pack(records))?;
        records
            .iter()
            .try_for_each(|record| self.remove_record(record))
    }

    /// Removes what [`Self::write_record`] wrote.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn remove_record(&self, record: &Record) -> Result<(), BenchError> {
        self.remove(&name_of(record))
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), BenchError> {
        let path = self.0.join(name);
        fs::remove_file(&path).map_err(|source| BenchError::Write { path, source })
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), BenchError> {
        let path = self.0.join(name);
        let write = || -> io::Result<()> {
            let mut file = ResultFile::create(&path)?;
            file.write_all(contents)?;
            file.commit()
        };
        write().map_err(|source| BenchError::Write { path, source })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Fails, as it should, if anything is in it.
        let _ = fs::remove_dir(&self.0);
    }
}

fn name_of(record: &Record) -> String {
    match &record.bench {
        Some(bench) => format!(
            "{}.{}.{:02}.json",
            bench.scenario, bench.server, bench.round
        ),
        None => format!("{}.json", record.id),
    }
}

/// `summary.md`: what was found, and under which circumstances.
#[must_use]
pub fn summary(
    plan: &BenchPlan,
    records: &[Record],
    comparison: &Comparison,
    interrupted: bool,
) -> String {
    let mut text = comparison.to_markdown();
    // Writing to a String cannot fail.
    let _ = write_circumstances(&mut text, plan, records, interrupted);
    if comparison.matrix.is_none() {
        // The tables name them themselves.
        let _ = write_servers(&mut text, plan);
    }
    text
}

fn write_circumstances(
    out: &mut String,
    plan: &BenchPlan,
    records: &[Record],
    interrupted: bool,
) -> std::fmt::Result {
    let Some(first) = records.first() else {
        return Ok(());
    };
    let environment = &first.environment;
    let cpu = environment.cpu_model.as_deref().unwrap_or("unknown CPU");
    let count = environment
        .cpu_count
        .map_or(String::new(), |count| format!(", {count} cores"));
    writeln!(out, "\n## Circumstances\n")?;
    writeln!(
        out,
        "- Began {}; loadgen {}.",
        first.started_at,
        version(first)
    )?;
    writeln!(
        out,
        "- {cpu}{count}; {}, kernel {}.",
        environment.os, environment.kernel
    )?;
    writeln!(out, "- {}", cores(&plan.cores))?;
    let fresh = match plan.servers.iter().any(|server| server.url().is_some()) {
        false => "each against a fresh process",
        true => "each against a fresh process unless its server was running already",
    };
    writeln!(
        out,
        "- {} runs of {:?} after {:?} of warm-up, {fresh}, in rounds that balance who comes first.",
        records.len(),
        plan.timing.measured,
        plan.timing.warmup
    )?;
    if interrupted {
        writeln!(out, "- **Interrupted**: complete rounds only.")?;
    }
    Ok(())
}

fn write_servers(out: &mut String, plan: &BenchPlan) -> std::fmt::Result {
    let mut servers = plan.servers.iter();
    servers.try_for_each(|server| writeln!(out, "- `{}` is `{server}`.", server.label))
}

fn version(record: &Record) -> String {
    let tool = &record.tool;
    match &tool.git {
        Some(commit) => format!("{} ({commit})", tool.version),
        None => tool.version.clone(),
    }
}

/// Which cores were whose, as a sentence.
pub(crate) fn cores(split: &CoreSplit) -> String {
    let list = |cores: &CpuSet| format!("{cores}");
    match split.is_shared() {
        true => "Load and server share one core: rates are those of the pair.".to_owned(),
        false => format!(
            "Load on core {}, server on core {}.",
            list(&split.load),
            list(&split.server)
        ),
    }
}
