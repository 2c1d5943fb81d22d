//! Every model does what every server must do, however it is reached.

use contract::program::Program;
use contract::{Transport, asks_who_is_silent, stops_without_losing_requests, verify};
use rustix::process::Signal;
use server_sync::Model;

use crate::process::PROGRAM;

/// The threads of the pool.
pub(crate) const POOL_THREADS: usize = 16;
const POOL_THREADS_FLAG: &str = "16";

/// The program as the suite starts it. The pool has fewer threads than the suite has clients.
pub(crate) fn program(model: &'static str) -> Program {
    Program {
        path: PROGRAM,
        model,
        flags: match model {
            "thread-pool" => &["--threads", POOL_THREADS_FLAG],
            _ => &[],
        },
        keep_alive: model != Model::Sequential.label(),
        websocket: model != Model::Sequential.label(),
    }
}

fn keeps_the_contract(model: &'static str, transport: Transport) {
    check(program(model), transport);
}

contract::tests_of!(keeps_the_contract by Model::ALL.map(Model::label) =>
    [sequential, thread_per_connection, thread_pool] over [tcp, unix, tls, tls_over_unix]);

/// `sequential` has no such clients.
fn asks_websocket_clients_who_are_silent(model: &'static str, transport: Transport) {
    asks_who_is_silent(program(model), transport).unwrap();
}

contract::tests_of!(asks_websocket_clients_who_are_silent by with_websocket() =>
    [thread_per_connection, thread_pool] over [tcp, tls_over_unix]);

fn with_websocket() -> Vec<&'static str> {
    let mut models = Model::ALL.map(Model::label).to_vec();
    models.retain(|model| program(model).websocket);
    models
}

#[test]
fn thread_per_connection_without_keep_alive_keeps_the_contract() {
    let program = Program {
        flags: &["--no-keep-alive"],
        keep_alive: false,
        ..program("thread-per-connection")
    };
    check(program, Transport::Tcp);
}

fn check(program: Program, transport: Transport) {
    let (process, subject) = program.start(transport).unwrap();
    verify(&subject).unwrap();
    let stop = || process.signal(Signal::TERM).unwrap();
    stops_without_losing_requests(&subject, stop).unwrap();
    let ended = process.wait().unwrap();
    assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
}
