//! Every model does what every server must do, however it is reached.

use contract::program::Program;
use contract::{Transport, asks_who_is_silent, stops_without_losing_requests, verify};
use rustix::process::Signal;
use server_async::model::Model;

use crate::program::SERVER;

/// The models that are loops of ours.
pub(crate) const LOOPS: [&str; 4] = ["select", "poll", "epoll", "io-uring"];

/// The program as the suite starts it, with several threads, however few the cores, where the
/// model has a choice by itself.
pub(crate) fn program(model: &'static str) -> Program {
    Program {
        path: SERVER,
        model,
        flags: match model {
            "tokio-current-thread" => &[],
            _ => &["--threads", "2"],
        },
        keep_alive: true,
        websocket: true,
    }
}

fn keeps_the_contract(model: &'static str, transport: Transport) {
    let (process, subject) = program(model).start(transport).unwrap();
    verify(&subject).unwrap();
    let stop = || process.signal(Signal::TERM).unwrap();
    stops_without_losing_requests(&subject, stop).unwrap();
    let ended = process.wait().unwrap();
    assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
}

contract::tests_of!(keeps_the_contract by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring] over [tcp, unix, tls, tls_over_unix]);

fn asks_websocket_clients_who_are_silent(model: &'static str, transport: Transport) {
    asks_who_is_silent(program(model), transport).unwrap();
}

contract::tests_of!(asks_websocket_clients_who_are_silent by Model::ALL.map(Model::label) =>
    [tokio, tokio_current_thread, select, poll, epoll, io_uring] over [tcp, tls_over_unix]);
