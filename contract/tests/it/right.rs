//! The suite accepts a right server.

use crate::server::{Manner, nobody, start, start_at, subject};
use contract::{Subject, verify};
use wire::tls::Protocol;

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
        websocket: false,
        ..subject(address)
    })
    .unwrap();
}

#[test]
fn a_right_server_that_closes_after_each_answer_passes() {
    let address = start(Manner {
        keep_alive: false,
        ..Manner::RIGHT
    });
    verify(&Subject {
        keep_alive: false,
        ..subject(address)
    })
    .unwrap();
}

#[test]
fn a_right_server_passes_through_tls() {
    let manner = Manner {
        tls: Some(&[Protocol::Http11]),
        ..Manner::RIGHT
    };
    verify(&Subject {
        tls: true,
        ..subject(start(manner))
    })
    .unwrap();
}

#[test]
fn a_right_server_passes_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    start_at(&path, Manner::RIGHT);
    verify(&Subject {
        address: path.into(),
        ..subject(nobody())
    })
    .unwrap();
}
