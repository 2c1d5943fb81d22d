//! TLS with the engines beside `fast`. The fault table has its say on them too.

use serde_json::Value;

use crate::behaviour::Behaviour::{ClosesOnAccept, Good, NeverReads, ResetsAtFirstByte};
use crate::certificate::{Certificate, text};
use crate::fault_server::FaultServer;
use crate::http2_server::{Act, Http2Server};
use crate::loadgen::{Ended, run};
use crate::record::Counts;
use crate::script::Script;
use crate::secure_server::{Authority, Client, Manner, SecureServer};
use crate::server::{Kind, Server};

/// The engines by their names in flags and records.
const ENGINES: [&str; 3] = ["hyper", "reqwest", "reqwest-blocking"];

/// Those that speak HTTP/2.
const OF_HTTP2: [&str; 2] = ["hyper", "reqwest"];

/// Requests of each run that fails.
const REQUESTS: u64 = 4;

/// Runs `args` against a server, which must all succeed; the record, and what the server saw.
fn succeed(manner: &Manner, args: &[&str]) -> (Value, Vec<Client>) {
    let server = SecureServer::start(&Authority::new(), manner);
    let ended = run(&[args, &[&server.url()]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let record = ended.record();
    assert_eq!(record["requests"]["failed"], 0, "{record}");
    (record, server.stop())
}

/// Asserts that all requests failed for `cause`, and that the record says why.
fn assert_fails(ended: &Ended, cause: &str) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let counts = Counts::of_record(&ended.record());
    assert_eq!(counts, Counts::new(0, &[(cause, REQUESTS)]), "{ended:?}");
    if cause == "tls_handshake" {
        let error = &ended.record()["target"]["tls_error"];
        assert!(error.is_string(), "{ended:?}");
    }
}

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
        assert_eq!(record["connections"]["opened"], 2, "{engine}");
        assert_eq!(record["connections"]["reused"], 38, "{engine}");
        assert_eq!(record["bytes"]["received"], 40 * 43, "{engine}: plaintext");
        let requests: usize = clients.iter().map(|client| client.requests).sum();
        assert_eq!((clients.len(), requests), (2, 40), "{engine}: {clients:?}");
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
fn a_certificate_that_is_not_trusted_is_tls_handshake() {
    let certificate = Certificate::good();
    let (trusted, another) = (certificate.file(), Certificate::good().file());
    for engine in ENGINES {
        let server = FaultServer::start_encrypted(Script::always(Good), &certificate);
        let ask = |file| ask(&server.url(), engine, &["--cacert", text(file)]);
        assert_eq!(ask(&trusted).code, Some(0), "{engine}");
        let ended = ask(&another);
        assert_fails(&ended, "tls_handshake");
        assert!(ended.stderr.contains("certificate"), "{engine}: {ended:?}");
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
            assert_fails(&ended, "tls_handshake");
        }
    }
}

#[test]
fn a_server_that_does_not_encrypt_is_tls_handshake() {
    let server = Server::start(Kind::Async);
    let url = server.url("/").replace("http:", "https:");
    for engine in ENGINES {
        assert_fails(&ask(&url, engine, &[]), "tls_handshake");
    }
}

#[test]
fn a_handshake_that_is_cut_is_tls_handshake() {
    for engine in ENGINES {
        for behaviour in [ClosesOnAccept, ResetsAtFirstByte] {
            let script = Script::always(behaviour);
            let server = FaultServer::start_encrypted(script, &Certificate::good());
            assert_fails(&ask(&server.url(), engine, &[]), "tls_handshake");
        }
    }
}

#[test]
fn a_handshake_that_stalls_ends_within_the_connect_timeout() {
    let script = Script::always(NeverReads);
    let server = FaultServer::start_encrypted(script, &Certificate::good());
    let limits = ["--connect-timeout", "300ms", "--timeout", "60s"];
    assert_fails(&ask(&server.url(), "hyper", &limits), "tls_handshake");
    // reqwest does not tell which of its steps a connection had come to.
    for engine in ["reqwest", "reqwest-blocking"] {
        assert_fails(&ask(&server.url(), engine, &limits), "connect_timeout");
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
            assert_fails(&ask(&server.url(), engine, &["--http2"]), "tls_handshake");
            assert_eq!(server.log().requests, 0, "{engine}: {protocols:?}");
        }
    }
}
