//! What a server holds for each connection that is open and silent.

use crate::Bench;
use crate::client::{Client, Driver};
use crate::goal::Wanted::{self, AtMost, Nothing};
use crate::goal::{Figure, Value, Verdict};
use crate::load::Load;
use crate::matrix::Cell;
use crate::scenario::Report;
use crate::server::Server;
use crate::spread::Spread;

/// Connections that are held.
const IDLE: usize = 10_000;

/// Processes measured of each server. A fresh one each time: memory that was given back inside a
/// process is still resident, and the next ten thousand would seem to cost nothing.
const PROCESSES: usize = 3;

const SERVERS: [(Server, Wanted); 5] = [
    (Server::EPOLL, AtMost(1024.0)),
    (Server::POLL, Nothing),
    (Server::IO_URING, Nothing),
    (Server::TOKIO, AtMost(12.0 * 1024.0)),
    (Server::THREAD_PER_CONNECTION, AtMost(24.0 * 1024.0)),
];

/// Resident memory for each of ten thousand connections that have had an answer.
pub(super) fn measure(bench: &Bench) -> anyhow::Result<Report> {
    let judge = |(server, wanted)| {
        let bytes = (0..PROCESSES).map(|_| connection_bytes(bench, server));
        let bytes = bytes.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Verdict {
            label: format!("{}, {}", Figure::ServerConnectionBytes, server.label()),
            value: Spread::of(bytes.into_iter()).map(Value::Rounds),
            wanted,
        })
    };
    let verdicts = SERVERS.into_iter().map(judge);
    Ok(Report::of(verdicts.collect::<anyhow::Result<_>>()?))
}

fn connection_bytes(bench: &Bench, server: Server) -> anyhow::Result<Option<f64>> {
    let cell = Cell {
        server,
        client: Client::Loadgen(Driver::Epoll),
        load: Load {
            idle: IDLE,
            ..Load::kept(1)
        },
    };
    let run = cell.run_against(bench, &server.start(bench)?, 1)?;
    Ok(run.server_connection_bytes)
}
