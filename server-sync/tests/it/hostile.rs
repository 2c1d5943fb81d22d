//! What hostile clients do to no model.

use contract::Transport;
use contract::hostile::{Serves, Victim, survives};
use contract::program::WRITE_TIMEOUT;
use server_sync::Model;

use crate::contract::{POOL_THREADS, program};

fn survives_hostile_clients(model: &'static str, transport: Transport) {
    let (process, subject) = program(model).start(transport).unwrap();
    survives(&Victim {
        process: &process,
        subject: &subject,
        write_timeout: WRITE_TIMEOUT,
        serves: match model {
            "sequential" => Serves::AtMost(1),
            "thread-pool" => Serves::AtMost(POOL_THREADS),
            _ => Serves::Everybody,
        },
    })
    .unwrap();
    let ended = process.stop().unwrap();
    assert_eq!(ended.err, "");
}

contract::tests_of!(survives_hostile_clients by Model::ALL.map(Model::label) =>
    [sequential, thread_per_connection, thread_pool] over [tcp]);
