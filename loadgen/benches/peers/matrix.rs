//! Clients against servers under a load, in rounds by turns.

use std::time::Duration;

use anyhow::Context;

use crate::Bench;
use crate::client::Client;
use crate::goal::Goal;
use crate::load::Load;
use crate::process::Process;
use crate::rounds::{Failure, Measured, by_turns};
use crate::scenario::Report;
use crate::server::{Running, Server};
use crate::table;

/// Rounds that count.
const ROUNDS: usize = 5;

/// Length of the run of each cell before those that count.
const WARM_UP_SECONDS: u64 = 1;

/// Beyond its time a client may take so long to start and to end.
const CLIENT_LONGEST_OVERTIME: Duration = Duration::from_secs(20);

/// What is measured by turns, and what it is held against.
pub(crate) struct Matrix {
    /// Length of one run in seconds: what all clients can be told.
    pub(crate) seconds: u64,
    /// In the order in which they are shown.
    pub(crate) cells: Vec<Cell>,
    pub(crate) goals: Vec<Goal>,
}

/// One client against one server under one load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) load: Load,
}

/// One client against one server, once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) requests_per_second: f64,
    pub(crate) client_us_per_request: f64,
    /// Absent if the client has made more requests than those that it tells of.
    pub(crate) server_us_per_request: Option<f64>,
    /// Absent if the client does not tell it.
    pub(crate) client_rss_mib: Option<f64>,
    /// Likewise.
    pub(crate) server_connection_bytes: Option<f64>,
}

/// The servers that are measured, or why one of them did not start.
pub(crate) struct Servers(Vec<(Server, Result<Running, String>)>);

impl Matrix {
    /// Nothing to measure yet.
    pub(crate) fn empty() -> Self {
        Self {
            seconds: 1,
            cells: Vec::new(),
            goals: Vec::new(),
        }
    }

    /// This and the other, by turns.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.cells.extend(other.cells);
        self.goals.extend(other.goals);
        self
    }

    /// Measures what is there. Servers stay up from the first round to the last.
    ///
    /// # Errors
    ///
    /// Only if a signal asked for the end.
    pub(crate) fn measure(&self, bench: &Bench) -> anyhow::Result<Report> {
        let servers = Servers::start(bench, self.cells.iter().map(|cell| cell.server));
        let cells = by_turns(bench, &self.cells, ROUNDS, |cell, round| {
            let seconds = round.map_or(WARM_UP_SECONDS, |_| self.seconds);
            cell.run(bench, &servers, seconds)
        })?;
        table::print_cells(&cells);
        Ok(Report {
            verdicts: self.goals.iter().map(|goal| goal.judge(&cells)).collect(),
            is_whole: !cells.iter().any(Measured::has_failed),
        })
    }
}

impl Servers {
    /// Starts each of `wanted` that is there, once.
    pub(crate) fn start(bench: &Bench, wanted: impl Iterator<Item = Server>) -> Self {
        let mut servers = Vec::new();
        for server in wanted {
            let is_started = servers.iter().any(|(started, _)| *started == server);
            if !is_started && !server.is_missing() {
                let running = server.start(bench);
                servers.push((server, running.map_err(|error| format!("{error:#}"))));
            }
        }
        Self(servers)
    }

    pub(crate) fn get(&self, server: Server) -> Result<&Running, Failure> {
        let mut servers = self.0.iter();
        match servers.find(|(started, _)| *started == server) {
            None => Err(Failure::Missing),
            Some((_, Ok(running))) => Ok(running),
            Some((_, Err(error))) => Err(Failure::Failed(error.clone())),
        }
    }
}

impl Cell {
    /// Every client under every load against `server`.
    pub(crate) fn each(server: Server, clients: &[Client], loads: &[Load]) -> Vec<Self> {
        let under = |load: &Load| {
            let load = *load;
            clients.iter().map(move |&client| Self {
                server,
                client,
                load,
            })
        };
        loads.iter().flat_map(under).collect()
    }

    fn run(&self, bench: &Bench, servers: &Servers, seconds: u64) -> Result<Run, Failure> {
        if self.client.is_missing() {
            return Err(Failure::Missing);
        }
        let server = servers.get(self.server)?;
        self.run_against(bench, server, seconds)
            .map_err(|error| Failure::Failed(format!("{error:#}")))
    }

    /// The same against a server that runs.
    pub(crate) fn run_against(
        &self,
        bench: &Bench,
        server: &Running,
        seconds: u64,
    ) -> anyhow::Result<Run> {
        let command = self.client.command(server, &self.load, seconds)?;
        let server_cpu = server.cpu()?;
        let mut process = Process::start(bench, "client", &bench.cores.load, command)?;
        let limit = Duration::from_secs(seconds) + CLIENT_LONGEST_OVERTIME;
        let whole_cpu = process.wait(bench, limit)?;
        let server_cpu = server.cpu()? - server_cpu;
        let done = self.client.read(&self.load, &process.stdout()?)?;
        let us_per_request = |cpu: Duration| cpu.as_secs_f64() * 1e6 / done.requests;
        // Opening thousands of idle connections takes both sides longer than the requests: then
        // the client's record, which leaves it out, tells both costs.
        let (client_us, server_us) = match (self.load.opened_before, self.load.idle) {
            (true, _) => (done.cpu.map(us_per_request), None),
            (false, 0) => (
                Some(us_per_request(whole_cpu)),
                Some(us_per_request(server_cpu)),
            ),
            (false, _) => (done.client_us_per_request, done.server_us_per_request),
        };
        Ok(Run {
            requests_per_second: done.requests / done.elapsed.as_secs_f64(),
            client_us_per_request: client_us.context("the client does not tell its cost")?,
            server_us_per_request: server_us,
            server_connection_bytes: done.server_connection_bytes,
            client_rss_mib: done.peak_rss_bytes.map(|bytes| bytes / f64::from(1 << 20)),
        })
    }
}
