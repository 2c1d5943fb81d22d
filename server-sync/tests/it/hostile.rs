//! What hostile clients do to no model.

use contract::hostile::{Serves, survives};
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
