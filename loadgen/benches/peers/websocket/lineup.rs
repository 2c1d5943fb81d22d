//! Who plays through whose relay, and what is to come of it.

use super::client::{Client, Waiting};
use super::library::{Library, Loop};
use super::turn::Turn;
use super::{Cell, Cells};
use crate::goal::Wanted::{self, AtLeast, Nothing};
use crate::goal::{Value, Verdict};
use crate::rounds::Measured;
use crate::server::Server;
use crate::stand_in::StandIn;

/// The relay that ours are held against.
pub(super) const BARE: Server = Server::StandIn(StandIn::BareRelay);

const BARE_THREADS: Server = Server::StandIn(StandIn::BareRelayThreads);

/// Pairs that play at once, where there are many.
const MANY: usize = 1000;

/// Ours but for `sequential`, which one client would own.
const OURS: [Server; 8] = [
    Server::THREAD_PER_CONNECTION,
    Server::THREAD_POOL,
    Server::SELECT,
    Server::POLL,
    Server::EPOLL,
    Server::IO_URING,
    Server::TOKIO,
    Server::TOKIO_CURRENT_THREAD,
];

/// Those of ours that serve two thousand clients as they are: the pool has no such number of
/// threads, and select no such descriptors.
const OURS_OF_MANY: [Server; 6] = [
    Server::THREAD_PER_CONNECTION,
    Server::POLL,
    Server::EPOLL,
    Server::IO_URING,
    Server::TOKIO,
    Server::TOKIO_CURRENT_THREAD,
];

/// Every relay with both of our clients, and others' with their own.
pub(super) fn one_pair() -> Vec<Cell> {
    let theirs = Library::ALL.map(Server::Relay);
    let relays = [&[BARE, BARE_THREADS], &OURS[..], &theirs[..]].concat();
    let with_ours = relays.into_iter().flat_map(|relay| {
        Client::OURS.map(|client| Cell {
            relay,
            client,
            pairs: 1,
        })
    });
    with_ours
        .chain(Library::ALL.map(|library| both_ends(library, 1)))
        .collect()
}

/// Every relay with the client of its own kind.
pub(super) fn many_pairs() -> Vec<Cell> {
    let relays = [&[BARE], &OURS_OF_MANY[..]].concat();
    let ours = relays.into_iter().map(|relay| Cell {
        relay,
        client: Client::Ours(Waiting::Async),
        pairs: MANY,
    });
    let theirs = [
        Library::Ws,
        Library::Websockets(Loop::Uvloop),
        Library::Aiohttp(Loop::Uvloop),
    ];
    ours.chain(theirs.map(|library| both_ends(library, MANY)))
        .collect()
}

fn both_ends(library: Library, pairs: usize) -> Cell {
    Cell {
        relay: Server::Relay(library),
        client: Client::Theirs(library),
        pairs,
    }
}

/// Our fastest against the others with one pair.
pub(super) fn judge_one(cells: &Cells) -> Vec<Verdict> {
    let wanted = [AtLeast(0.9), AtLeast(1.5), AtLeast(3.0), Nothing];
    judge("1 pair", cells, &wanted)
}

/// The same with many, which none plays on asyncio's loop.
pub(super) fn judge_many(cells: &Cells) -> Vec<Verdict> {
    judge("1000 pairs", cells, &[Nothing, AtLeast(5.0), Nothing])
}

/// The fastest of our relays with our client against the bare relay with the same client, Node on
/// both ends, and the fastest Python on both ends, at all and without uvloop. The others are
/// compared by what they make of the bare relay beside them.
fn judge(pairs: &str, cells: &Cells, wanted: &[Wanted]) -> Vec<Verdict> {
    let ours = fastest(cells, |cell| matches!(cell.relay, Server::Ours { .. }));
    let on_node = fastest(cells, |cell| cell.client == Client::Theirs(Library::Ws));
    let python_of = |is_meant: fn(Library) -> bool| {
        fastest(
            cells,
            |cell| matches!(cell.client, Client::Theirs(it) if it.is_python() && is_meant(it)),
        )
    };
    let on_python = python_of(|_| true);
    let on_asyncio = python_of(Library::is_on_asyncio);
    let beside = |other: Option<&Measured<Cell, Turn>>| ours?.beside_bare(other?);
    [
        (
            "the bare relay".to_owned(),
            ours.and_then(Measured::of_bare),
        ),
        (
            format!("Node on both ends ({})", name_of(on_node)),
            beside(on_node),
        ),
        (
            format!("fastest Python ({})", name_of(on_python)),
            beside(on_python),
        ),
        (
            format!("fastest Python on asyncio's loop ({})", name_of(on_asyncio)),
            beside(on_asyncio),
        ),
    ]
    .into_iter()
    .zip(wanted)
    .map(|((name, ratio), &wanted)| Verdict {
        label: format!("{pairs}: {} / {name}", name_of(ours)),
        value: ratio.map(Value::Rounds),
        wanted,
    })
    .collect()
}

/// The one that makes the most of the bare relay beside it, median of the rounds.
fn fastest(cells: &Cells, is_meant: impl Fn(&Cell) -> bool) -> Option<&Measured<Cell, Turn>> {
    let median = |measured: &&Measured<Cell, Turn>| Some(measured.of_bare()?.median);
    cells
        .iter()
        .filter(|measured| is_meant(&measured.cell) && median(measured).is_some())
        .max_by(|a, b| f64::total_cmp(&median(a).unwrap_or(0.0), &median(b).unwrap_or(0.0)))
}

/// `epoll, loadgen-async`: the relay, and the client unless it is of the same kind.
fn name_of(measured: Option<&Measured<Cell, Turn>>) -> String {
    let Some(Measured { cell, .. }) = measured else {
        return "none".to_owned();
    };
    let (relay, client) = (cell.relay.label(), cell.client.label());
    match relay == client {
        true => relay,
        false => format!("{relay}, {client}"),
    }
}
