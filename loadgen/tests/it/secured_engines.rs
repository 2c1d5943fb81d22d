//! TLS with the engines beside `fast`. The fault table has its say on them too.

use crate::engines::assert_opened;
use crate::http2_server::{Act, Http2Server};
use crate::loadgen::{Ended, run};
use crate::record::Counts;
use crate::secure_server::{Authority, Manner, SecureServer};
use crate::tls::succeed;
use crate::way::{ENGINES, OF_HTTP2};

/// Requests of each run that fails.
const REQUESTS: u64 = 4;

fn ask(url: &str, engine: &str, args: &[&str]) -> Ended {
    let requests = REQUESTS.to_string();
    let flags = ["-n", &requests, "-c", "2", "--engine", engine];
    run(&[&flags, args, &[url]].concat())
}

#[test]
fn kept_connections_need_one_handshake_each() {
    for engine in ENGINES {
        let args = ["-n", "40", "-c", "2", "-k", "--engine", engine];
        let (record, clients) = succeed(&Manner::default(), &args);
        assert_opened(&record, engine, 2);
        assert_eq!(record["bytes"]["received"], 40 * 43, "{engine}: plaintext");
        let requests: usize = clients.iter().map(|client| client.requests).sum();
        assert_eq!(record["connections"]["opened"], clients.len(), "{engine}");
        assert_eq!(requests, 40, "{engine}: {clients:?}");
        for client in clients {
            assert_eq!(client.server_name.as_deref(), Some("localhost"), "{engine}");
            // reqwest says it if its tasks come to it before they are dropped.
            assert!(client.said_goodbye || engine != "hyper", "{client:?}");
        }
    }
}

#[test]
fn hyper_tells_what_was_agreed_upon_and_how_long_it_took() {
    let manner = Manner {
        protocols: vec!["h2", "http/1.1"],
        ..Manner::default()
    };
    let (record, _) = succeed(&manner, &["-n", "4", "--engine", "hyper"]);
    assert_eq!(record["target"]["tls"]["version"], "TLSv1.3");
    assert_eq!(record["target"]["tls"]["protocol"], "http/1.1");
    assert_eq!(record["latency_ns"]["connect"]["count"], 4);
    assert_eq!(record["latency_ns"]["tls"]["count"], 4);
}

#[test]
fn sessions_are_resumed_unless_told_otherwise() {
    let manner = Manner {
        resumes: true,
        ..Manner::default()
    };
    for engine in ENGINES {
        let resumed = |flag: &[&str]| {
            let args = [&["-n", "5", "--engine", engine], flag].concat();
            let (record, clients) = succeed(&manner, &args);
            let resumed = clients.iter().filter(|client| client.is_resumed).count();
            if engine == "hyper" {
                assert_eq!(record["connections"]["resumed"], resumed);
            }
            resumed
        };
        assert_eq!(resumed(&[]), 4, "{engine}");
        assert_eq!(resumed(&["--no-resumption"]), 0, "{engine}");
    }
}

#[test]
fn a_certificate_of_ours_that_is_missed_is_tls_handshake() {
    let manner = Manner {
        asks_for_certificate: true,
        ..Manner::default()
    };
    for engine in ENGINES {
        // In TLS 1.3 the server says so only after the client thinks that all is well.
        for version in ["TLS1.2", "TLS1.3"] {
            let server = SecureServer::start(&Authority::new(), &manner);
            let ended = ask(&server.url(), engine, &["-f", version]);
            ended.assert_no_handshake(REQUESTS);
        }
    }
}

#[test]
fn http2_is_agreed_upon_in_the_handshake() {
    for engine in OF_HTTP2 {
        let server = Http2Server::start_encrypted(&[Act::Answer], &["http/1.1", "h2"]);
        let args = ["-n", "100", "-c", "2", "--http2", "--streams", "4"];
        let record = run(&[&args[..], &["--engine", engine, &server.url()]].concat()).record();
        assert_eq!(
            Counts::of_record(&record),
            Counts::new(100, &[]),
            "{engine}"
        );
        assert_eq!(record["connections"]["opened"], 2, "{engine}");
        assert_eq!(record["plan"]["http_version"], "2", "{engine}");
        let log = server.log();
        assert_eq!((log.connections, log.streams_max), (2, 4), "{engine}");
    }
}

#[test]
fn streams_in_tls_begin_by_a_schedule() {
    for engine in OF_HTTP2 {
        let server = Http2Server::start_encrypted(&[Act::Answer], &["h2"]);
        let args = ["-n", "60", "-c", "2", "--http2", "--streams", "4"];
        let rate = ["--rate", "300", "--engine", engine, &server.url()];
        let record = run(&[&args[..], &rate].concat()).record();
        assert_eq!(Counts::of_record(&record), Counts::new(60, &[]), "{engine}");
        assert_eq!(record["schedule"]["intended"], 60, "{engine}");
        assert_eq!(server.log().requests, 60, "{engine}");
    }
}

#[test]
fn a_server_that_does_not_agree_on_http2_is_tls_handshake() {
    for engine in OF_HTTP2 {
        // One refuses, the other one has never heard of agreements.
        for protocols in [&["http/1.1"][..], &[]] {
            let server = Http2Server::start_encrypted(&[Act::Answer], protocols);
            let ended = ask(&server.url(), engine, &["--http2"]);
            ended.assert_no_handshake(REQUESTS);
            assert_eq!(server.log().requests, 0, "{engine}: {protocols:?}");
        }
    }
}
