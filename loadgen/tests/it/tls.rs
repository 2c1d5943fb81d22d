//! TLS as it should be: handshakes, sessions, certificates, names.

use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};

use crate::files::{file_with, text};
use crate::loadgen::{Ended, run};
use crate::secure_server::{Authority, Client, Manner, SecureServer};

/// Runs `args` against a server, which must all succeed; the record, and what the server saw.
pub(crate) fn succeed(manner: &Manner, args: &[&str]) -> (Value, Vec<Client>) {
    let server = SecureServer::start(&Authority::new(), manner);
    let ended = run(&[args, &[&server.url()]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let record = ended.record();
    assert_eq!(record["requests"]["failed"], 0, "{record}");
    (record, server.stop())
}

fn resuming() -> Manner {
    Manner {
        resumes: true,
        ..Manner::default()
    }
}

#[test]
fn kept_connections_need_one_handshake_each() {
    let (record, clients) = succeed(&Manner::default(), &["-n", "50", "-c", "2", "-k"]);
    assert_eq!(record["requests"]["succeeded"], 50);
    assert_eq!(record["connections"]["opened"], 2);
    assert_eq!(record["latency_ns"]["tls"]["count"], 2);
    assert!(record["histograms"]["tls"].is_string(), "{record}");
    // Plaintext is counted, as without TLS: 38 bytes of head and 5 of body each.
    assert_eq!(record["bytes"]["received"], 50 * 43);
    assert_eq!(record["bytes"]["received_body"], 50 * 5);
    assert_eq!(clients.len(), 2);
    let answered: usize = clients.iter().map(|client| client.requests).sum();
    assert_eq!(answered, 50, "{clients:?}");
    assert!(
        clients.iter().all(|client| client.said_goodbye),
        "{clients:?}"
    );
}

#[test]
fn new_connections_need_a_handshake_each() {
    for version in ["TLS1.2", "TLS1.3"] {
        let args = ["-n", "10", "-c", "2", "-f", version, "--no-resumption"];
        let (record, clients) = succeed(&resuming(), &args);
        assert_eq!(record["connections"]["opened"], 10);
        assert_eq!(record["connections"]["resumed"], 0);
        assert_eq!(record["plan"]["tls"]["resumption"], false);
        assert_eq!(record["latency_ns"]["tls"]["count"], 10);
        assert!(
            !clients.iter().any(|client| client.is_resumed),
            "{clients:?}"
        );
        assert_eq!(clients.len(), 10);
    }
}

#[test]
fn sessions_are_resumed_unless_told_otherwise() {
    for version in ["TLS1.2", "TLS1.3"] {
        let (record, clients) = succeed(&resuming(), &["-n", "10", "-f", version]);
        assert_eq!(record["plan"]["tls"]["resumption"], true);
        assert_eq!(record["connections"]["resumed"], 9, "{version}");
        let resumed = clients.iter().filter(|client| client.is_resumed).count();
        assert_eq!(resumed, 9, "{version}: {clients:?}");
    }
}

#[test]
fn sessions_are_not_resumed_in_abs_place() {
    let server = SecureServer::start(&Authority::new(), &resuming());
    let ended = run(&["--format", "ab", "-n", "4", &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("\nSSL/TLS Protocol:       TLSv1.3,TLS_AES_256_GCM_SHA384,256,256\n")
    );
    assert!(
        ended
            .stdout
            .contains("\nServer Temp Key:        X25519 253 bits\n")
    );
    assert!(
        ended
            .stdout
            .contains("\nTLS Server Name:        localhost\n")
    );
    assert!(!server.stop().iter().any(|client| client.is_resumed));
}

#[test]
fn the_record_says_what_was_agreed_upon() {
    let manner = Manner {
        protocols: vec!["h2", "http/1.1"],
        ..Manner::default()
    };
    let (record, clients) = succeed(&manner, &["-n", "2"]);
    let tls = &record["target"]["tls"];
    assert_eq!(tls["version"], "TLSv1.3");
    assert_eq!(tls["cipher"], "TLS_AES_256_GCM_SHA384");
    assert_eq!(tls["key_exchange"], "X25519");
    assert_eq!(tls["protocol"], "http/1.1");
    assert_eq!(tls["server_name"], "localhost");
    assert_eq!(tls["certificate_key_bits"], 256);
    assert_eq!(record["plan"]["tls"]["verify"], false);
    assert_eq!(clients[0].protocol.as_deref(), Some("http/1.1"));
}

#[test]
fn versions_and_suites_are_those_asked_for() {
    let suite = "ECDHE-ECDSA-AES128-GCM-SHA256";
    let iana = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
    let (record, _) = succeed(&Manner::default(), &["-n", "1", "-Z", suite]);
    assert_eq!(record["target"]["tls"]["version"], "TLSv1.2");
    assert_eq!(record["target"]["tls"]["cipher"], iana);
    assert_eq!(record["plan"]["tls"]["ciphers"], json!([iana]));
    let (record, _) = succeed(&Manner::default(), &["-n", "1", "-f", "tls1.2"]);
    assert_eq!(record["target"]["tls"]["version"], "TLSv1.2");
}

#[test]
fn a_server_without_the_version_asked_for_fails_the_handshake() {
    for (offered, spoken) in [("TLS1.3", &TLS12), ("TLS1.2", &TLS13)] {
        let manner = Manner {
            versions: vec![spoken],
            ..Manner::default()
        };
        let server = SecureServer::start(&Authority::new(), &manner);
        assert_fails(
            &run(&["-n", "2", "-f", offered, &server.url()]),
            "ProtocolVersion",
        );
    }
}

#[test]
fn the_server_is_told_its_name_unless_that_is_hidden_or_an_address() {
    let (_, clients) = succeed(&Manner::default(), &["-n", "1"]);
    assert_eq!(clients[0].server_name.as_deref(), Some("localhost"));
    let (record, clients) = succeed(&Manner::default(), &["-n", "1", "-I"]);
    assert_eq!(clients[0].server_name, None);
    assert_eq!(record["target"]["tls"].get("server_name"), None);

    let server = SecureServer::start(&Authority::new(), &Manner::default());
    assert_eq!(run(&["-n", "1", &server.address_url()]).code, Some(0));
    assert_eq!(server.stop()[0].server_name, None);
}

#[test]
fn a_certificate_is_verified_if_asked_for() {
    let authority = Authority::new();
    let file = authority.file();
    let server = SecureServer::start(&authority, &Manner::default());
    let ended = run(&["-n", "2", "--cacert", text(&file), &server.url()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.record()["plan"]["tls"]["verify"], true);

    // Not one that others vouch for, nor one for another name.
    let stranger = Authority::new().file();
    let ended = run(&["-n", "2", "--cacert", text(&stranger), &server.url()]);
    assert_fails(&ended, "invalid peer certificate");
    let ended = run(&["-n", "2", "--cacert", text(&file), &server.address_url()]);
    assert_fails(&ended, "not valid for name");
}

#[test]
fn a_certificate_of_ours_is_shown_to_a_server_that_asks_for_one() {
    let authority = Authority::new();
    let ours = authority.vouch_for("somebody");
    let key = ours.signing_key.serialize_pem();
    let both = file_with(ours.cert.pem() + &key);
    let (certificate, key) = (file_with(ours.cert.pem()), file_with(key));
    let manner = Manner {
        asks_for_certificate: true,
        ..Manner::default()
    };
    for identity in [
        &["-E", text(&both)][..],
        &["--cert", text(&certificate), "--key", text(&key)],
    ] {
        let server = SecureServer::start(&authority, &manner);
        let ended = run(&[&["-n", "2"][..], identity, &[&server.url()]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.record()["plan"]["tls"]["client_certificate"], true);
        assert!(server.stop().iter().all(|client| client.has_certificate));
    }
    // In TLS 1.3 the server says so only after the client thinks that all is well.
    for version in ["TLS1.2", "TLS1.3"] {
        let server = SecureServer::start(&authority, &manner);
        let ended = run(&["-n", "2", "-f", version, &server.url()]);
        assert_fails(&ended, "CertificateRequired");
    }
}

/// Asserts that both requests failed in the handshake, and that stderr says why.
fn assert_fails(ended: &Ended, reason: &str) {
    ended.assert_no_handshake(2);
    assert!(ended.stderr.contains(reason), "{ended:?}");
}
