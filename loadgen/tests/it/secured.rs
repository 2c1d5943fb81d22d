//! What can go wrong before a request is encrypted, or because it was not.

use crate::behaviour::Behaviour::{ClosesOnAccept, Good, NeverReads, ResetsAtFirstByte};
use crate::certificate::Certificate;
use crate::check::at_once;
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::Ended;
use crate::record::Counts;
use crate::script::Script;
use crate::server::{Kind, Server};
use crate::way::Way;

/// Requests of each run.
const REQUESTS: u64 = 6;

#[test]
pub(crate) fn a_server_that_does_not_encrypt_is_tls_handshake() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let url = server.url("/").replace("http:", "https:");
        for way in Way::encrypted() {
            ask(way, &url, &[]).assert_no_handshake(REQUESTS);
        }
    }
}

#[test]
fn a_client_that_does_not_encrypt_hears_no_answer() {
    let certificate = Certificate::good();
    for way in Way::in_the_clear() {
        let server = FaultServer::start_encrypted(Script::always(Good), &certificate);
        let ended = ask(way, &server.url().replace("https:", "http:"), &[]);
        // What comes is an alert.
        ended.assert_all_failed(REQUESTS, "malformed_response");
        assert_eq!(server.stop().played, [], "{}", way.label);
    }
}

#[test]
pub(crate) fn a_certificate_that_is_not_trusted_is_tls_handshake() {
    let certificate = Certificate::good();
    let another = Certificate::good().file();
    for trusted in [&["--verify"][..], &["--cacert", text(&another)]] {
        for way in Way::encrypted() {
            let ended = ask_one_with(way, &certificate, trusted);
            ended.assert_no_handshake(REQUESTS);
            assert!(ended.stderr.contains("certificate"), "{ended:?}");
        }
    }
}

#[test]
fn a_certificate_for_another_name_or_another_time_is_tls_handshake() {
    for certificate in [Certificate::with_another_name(), Certificate::expired()] {
        let file = certificate.file();
        for way in Way::encrypted() {
            let ended = ask_one_with(way, &certificate, &["--cacert", text(&file)]);
            ended.assert_no_handshake(REQUESTS);
        }
    }
}

#[test]
fn a_certificate_is_not_looked_at_unless_that_is_asked_for() {
    for certificate in [
        Certificate::good(),
        Certificate::with_another_name(),
        Certificate::expired(),
    ] {
        for way in Way::encrypted() {
            assert_success(&ask_one_with(way, &certificate, &[]));
        }
    }
}

#[test]
fn a_certificate_that_is_trusted_is_good() {
    let certificate = Certificate::good();
    let file = certificate.file();
    for way in Way::encrypted() {
        assert_success(&ask_one_with(way, &certificate, &["--cacert", text(&file)]));
    }
}

#[test]
fn a_handshake_that_is_cut_is_tls_handshake() {
    let certificate = Certificate::good();
    for behaviour in [ClosesOnAccept, ResetsAtFirstByte] {
        for way in Way::encrypted() {
            let script = Script::always(behaviour);
            let server = FaultServer::start_encrypted(script, &certificate);
            ask(way, &server.url(), &[]).assert_all_failed(REQUESTS, "tls_handshake");
            let played = server.stop().played;
            assert_eq!(played, [behaviour; REQUESTS as usize], "{}", way.label);
        }
    }
}

#[test]
fn a_handshake_that_stalls_is_tls_handshake_within_the_connect_timeout() {
    let certificate = Certificate::good();
    at_once(&Way::encrypted(), |way| {
        let script = Script::always(NeverReads);
        let server = FaultServer::start_encrypted(script, &certificate);
        let limits = ["--connect-timeout", "300ms", "--timeout", "60s"];
        // reqwest does not tell which of its steps a connection had come to.
        let cause = match way.is_of_reqwest() {
            true => "connect_timeout",
            false => "tls_handshake",
        };
        ask(way, &server.url(), &limits).assert_all_failed(REQUESTS, cause);
        let accepted = server.stop().connections_accepted;
        assert_eq!(accepted, REQUESTS as usize, "{}", way.label);
    });
}

/// A run against a server that has this certificate and answers well.
fn ask_one_with(way: Way, certificate: &Certificate, args: &[&str]) -> Ended {
    let server = FaultServer::start_encrypted(Script::always(Good), certificate);
    ask(way, &server.url(), args)
}

fn ask(way: Way, url: &str, args: &[&str]) -> Ended {
    let requests = REQUESTS.to_string();
    way.run(&[&["-n", &requests, "-c", "2"], args, &[url]].concat())
}

fn assert_success(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = Counts::new(REQUESTS, &[]);
    assert_eq!(Counts::of_record(&ended.record()), expected, "{ended:?}");
}
