//! Records of a benchmark made up from a real one, with the rates and costs
//! that a test wants.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::behaviour::Behaviour::Good;
use crate::fault_server::FaultServer;
use crate::loadgen::run;
use crate::script::Script;

/// Rates and costs (in microseconds) of ten rounds: around these, at most 2 %
/// from them.
pub(crate) fn around(rate: f64, cost_us: f64) -> Vec<(f64, f64)> {
    const PERCENT: [f64; 10] = [0.3, -0.9, 1.2, -0.1, 0.7, -1.6, 1.9, -0.4, 0.2, -1.1];
    let near = |value: f64, percent: f64| value * (1.0 + percent / 100.0);
    PERCENT
        .iter()
        .zip(PERCENT.iter().rev())
        .map(|(first, second)| (near(rate, *first), near(cost_us, *second)))
        .collect()
}

/// A good record of one round, first or second in it.
pub(crate) fn record(round: usize, position: usize, (rate, cost_us): (f64, f64)) -> Value {
    let mut record = TEMPLATE.clone();
    record["id"] = format!("{round}-{position}").into();
    record["started_at"] = format!("2026-03-01T12:{round:02}:{position:02}.000Z").into();
    record["rate_per_second"] = rate.into();
    record["server"]["cpu_us_per_request"] = cost_us.into();
    record
}

/// What a run says that nothing is wrong with.
static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
    let server = FaultServer::start(Script::always(Good));
    let own_pid = process::id().to_string();
    let ended = run(&["-n", "20", "--server-pid", &own_pid, &server.url()]);
    let mut record = ended.record();
    record["tool"]["profile"] = "release".into();
    record["validity"] = json!({ "valid": true, "reasons": [] });
    record
});

/// A directory with two results in it, `old` and `new`.
pub(crate) struct Results(TempDir);

impl Results {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Both results, whose rounds took turns.
    pub(crate) fn of(old: &[(f64, f64)], new: &[(f64, f64)]) -> Self {
        let results = Self::new();
        for (name, rounds, position) in [("old", old, 1), ("new", new, 2)] {
            for (round, values) in rounds.iter().enumerate() {
                results.write_record(name, &record(round, position, *values));
            }
        }
        results
    }

    /// Adds a round to a result.
    pub(crate) fn write_record(&self, result: &str, record: &Value) {
        let id = record["id"].as_str().unwrap();
        self.write(&format!("{result}/{id}.json"), record.to_string());
    }

    /// Writes any file.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.0.path()
    }
}
