//! What the measurements are held against.

use crate::client::Client;
use crate::scenario::{Cell, KEEP_ALIVE, Measured, NEW_CONNECTION, Run, Scenario};
use crate::server::Server;
use crate::spread::Spread;

/// A ratio between two cells of one scenario, and where it should lie.
pub(crate) struct Goal {
    pub(crate) label: &'static str,
    scenario: &'static Scenario,
    figure: fn(&Run) -> f64,
    ours: (Server, Client),
    theirs: (Server, Client),
    pub(crate) wanted: Wanted,
}

/// Where a ratio should lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    AtMost(f64),
    AtLeast(f64),
}

/// Every goal, in the order in which they are shown.
pub(crate) static ALL: [Goal; 8] = [
    client_cost(
        "CPU per request, loadgen / wrk, at tokio",
        Server::Tokio,
        Client::Wrk,
        0.90,
    ),
    client_cost(
        "CPU per request, loadgen / wrk, at nginx",
        Server::Nginx,
        Client::Wrk,
        0.90,
    ),
    client_cost(
        "CPU per request, loadgen / oha, at tokio",
        Server::Tokio,
        Client::Oha,
        0.35,
    ),
    client_cost(
        "CPU per request, loadgen / oha, at nginx",
        Server::Nginx,
        Client::Oha,
        0.35,
    ),
    rate(
        "requests per second, loadgen / ab, at sequential",
        Server::Sequential,
    ),
    rate("requests per second, loadgen / ab, at nginx", Server::Nginx),
    server_cost(
        "CPU per request, sequential / nginx",
        &NEW_CONNECTION,
        Server::Sequential,
    ),
    server_cost("CPU per request, tokio / nginx", &KEEP_ALIVE, Server::Tokio),
];

const fn client_cost(label: &'static str, server: Server, peer: Client, most: f64) -> Goal {
    Goal {
        label,
        scenario: &KEEP_ALIVE,
        figure: |run| run.client_us_per_request,
        ours: (server, Client::Loadgen),
        theirs: (server, peer),
        wanted: Wanted::AtMost(most),
    }
}

const fn rate(label: &'static str, server: Server) -> Goal {
    Goal {
        label,
        scenario: &NEW_CONNECTION,
        figure: |run| run.requests_per_second,
        ours: (server, Client::Loadgen),
        theirs: (server, Client::Ab),
        wanted: Wanted::AtLeast(1.15),
    }
}

const fn server_cost(label: &'static str, scenario: &'static Scenario, server: Server) -> Goal {
    Goal {
        label,
        scenario,
        figure: |run| run.server_us_per_request,
        ours: (server, Client::Loadgen),
        theirs: (Server::Nginx, Client::Loadgen),
        wanted: Wanted::AtMost(1.0),
    }
}

impl Goal {
    /// The ratio, round by round; `None` if one side of it is missing.
    pub(crate) fn ratio(&self, measured: &[Measured]) -> Option<Spread> {
        let measured = measured.iter().find(|it| it.scenario == self.scenario)?;
        let cell = |(server, client)| -> Option<&Cell> {
            let mut cells = measured.cells.iter();
            cells.find(|cell| cell.server == server && cell.client == client)
        };
        let (ours, theirs) = (cell(self.ours)?, cell(self.theirs)?);
        let rounds = ours.runs.iter().zip(&theirs.runs);
        Some(Spread::of(rounds.map(|(ours, theirs)| {
            (self.figure)(ours) / (self.figure)(theirs)
        })))
    }
}

impl Wanted {
    pub(crate) fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
        }
    }
}
