//! Where the records and the summary go: `results/TIME-COMMIT-websocket/`, with a directory for
//! each relay, client and number of pairs, so that `loadgen compare` takes any two of them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use loadgen::bench::directory;
use loadgen::system::environment::Environment;

use super::{Cell, Cells, library, table};
use crate::goal::Verdict;
use crate::table::goals;

/// The directory of one run.
pub(super) struct Results(PathBuf);

impl Results {
    /// Makes it, so that it is not found out after minutes that there is none.
    pub(super) fn create() -> anyhow::Result<Self> {
        let name = format!("{}-websocket", directory::default_name());
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../results")
            .join(name);
        make(&path)?;
        Ok(Self(path.canonicalize()?))
    }

    /// Where the record of `cell` in `round`, from 0 on, is to be written.
    pub(super) fn record_path(&self, cell: &Cell, round: usize) -> anyhow::Result<PathBuf> {
        let directory = self.0.join(cell.label());
        make(&directory)?;
        Ok(directory.join(format!("round-{}.json", round + 1)))
    }

    /// Writes `summary.md` and says where it is.
    pub(super) fn write_summary(
        &self,
        tables: &[&Cells],
        verdicts: &[Verdict],
    ) -> anyhow::Result<()> {
        let path = self.0.join("summary.md");
        let text = summary(tables, verdicts)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("Records and summary: {}\n", self.0.display());
        Ok(())
    }
}

fn make(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}

fn summary(tables: &[&Cells], verdicts: &[Verdict]) -> anyhow::Result<String> {
    let mut text = "# WebSocket ping-pong\n\n".to_owned();
    for cells in tables {
        writeln!(text, "{}", table::of(cells))?;
    }
    writeln!(text, "{}", goals("websocket", verdicts))?;
    let environment = Environment::read();
    let cpu = environment.cpu_model.as_deref().unwrap_or("unknown CPU");
    let cores = environment.cpus_online.unwrap_or_default();
    let kernel = environment.kernel_release;
    writeln!(text, "- {cpu}, {cores} cores; Linux {kernel}; loopback.")?;
    writeln!(
        text,
        "- Median and range over the rounds, made by turns; ratios within each round. Relays on \
         one core, clients on another."
    )?;
    writeln!(text, "- {}.", library::versions())?;
    Ok(text)
}
