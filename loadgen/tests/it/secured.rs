//! What can go wrong before a request is encrypted, or because it was not.

use crate::behaviour::Behaviour::{ClosesOnAccept, Good, NeverReads, ResetsAtFirstByte};
use crate::certificate::{Certificate, text};
use crate::fault_server::FaultServer;
use crate::loadgen::{Ended, run};
use crate::record::Counts;
use crate::script::Script;
use crate::server::{Kind, Server};

/// Requests of each run.
const REQUESTS: u64 = 6;

#[test]
pub(crate) fn a_server_that_does_not_encrypt_is_tls_handshake() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let url = server.url("/").replace("http:", "https:");
        assert_no_handshake(&ask(&url, &[]));
    }
}

#[test]
fn a_client_that_does_not_encrypt_hears_no_answer() {
    let server = FaultServer::start_encrypted(Script::always(Good), &Certificate::good());
    let ended = ask(&server.url().replace("https:", "http:"), &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    // What comes is an alert.
    let expected = Counts::new(0, &[("malformed_response", REQUESTS)]);
    assert_eq!(Counts::of_record(&ended.record()), expected);
    assert_eq!(server.stop().played, []);
}

#[test]
pub(crate) fn a_certificate_that_is_not_trusted_is_tls_handshake() {
    let certificate = Certificate::good();
    let ended = ask_one_with(&certificate, &["--verify"]);
    assert_no_handshake(&ended);

    let another = Certificate::good().file();
    assert_no_handshake(&ask_one_with(&certificate, &["--cacert", text(&another)]));
}

#[test]
fn a_certificate_for_another_name_is_tls_handshake() {
    let certificate = Certificate::with_another_name();
    let file = certificate.file();
    assert_no_handshake(&ask_one_with(&certificate, &["--cacert", text(&file)]));
}

#[test]
fn a_certificate_that_has_expired_is_tls_handshake() {
    let certificate = Certificate::expired();
    let file = certificate.file();
    assert_no_handshake(&ask_one_with(&certificate, &["--cacert", text(&file)]));
}

#[test]
fn a_certificate_is_not_looked_at_unless_that_is_asked_for() {
    for certificate in [
        Certificate::good(),
        Certificate::with_another_name(),
        Certificate::expired(),
    ] {
        assert_success(&ask_one_with(&certificate, &[]));
    }
}

#[test]
fn a_certificate_that_is_trusted_is_good() {
    let certificate = Certificate::good();
    let file = certificate.file();
    assert_success(&ask_one_with(&certificate, &["--cacert", text(&file)]));
}

#[test]
fn a_handshake_that_is_cut_is_tls_handshake() {
    for behaviour in [ClosesOnAccept, ResetsAtFirstByte] {
        let script = Script::always(behaviour);
        let server = FaultServer::start_encrypted(script, &Certificate::good());
        assert_no_handshake(&ask(&server.url(), &[]));
        assert_eq!(server.stop().played, [behaviour; REQUESTS as usize]);
    }
}

#[test]
fn a_handshake_that_stalls_is_tls_handshake_within_the_connect_timeout() {
    let script = Script::always(NeverReads);
    let server = FaultServer::start_encrypted(script, &Certificate::good());
    let limits = ["--connect-timeout", "300ms", "--timeout", "60s"];
    assert_no_handshake(&ask(&server.url(), &limits));
    assert_eq!(server.stop().connections_accepted, REQUESTS as usize);
}

/// A run against a server that has this certificate and answers well.
fn ask_one_with(certificate: &Certificate, args: &[&str]) -> Ended {
    let server = FaultServer::start_encrypted(Script::always(Good), certificate);
    ask(&server.url(), args)
}

fn ask(url: &str, args: &[&str]) -> Ended {
    let requests = REQUESTS.to_string();
    run(&[&["-n", &requests, "-c", "2"], args, &[url]].concat())
}

fn assert_no_handshake(ended: &Ended) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = Counts::new(0, &[("tls_handshake", REQUESTS)]);
    assert_eq!(Counts::of_record(&ended.record()), expected, "{ended:?}");
}

fn assert_success(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = Counts::new(REQUESTS, &[]);
    assert_eq!(Counts::of_record(&ended.record()), expected, "{ended:?}");
}
