//! Which servers, which scenarios, how often and how long.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::plan::Background;
use crate::system::affinity::{CoreSplit, CpuSet};

/// Connections of the built-in scenarios: those of the test that this project grew from.
const CONCURRENCY: usize = 150;

/// A benchmark, complete.
#[derive(Clone, Debug)]
pub struct BenchPlan {
    /// What is compared; the first is what the others are measured against.
    pub servers: Vec<ServerSpec>,
    /// In what respects.
    pub scenarios: Vec<Scenario>,
    /// How often each run is made.
    pub rounds: u64,
    /// How long each takes.
    pub timing: Timing,
    /// Which cores are the load's and which the server's.
    pub cores: CoreSplit,
    /// The directory of the results, which must not exist yet.
    pub out: PathBuf,
}

/// A server and the way it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// What people call it.
    pub label: String,
    /// The program.
    pub program: PathBuf,
    /// Its concurrency model.
    pub model: String,
    /// Whether it keeps connections open for those who want it.
    pub keep_alive: bool,
}

/// A load, and which servers bear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What people call it, and a part of file names.
    pub name: String,
    /// The path that is requested.
    pub path: String,
    /// Requests in flight.
    pub concurrency: usize,
    /// Whether connections are used again.
    pub keep_alive: bool,
    /// What is open besides.
    pub background: Background,
    /// Servers, as places in [`BenchPlan::servers`].
    pub servers: Vec<usize>,
}

/// How long a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Load before the measured part.
    pub warmup: Duration,
    /// The measured part.
    pub measured: Duration,
    /// Limit for one request.
    pub timeout: Duration,
}

impl Timing {
    /// Twenty rounds of these fill less than two minutes, and in that time give narrower intervals
    /// than fewer and longer ones: docs/METHOD.md has the figures.
    pub const FULL: Self = Self {
        warmup: Duration::from_millis(125),
        measured: Duration::from_millis(500),
        timeout: Duration::from_secs(10),
    };

    /// For a first look, and for tests: too short to be quoted.
    pub const QUICK: Self = Self {
        warmup: Duration::from_millis(50),
        measured: Duration::from_millis(200),
        timeout: Duration::from_secs(10),
    };
}

impl BenchPlan {
    /// The benchmark that the project is about: the accept loop against tokio, with a new
    /// connection for each request, with connections kept, and with a handler that waits; there a
    /// thread per connection shows that it is the waiting, not the blocking, that decides.
    ///
    /// # Errors
    ///
    /// The cores that this process may use cannot be read.
    pub fn built_in(
        programs: &Path,
        rounds: u64,
        timing: Timing,
        out: PathBuf,
    ) -> io::Result<Self> {
        let server = |label: &str, program: &str, model: &str, keep_alive| ServerSpec {
            label: label.to_owned(),
            program: programs.join(program),
            model: model.to_owned(),
            keep_alive,
        };
        let scenario = |name: &str, path: &str, keep_alive, servers: &[usize]| Scenario {
            name: name.to_owned(),
            path: path.to_owned(),
            concurrency: CONCURRENCY,
            keep_alive,
            background: Background::default(),
            servers: servers.to_vec(),
        };
        Ok(Self {
            servers: vec![
                server("sync", "server-sync", "sequential", false),
                server("async", "server-async", "tokio", true),
                server("threads", "server-sync", "thread-per-connection", true),
            ],
            scenarios: vec![
                scenario("new-connection", "/", false, &[0, 1]),
                scenario("keep-alive", "/", true, &[0, 1]),
                scenario("wait-10ms", "/delay/10", false, &[0, 1, 2]),
            ],
            rounds,
            timing,
            cores: CpuSet::of_this_thread()?.split(),
            out,
        })
    }

    /// The same load on one server twice, under two names: whatever differs is the machine's noise.
    #[must_use]
    pub fn against_itself(mut self) -> Self {
        let server = self.servers.swap_remove(1);
        let again = ServerSpec {
            label: format!("{}-again", server.label),
            ..server.clone()
        };
        self.servers = vec![server, again];
        for scenario in &mut self.scenarios {
            scenario.servers = vec![0, 1];
        }
        self
    }

    /// How many runs it takes.
    #[must_use]
    pub fn runs(&self) -> usize {
        let per_round: usize = self
            .scenarios
            .iter()
            .map(|scenario| scenario.servers.len())
            .sum();
        per_round * usize::try_from(self.rounds).unwrap_or(usize::MAX)
    }
}
