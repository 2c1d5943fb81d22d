//! Where what the clients print and the summary go: `results/TIME-COMMIT-websocket/`, with a directory
//! for each relay, client and number of pairs, and beside it one for the bare relay's runs before.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context;
use loadgen::bench::directory::{self, Directory};
use loadgen::system::environment::Environment;

use super::{Cells, library, table};
use crate::goal::Verdict;
use crate::table::goals;

/// The directory of one run.
pub(super) struct Results(Directory);

impl Results {
    /// Makes it, so that it is not found out after minutes that there is none.
    pub(super) fn create() -> anyhow::Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let name = format!("{}-websocket", directory::default_name());
        let path = workspace.canonicalize()?.join("results").join(name);
        Ok(Self(Directory::create(&path)?))
    }

    /// Writes what the client of the cell `name` printed in `round`, from 0 on: ours its record.
    pub(super) fn keep(&self, name: &str, round: usize, printed: &str) -> anyhow::Result<()> {
        let directory = self.0.path().join(name);
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let file = format!("{name}/round-{}.json", round + 1);
        Ok(self.0.write(&file, printed.as_bytes())?)
    }

    /// Writes `summary.md` and says where it is.
    pub(super) fn write_summary(
        &self,
        tables: &[&Cells],
        verdicts: &[Verdict],
    ) -> anyhow::Result<()> {
        let text = summary(tables, verdicts)?;
        self.0.write("summary.md", text.as_bytes())?;
        let directory = self.0.path().display();
        println!("{}\n\nRecords and summary: {directory}\n", table::NOTE);
        Ok(())
    }
}

fn summary(tables: &[&Cells], verdicts: &[Verdict]) -> anyhow::Result<String> {
    let mut text = "# WebSocket ping-pong\n\n".to_owned();
    for cells in tables {
        writeln!(text, "{}", table::of(cells))?;
    }
    writeln!(text, "{}\n", table::NOTE)?;
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
