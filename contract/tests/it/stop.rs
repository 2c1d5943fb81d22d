//! Requests lost when a server stops are noticed.

use crate::server::{Manner, relay, serve, serve_connection, start, subject};
use contract::{Subject, stops_without_losing_requests};
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_server_that_goes_on_is_noticed() {
    let subject = Subject {
        keep_alive: false,
        websocket: false,
        ..subject(start(Manner {
            keep_alive: false,
            ..Manner::RIGHT
        }))
    };
    let error = stops_without_losing_requests(&subject, || ()).unwrap_err();
    assert!(error.to_string().contains("goes on accepting"), "{error:#}");
}

#[test]
fn a_server_that_drops_what_is_under_way_is_noticed() {
    static STOPPED: AtomicBool = AtomicBool::new(false);
    let address = serve(true, |stream| {
        if !STOPPED.load(Ordering::SeqCst) {
            let right = Manner {
                keep_alive: false,
                ..Manner::RIGHT
            };
            serve_connection(right, relay(), stream).ok();
        }
    });
    let subject = Subject {
        keep_alive: false,
        websocket: false,
        ..subject(address)
    };
    let stop = || STOPPED.store(true, Ordering::SeqCst);
    let error = stops_without_losing_requests(&subject, stop).unwrap_err();
    assert!(error.to_string().contains("was lost"), "{error:#}");
}
