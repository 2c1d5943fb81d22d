//! Closed loops: every client as fast as it can, beside others under the same load.

use crate::client::{Client, Driver};
use crate::goal::Figure::{self, ClientRssMib, ClientUs, RequestsPerSecond};
use crate::goal::Goal;
use crate::goal::Wanted::{self, AtLeast, AtMost};
use crate::load::{Answer, Load};
use crate::matrix::{Cell, Matrix};
use crate::server::Server;

/// Connections where nothing is said of their number.
const CONNECTIONS: usize = 64;

/// How much more than the bare loop an engine may cost that parses, counts and keeps time.
const BARE_RATIO_MAX: f64 = 1.05;

/// What every load generator is measured with in turns.
const LOADGEN: [Client; 2] = [
    Client::Loadgen(Driver::Epoll),
    Client::Loadgen(Driver::IoUring),
];
const BARE: [Client; 2] = [Client::Bare(Driver::Epoll), Client::Bare(Driver::IoUring)];

pub(super) fn keep_alive() -> Matrix {
    let load = Load::kept(CONNECTIONS);
    let peers = [
        (Client::Wrk, 0.80),
        (Client::H2load, 0.70),
        (Client::Oha, 0.35),
    ];
    let mut clients = [LOADGEN, BARE].concat();
    clients.extend(peers.map(|(client, _)| client));
    clients.push(Client::Hey);
    beside_peers(load, &clients, &peers)
}

pub(super) fn new_connection() -> Matrix {
    let load = Load::new_each(CONNECTIONS);
    let peers = [(Client::Ab, 0.80), (Client::Oha, 0.75)];
    let mut clients = [LOADGEN, BARE].concat();
    clients.extend(peers.map(|(client, _)| client));
    beside_peers(load, &clients, &peers)
}

pub(super) fn many_connections() -> Matrix {
    let load = |connections| Load {
        opened_before: true,
        ..Load::kept(connections)
    };
    let clients = [LOADGEN, BARE].concat();
    let loads = [CONNECTIONS, 1000, 10_000].map(load);
    let mut goals = Vec::new();
    for driver in Driver::ALL {
        let ours = |connections| nginx(Client::Loadgen(driver), load(connections));
        let label = driver.label();
        for connections in [1000, 10_000] {
            goals.push(Goal {
                label: format!("{ClientUs}, loadgen {label}: {connections} / {CONNECTIONS}"),
                figure: ClientUs,
                ours: ours(connections),
                theirs: Some(ours(CONNECTIONS)),
                wanted: AtMost(1.15),
            });
        }
        let mut to_bare = beside_bare(driver, load(10_000));
        to_bare.label += ", 10000";
        goals.push(to_bare);
        goals.push(Goal {
            label: format!("{ClientRssMib}, loadgen {label}, 10000"),
            figure: ClientRssMib,
            ours: ours(10_000),
            theirs: None,
            wanted: AtMost(200.0),
        });
    }
    Matrix {
        seconds: 2,
        cells: Cell::each(Server::Nginx, &clients, &loads),
        goals,
    }
}

pub(super) fn large_answers() -> Matrix {
    let mut matrix = Matrix {
        seconds: 1,
        cells: Vec::new(),
        goals: Vec::new(),
    };
    let clients = [LOADGEN.as_slice(), &[Client::Wrk]].concat();
    let loads = [16 << 10, 1 << 20].map(|bytes| Load {
        answer: Answer::Bytes(bytes),
        ..Load::kept(CONNECTIONS)
    });
    for server in [Server::Nginx, Server::TOKIO] {
        matrix.cells.extend(Cell::each(server, &clients, &loads));
        for (client, load) in LOADGEN
            .iter()
            .flat_map(|client| loads.map(|load| (client, load)))
        {
            let goal = ratio(ClientUs, server, (*client, Client::Wrk), load, AtMost(1.0));
            matrix.goals.push(Goal {
                label: format!("{}, {}, {}", goal.label, server.label(), load.answer),
                ..goal
            });
        }
    }
    matrix
}

pub(super) fn tls() -> Matrix {
    let (kept, new) = (Load::kept(CONNECTIONS), Load::new_each(CONNECTIONS));
    let server = Server::NginxTls;
    let beside = |peers: &[Client]| [&LOADGEN, peers].concat();
    let cells = [
        Cell::each(server, &beside(&[Client::Wrk, Client::Oha]), &[kept]),
        Cell::each(server, &beside(&[Client::Ab]), &[new]),
    ];
    let goals = LOADGEN.map(|ours| {
        [
            ratio(ClientUs, server, (ours, Client::Wrk), kept, AtMost(0.9)),
            ratio(
                RequestsPerSecond,
                server,
                (ours, Client::Ab),
                new,
                AtLeast(1.0),
            ),
        ]
    });
    Matrix {
        seconds: 2,
        cells: cells.concat(),
        goals: goals.into_iter().flatten().collect(),
    }
}

/// `clients` against nginx: loadgen's drivers beside the bare loops and beside `peers`, each with
/// the highest ratio of costs. How the bare loops stand beside the same tells what can be wanted.
fn beside_peers(load: Load, clients: &[Client], peers: &[(Client, f64)]) -> Matrix {
    let mut goals = Vec::new();
    for driver in Driver::ALL {
        goals.push(beside_bare(driver, load));
        for &(peer, most) in peers {
            let pair = (Client::Loadgen(driver), peer);
            goals.push(ratio(ClientUs, Server::Nginx, pair, load, AtMost(most)));
        }
        for &(peer, _) in peers {
            let pair = (Client::Bare(driver), peer);
            goals.push(ratio(ClientUs, Server::Nginx, pair, load, Wanted::Nothing));
        }
    }
    Matrix {
        seconds: 2,
        cells: Cell::each(Server::Nginx, clients, &[load]),
        goals,
    }
}

fn beside_bare(driver: Driver, load: Load) -> Goal {
    let pair = (Client::Loadgen(driver), Client::Bare(driver));
    ratio(ClientUs, Server::Nginx, pair, load, AtMost(BARE_RATIO_MAX))
}

/// A figure of one client, divided by that of another under the same load.
fn ratio(
    figure: Figure,
    server: Server,
    (ours, theirs): (Client, Client),
    load: Load,
    wanted: Wanted,
) -> Goal {
    let cell = |client| Cell {
        server,
        client,
        load,
    };
    Goal {
        label: format!("{figure}, {} / {}", ours.label(), theirs.label()),
        figure,
        ours: cell(ours),
        theirs: Some(cell(theirs)),
        wanted,
    }
}

fn nginx(client: Client, load: Load) -> Cell {
    Cell {
        server: Server::Nginx,
        client,
        load,
    }
}
