//! What hostile clients do to no model.

use contract::hostile::{
    Serves, holds, holds_websockets, lets_wait_beyond, outlives_exhaustion, refuses_beyond,
    survives,
};
use contract::program::Program;
use contract::push::{drops_who_takes_nothing, pushes, pushes_at_a_rate};
use server_sync::Model;

use crate::contract::{POOL_THREADS, program};

/// How many clients the model serves at once, as the suite starts it.
pub(crate) fn serves(model: &str) -> Serves {
    match model {
        "sequential" => Serves::AtMost(1),
        "thread-pool" => Serves::AtMost(POOL_THREADS),
        _ => Serves::Everybody,
    }
}

fn survives_hostile_clients(model: &'static str) {
    survives(program(model), serves(model)).unwrap();
}

contract::tests_of!(survives_hostile_clients by Model::ALL.map(Model::label) =>
    [sequential, thread_per_connection, thread_pool]);

fn pushes_to_whoever_connects(model: &'static str) {
    pushes(program(model), serves(model)).unwrap();
    pushes_at_a_rate(program(model)).unwrap();
    drops_who_takes_nothing(program(model), serves(model)).unwrap();
}

contract::tests_of!(pushes_to_whoever_connects by Model::ALL.map(Model::label) =>
    [sequential, thread_per_connection, thread_pool]);

fn outlives_a_lack_of_descriptors(model: &'static str) {
    outlives_exhaustion(program(model)).unwrap();
}

contract::tests_of!(outlives_a_lack_of_descriptors by Model::ALL.map(Model::label) =>
    [sequential, thread_per_connection, thread_pool]);

/// `sequential` keeps no connection, so that nothing can be idle there (`hostile` looks that it
/// closes them); the pool holds as many as it has threads, which is the test below.
#[test]
fn thread_per_connection_holds_ten_thousand_connections() {
    holds(program("thread-per-connection"), 10_000).unwrap();
}

#[test]
fn thread_per_connection_holds_ten_thousand_websocket_clients() {
    holds_websockets(program("thread-per-connection"), 10_000).unwrap();
}

#[test]
fn thread_pool_serves_as_many_as_it_has_threads_and_lets_the_others_wait_or_refuses_them() {
    let pool = |flags| Program {
        flags,
        ..program("thread-pool")
    };
    let four = &["--threads", "4", "--queue", "0"];
    lets_wait_beyond(pool(four), 4).unwrap();
    let refuse = &["--threads", "4", "--queue", "0", "--overload", "refuse"];
    refuses_beyond(pool(refuse), 4, None).unwrap();
}

#[test]
fn thread_per_connection_lets_wait_or_refuses_whom_it_may_not_serve() {
    let most = |flags| Program {
        flags,
        ..program("thread-per-connection")
    };
    lets_wait_beyond(most(&["--max-connections", "4"]), 4).unwrap();
    let refuse = &["--max-connections", "4", "--overload", "refuse"];
    refuses_beyond(most(refuse), 4, None).unwrap();
}

#[test]
fn a_server_that_does_otherwise_than_promised_is_found() {
    let sequential = Program {
        keep_alive: true,
        ..program("sequential")
    };
    let error = holds(sequential, 2).unwrap_err();
    assert!(format!("{error:#}").contains("connection 0"), "{error:#}");
    let unlimited = program("thread-per-connection");
    let error = lets_wait_beyond(unlimited, 4).unwrap_err();
    assert!(error.to_string().contains("one more than 4"), "{error:#}");
    let error = refuses_beyond(unlimited, 4, None).unwrap_err();
    assert!(error.to_string().contains("more than 4"), "{error:#}");
}
