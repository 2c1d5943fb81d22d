//! Every model does what every server must do.

use contract::{
    GOLDEN_KEEP_ALIVE_TRANSCRIPT, GOLDEN_TRANSCRIPT, Subject, keep_alive_transcript,
    stops_without_losing_requests, transcript, verify,
};
use server_sync::Model;

use crate::server::{self, READ_TIMEOUT, Server};

fn check_contract(model: Model, keep_alive: bool) {
    let mut options = server::options(model);
    options.connection.keep_alive = keep_alive;
    let mut server = Server::start_with(model, options);
    let subject = Subject {
        address: server.address,
        read_timeout: READ_TIMEOUT,
        keep_alive,
    };
    verify(&subject).unwrap();
    assert_eq!(transcript(&subject).unwrap(), GOLDEN_TRANSCRIPT);
    if keep_alive {
        let transcript = keep_alive_transcript(&subject).unwrap();
        assert_eq!(transcript, GOLDEN_KEEP_ALIVE_TRANSCRIPT);
    }
    stops_without_losing_requests(&subject, || server.ask_to_stop()).unwrap();
}

#[test]
fn sequential_keeps_the_contract() {
    check_contract(Model::Sequential, false);
}

#[test]
fn thread_per_connection_keeps_the_contract() {
    check_contract(Model::ThreadPerConnection, true);
}

#[test]
fn thread_per_connection_without_keep_alive_keeps_the_contract() {
    check_contract(Model::ThreadPerConnection, false);
}

#[test]
fn thread_pool_keeps_the_contract() {
    check_contract(Model::ThreadPool, true);
}
