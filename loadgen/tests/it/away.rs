//! The rows of the fault table in which the server is not there: it refuses,
//! its accept queue is full, it restarts, or its name leads nowhere.

use std::net::SocketAddr;

use rustix::process::Signal;

use crate::behaviour::Behaviour::{Good, Silent};
use crate::check::{EVERY_MANNER, at_once};
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::loadgen::{command, start};
use crate::record::{Counts, codes};
use crate::sandbox::Sandbox;
use crate::script::Script;
use crate::way::Way;

/// What is said of a connection that the kernel had to ask for again.
const ASKED_AGAIN: [&str; 2] = ["syn_retransmits", "accept_queue_overflow"];

#[test]
pub(crate) fn a_closed_port_is_connect_refused_and_a_run_without_success_exits_1() {
    let closed = ClosedPort::new();
    let url = closed.url();
    for way in Way::in_the_clear() {
        for manner in way.manners(EVERY_MANNER) {
            let ended = way.run(&[&["-n", "20", &url], manner].concat());
            ended.assert_all_failed(20, "connect_refused");
        }
    }
}

#[test]
pub(crate) fn a_network_without_a_way_to_the_server_is_connect_unreachable() {
    Sandbox::run(|_| {
        // There is nothing but loopback. The address is for documentation (RFC 5737).
        for way in Way::in_the_clear() {
            let ended = way.run(&["-n", "5", "http://192.0.2.1/"]);
            ended.assert_all_failed(5, "connect_unreachable");
        }
    });
}

#[test]
pub(crate) fn a_full_accept_queue_is_connect_timeout() {
    Sandbox::run(|sandbox| {
        let (listener, _queue) = sandbox.full_listener();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        at_once(&Way::in_the_clear(), |way| {
            // reqwest may name the wrong one of two limits that end together.
            let limit = match way.is_of_reqwest() {
                true => "--connect-timeout",
                false => "--timeout",
            };
            // Longer than the second after which the kernel asks again.
            let ended = way.run(&["-n", "3", "-c", "3", limit, "1500ms", &url]);
            let record = ended.assert_all_failed(3, "connect_timeout");
            for code in ASKED_AGAIN {
                assert!(codes(&record).contains(&code), "{code}: {record}");
            }
        });
    });
}

#[test]
pub(crate) fn an_accept_queue_that_was_full_for_a_while_costs_time_and_is_told() {
    Sandbox::run(|sandbox| {
        let (listener, _queue) = sandbox.full_listener();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let running = start(command(&["-n", "3", "-c", "3", &url]));
        sandbox.wait_for_counter("TcpExt", "ListenOverflows", 3);
        let server = FaultServer::start_with(listener, Script::always(Good));

        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let record = ended.record();
        assert_eq!(Counts::of_record(&record), Counts::new(3, &[]));
        let log = server.stop();
        assert_eq!(log.played, [Good; 3]);
        assert_eq!(log.connections_accepted, 1 + 3);

        for code in ASKED_AGAIN {
            assert!(codes(&record).contains(&code), "{code}: {record}");
        }
        let network = &record["network"];
        assert_eq!(
            network["syn_retransmits"],
            sandbox.counter("TcpExt", "TCPSynRetrans")
        );
        let quickest_ns = record["latency_ns"]["connect"]["min"].as_u64().unwrap();
        assert!(
            quickest_ns > 900_000_000,
            "the kernel waits a second: {record}"
        );
    });
}

#[test]
pub(crate) fn a_restart_fails_what_it_meets_and_nothing_else() {
    for manner in [&["-c", "1"][..], &["-c", "3", "-k"]] {
        Sandbox::run(|sandbox| restart_under_load(sandbox, manner));
    }
}

/// Ten answers before, ten after; at both ends each connection waits for an answer that does not
/// come, so that none of the twenty is on its way then.
fn restart_under_load(sandbox: &Sandbox, manner: &[&str]) {
    let connections: usize = manner[1].parse().unwrap();
    let script = Script::good_then(10, Silent);
    let before = FaultServer::start(script.clone());
    let url = before.url();
    let running = start(command(&[manner, &["-n", "1000000000", &url]].concat()));
    before.wait_until(|log| log.played.len() == 10 + connections);
    let address = before.address();
    before.stop();
    // A SYN that was answered with a reset.
    sandbox.wait_for_counter("Tcp", "AttemptFails", 1);
    let after = FaultServer::start_on(address, script);
    after.wait_until(|log| log.played.len() == 10 + connections);
    running.signal(Signal::INT);

    let record = running.end().record();
    let counts = Counts::of_record(&record);
    assert_eq!(counts.succeeded, 20, "{counts:?}");
    assert_eq!(counts.cancelled, connections as u64, "{counts:?}");
    let failed = |cause: &str| counts.failed_for(cause);
    let refused = failed("connect_refused");
    // What waited for an answer, and what connected while the server was closing down.
    assert!(
        failed("closed_before_response") >= connections as u64,
        "{counts:?}"
    );
    let met = [
        "closed_before_response",
        "connect_reset",
        "write_reset",
        "read_reset",
    ];
    let met: u64 = met.into_iter().map(failed).sum();
    assert_eq!(counts.failed(), refused + met, "{counts:?}");
    // Those that were refused, and perhaps some whose handshake ended while the server was closing
    // its listener: these have connected, for all that the client knows, and met a reset.
    let attempts = sandbox.counter("Tcp", "AttemptFails");
    assert!(
        (refused..=refused + met).contains(&attempts),
        "{attempts}: {counts:?}"
    );
    after.stop();
}

#[test]
pub(crate) fn a_name_that_does_not_resolve_is_dns_for_each_request() {
    Sandbox::run(|sandbox| {
        // So that it is known at once.
        sandbox.replace("/etc/nsswitch.conf", "hosts: files\n");
        for way in Way::ALL.iter().filter(|way| way.is_offered()) {
            let args = ["-n", "5", "-c", "2", "http://nowhere.invalid/"];
            let ended = way.run(&args);
            ended.assert_one_line_on_stderr(&["nowhere.invalid", "dns"]);
            ended.assert_all_failed(5, "dns");
        }
    });
}

#[test]
pub(crate) fn a_dead_address_before_a_live_one_is_no_failure() {
    Sandbox::run(|sandbox| {
        sandbox.replace("/etc/hosts", "127.0.0.1 two.test\n127.0.0.2 two.test\n");
        // The resolver names that first which resembles the address it is reached from.
        let alive = SocketAddr::from(([127, 0, 0, 2], 0));
        let server = FaultServer::start_on(alive, Script::always(Good));
        let url = format!("http://two.test:{}/", server.address().port());
        let mut runs = 0;
        for way in Way::in_the_clear() {
            for manner in way.manners(EVERY_MANNER) {
                let record = way.run(&[&["-n", "20"], manner, &[&url]].concat()).record();
                let counts = Counts::of_record(&record);
                assert_eq!(counts, Counts::new(20, &[]), "{} {manner:?}", way.label);
                runs += 1;
            }
        }
        assert_eq!(server.stop().played.len(), 20 * runs);
    });
}
