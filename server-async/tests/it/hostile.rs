//! What hostile clients do to no model.

use contract::hostile::{Serves, survives};
use contract::program::Program;
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
