//! The servers beside others under the same load: what a request costs them.

use crate::client::{Client, Driver};
use crate::goal::Figure::{RequestsPerSecond, ServerUs};
use crate::goal::Goal;
use crate::goal::Wanted::{self, AtLeast, AtMost, Nothing};
use crate::load::Load;
use crate::matrix::{Cell, Matrix};
use crate::server::Server;
use crate::stand_in::StandIn;

/// What loads them all.
const CLIENT: Client = Client::Loadgen(Driver::Epoll);

/// Connections where nothing is said of their number.
const CONNECTIONS: usize = 64;

const BARE: Server = Server::StandIn(StandIn::BareEpoll);
const HYPER: Server = Server::StandIn(StandIn::MinimalHyper);
const MAY: Server = Server::StandIn(StandIn::MayMinihttp);

/// Who is held against whom, and the highest ratio of their costs.
type Ratio = (Server, Server, Wanted);

pub(super) fn keep_alive() -> Matrix {
    let ratios: [Ratio; 9] = [
        (Server::EPOLL, BARE, AtMost(1.10)),
        (Server::EPOLL, Server::Nginx, AtMost(1.0)),
        (Server::EPOLL, MAY, AtMost(1.0)),
        (Server::IO_URING, BARE, Nothing),
        (Server::TOKIO, Server::Nginx, AtMost(1.0)),
        (Server::TOKIO, HYPER, AtMost(1.05)),
        (Server::POLL, Server::EPOLL, Nothing),
        (Server::SELECT, Server::EPOLL, Nothing),
        (Server::THREAD_PER_CONNECTION, Server::Nginx, Nothing),
    ];
    // What goes wrong with select at a thousand is the machine's limit, not its cost.
    let few = costs(Load::kept(CONNECTIONS), &ratios);
    let many = ratios
        .into_iter()
        .filter(|(ours, ..)| *ours != Server::SELECT)
        .collect::<Vec<_>>();
    few.and(costs(Load::kept(1000), &many))
}

pub(super) fn new_connection() -> Matrix {
    costs(
        Load::new_each(CONNECTIONS),
        &[
            (Server::SEQUENTIAL, Server::Nginx, AtMost(0.85)),
            (Server::EPOLL, Server::Nginx, Nothing),
            (Server::IO_URING, Server::Nginx, Nothing),
            (Server::TOKIO, Server::Nginx, Nothing),
            (Server::THREAD_PER_CONNECTION, Server::Nginx, Nothing),
        ],
    )
}

/// Each server with others' idle connections beside its busy ones, and without.
pub(super) fn idle() -> Matrix {
    let servers = [
        (Server::EPOLL, 10_000, AtLeast(0.90)),
        (Server::TOKIO, 10_000, AtLeast(0.90)),
        (Server::IO_URING, 10_000, Nothing),
        (Server::POLL, 10_000, Nothing),
        (Server::SELECT, 900, Nothing),
        (Server::THREAD_PER_CONNECTION, 10_000, Nothing),
    ];
    let mut matrix = Matrix::empty();
    for (server, idle, wanted) in servers {
        let cell = |idle| Cell {
            server,
            client: CLIENT,
            load: Load {
                idle,
                ..Load::kept(CONNECTIONS)
            },
        };
        matrix.cells.extend([cell(0), cell(idle)]);
        matrix.goals.push(Goal {
            label: format!(
                "{RequestsPerSecond}, {}: {idle} idle / none",
                server.label()
            ),
            figure: RequestsPerSecond,
            ours: cell(idle),
            theirs: Some(cell(0)),
            wanted,
        });
    }
    matrix
}

/// TLS 1.3 with one certificate for all; each new connection is a whole handshake.
pub(super) fn tls() -> Matrix {
    let keeping = [
        Server::EPOLL,
        Server::IO_URING,
        Server::TOKIO,
        Server::THREAD_PER_CONNECTION,
    ];
    let all = [&keeping[..], &[Server::SEQUENTIAL]].concat();
    let of = |servers: &[Server], load| {
        let mut matrix = Matrix::empty();
        let nginx = cell(Server::Nginx.over_tls(), load);
        matrix.cells.push(nginx);
        for server in servers.iter().map(|server| server.over_tls()) {
            matrix.cells.push(cell(server, load));
            for (figure, wanted) in [(RequestsPerSecond, AtLeast(1.0)), (ServerUs, Nothing)] {
                matrix.goals.push(Goal {
                    label: format!("{figure}, {} / nginx TLS, {load}", server.label()),
                    figure,
                    ours: cell(server, load),
                    theirs: Some(nginx),
                    wanted,
                });
            }
        }
        matrix
    };
    of(&all, Load::new_each(CONNECTIONS)).and(of(&keeping, Load::kept(CONNECTIONS)))
}

/// The ratios of costs under one load, and the cells that they need.
fn costs(load: Load, ratios: &[Ratio]) -> Matrix {
    let mut matrix = Matrix::empty();
    for &(ours, theirs, wanted) in ratios {
        for server in [ours, theirs] {
            if !matrix.cells.contains(&cell(server, load)) {
                matrix.cells.push(cell(server, load));
            }
        }
        matrix.goals.push(Goal {
            label: format!("{ServerUs}, {} / {}, {load}", ours.label(), theirs.label()),
            figure: ServerUs,
            ours: cell(ours, load),
            theirs: Some(cell(theirs, load)),
            wanted,
        });
    }
    matrix
}

fn cell(server: Server, load: Load) -> Cell {
    Cell {
        server,
        client: CLIENT,
        load,
    }
}
