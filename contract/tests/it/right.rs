//! The suite accepts a right server.

use crate::server::{Manner, start, subject};
use contract::{Subject, verify};

#[test]
fn a_right_server_passes() {
    verify(&subject(start(Manner::RIGHT))).unwrap();
}

#[test]
fn a_right_server_that_serves_one_at_a_time_and_closes_passes() {
    let address = start(Manner {
        sequential: true,
        keep_alive: false,
        ..Manner::RIGHT
    });
    verify(&Subject {
        keep_alive: false,
        ..subject(address)
    })
    .unwrap();
}
