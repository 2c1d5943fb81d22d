//! What is measured: every client against every server, in rounds by turns.

use std::time::Duration;

use crate::Bench;
use crate::client::Client;
use crate::process::Process;
use crate::server::{Running, Server};
use crate::spread::Spread;

/// Rounds that count.
const ROUNDS: usize = 5;

/// Length of one run in seconds: what wrk and ab can be told.
const RUN_SECONDS: u64 = 2;

/// Length of the runs before those that count.
const WARM_UP_SECONDS: u64 = 1;

/// Beyond its time a client may take so long to start and to end.
const CLIENT_LONGEST_OVERTIME: Duration = Duration::from_secs(20);

/// A kind of load, and who is compared under it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) label: &'static str,
    keep_alive: bool,
    servers: &'static [Server],
    clients: &'static [Client],
}

pub(crate) static KEEP_ALIVE: Scenario = Scenario {
    label: "keep-alive, 64 connections, one thread",
    keep_alive: true,
    servers: &[Server::Tokio, Server::Nginx],
    clients: &[Client::Loadgen, Client::Wrk, Client::Oha],
};

pub(crate) static NEW_CONNECTION: Scenario = Scenario {
    label: "a new connection for each request, 64 at a time, one thread",
    keep_alive: false,
    servers: &[Server::Sequential, Server::Nginx],
    clients: &[Client::Loadgen, Client::Ab],
};

/// Every scenario, in the order in which they are measured and shown.
pub(crate) static ALL: [&Scenario; 2] = [&KEEP_ALIVE, &NEW_CONNECTION];

/// A scenario's measurements.
pub(crate) struct Measured {
    pub(crate) scenario: &'static Scenario,
    pub(crate) cells: Vec<Cell>,
}

/// One client against one server.
pub(crate) struct Cell {
    pub(crate) server: Server,
    pub(crate) client: Client,
    /// In the order in which they were made: those of one round stand side by side.
    pub(crate) runs: Vec<Run>,
}

/// One client against one server, once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) requests_per_second: f64,
    pub(crate) client_us_per_request: f64,
    pub(crate) server_us_per_request: f64,
}

impl Scenario {
    /// Measures what is there. Servers stay up from the first round to the last; the order of
    /// runs is reversed from round to round, so that a drift of the machine spares nobody.
    pub(crate) fn measure(&'static self, bench: &Bench) -> anyhow::Result<Measured> {
        eprintln!("peers: {} …", self.label);
        let servers = self.servers.iter().filter(|server| !server.is_missing());
        let servers = servers
            .map(|server| server.start(bench))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let clients = self.clients.iter().filter(|client| !client.is_missing());
        let clients: Vec<Client> = clients.copied().collect();
        let mut pairs: Vec<(&Running, Cell)> = servers
            .iter()
            .flat_map(|server| clients.iter().map(move |client| (server, *client)))
            .map(|(server, client)| (server, Cell::new(server.server, client)))
            .collect();
        for (server, cell) in &pairs {
            self.run(bench, server, cell.client, WARM_UP_SECONDS)?;
        }
        for _ in 0..ROUNDS {
            for (server, cell) in &mut pairs {
                let run = self.run(bench, server, cell.client, RUN_SECONDS)?;
                cell.runs.push(run);
            }
            pairs.reverse();
        }
        // An odd number of rounds has left them in reverse.
        pairs.sort_by_key(|(_, cell)| self.place(cell));
        Ok(Measured {
            scenario: self,
            cells: pairs.into_iter().map(|(_, cell)| cell).collect(),
        })
    }

    fn run(
        &self,
        bench: &Bench,
        server: &Running,
        client: Client,
        seconds: u64,
    ) -> anyhow::Result<Run> {
        let command = client.command(&server.url, seconds, self.keep_alive);
        let server_cpu = server.cpu()?;
        let mut process = Process::start(bench, client.label(), &bench.cores.load, command)?;
        let limit = Duration::from_secs(seconds) + CLIENT_LONGEST_OVERTIME;
        let cost = process.wait(bench, limit)?;
        let server_cpu = server.cpu()? - server_cpu;
        let done = client.read(&process.stdout()?)?;
        let us_per_request = |cpu: Duration| cpu.as_secs_f64() * 1e6 / done.requests;
        Ok(Run {
            requests_per_second: done.requests / done.elapsed.as_secs_f64(),
            client_us_per_request: us_per_request(cost.cpu),
            server_us_per_request: us_per_request(server_cpu),
        })
    }

    fn place(&self, cell: &Cell) -> (Option<usize>, Option<usize>) {
        (
            self.servers.iter().position(|it| *it == cell.server),
            self.clients.iter().position(|it| *it == cell.client),
        )
    }
}

impl Cell {
    fn new(server: Server, client: Client) -> Self {
        Self {
            server,
            client,
            runs: Vec::with_capacity(ROUNDS),
        }
    }

    /// Of one figure over the rounds.
    pub(crate) fn spread(&self, figure: fn(&Run) -> f64) -> Spread {
        Spread::of(self.runs.iter().map(figure))
    }
}
