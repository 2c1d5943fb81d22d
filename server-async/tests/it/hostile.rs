//! What hostile clients do to no model.

use contract::hostile::{
    Serves, holds, holds_websockets, lets_wait_beyond, outlives_exhaustion, refuses_beyond,
    survives,
};
use contract::program::Program;
use contract::push::{drops_who_takes_nothing, pushes, pushes_at_a_rate};
use server_async::model::Model;

use crate::contract::program;

/// With one thread: two could share out the harm that is done to one.
fn alone(model: &'static str) -> Program {
    Program {
        flags: match model {
            "tokio-current-thread" => &[],
            _ => &["--threads", "1"],
        },
        ..program(model)
    }
}

fn survives_hostile_clients(model: &'static str) {
    survives(alone(model), Serves::Everybody).unwrap();
}

contract::tests_of!(survives_hostile_clients by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring]);

fn pushes_to_whoever_connects(model: &'static str) {
    pushes(alone(model), Serves::Everybody).unwrap();
    pushes_at_a_rate(alone(model)).unwrap();
    drops_who_takes_nothing(alone(model), Serves::Everybody).unwrap();
}

contract::tests_of!(pushes_to_whoever_connects by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring]);

fn outlives_a_lack_of_descriptors(model: &'static str) {
    outlives_exhaustion(alone(model)).unwrap();
}

contract::tests_of!(outlives_a_lack_of_descriptors by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring]);

/// All but `select`, which ends at 1024 descriptors.
fn holds_ten_thousand_connections(model: &'static str) {
    match model {
        "select" => {
            refuses_beyond(alone(model), 1024, Some("select cannot watch descriptors")).unwrap();
        }
        _ => holds(alone(model), 10_000).unwrap(),
    }
}

contract::tests_of!(holds_ten_thousand_connections by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring]);

fn holds_ten_thousand_websocket_clients(model: &'static str) {
    match model {
        "select" => holds_websockets(alone(model), 900).unwrap(),
        _ => holds_websockets(alone(model), 10_000).unwrap(),
    }
}

contract::tests_of!(holds_ten_thousand_websocket_clients by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring]);

fn lets_wait_or_refuses_whom_it_may_not_serve(model: &'static str) {
    let most = |flags| Program {
        flags,
        ..program(model)
    };
    lets_wait_beyond(most(&["--max-connections", "4"]), 4).unwrap();
    let refuse = most(&["--max-connections", "4", "--overload", "refuse"]);
    refuses_beyond(refuse, 4, None).unwrap();
}

contract::tests_of!(lets_wait_or_refuses_whom_it_may_not_serve by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring]);
