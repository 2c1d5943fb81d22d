//! What only its owner should read is sent, and repeated nowhere: results are
//! kept in repositories and shown in logs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::behaviour::Behaviour::Good;
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::run;
use crate::proxy_server::{Manner, ProxyServer};
use crate::script::Script;

/// In every secret here, and in nothing else.
const SECRET: &str = "hunter2";

#[test]
fn passwords_in_flags_are_masked() {
    assert_masked(&["-A", "me:hunter2"]);
    assert_masked(&["-Ame:hunter2"]);
    assert_masked(&["-kAme:hunter2"]);
}

#[test]
fn a_proxys_password_is_masked() {
    let server = FaultServer::start(Script::always(Good));
    let proxy = ProxyServer::start(Manner::Leads(server.address()));
    assert_not_repeated(&["-X", &proxy.name(), "-P", "me:hunter2"], &server.url());
    assert_not_repeated(&["-X", &proxy.name(), "-Pme:hunter2"], &server.url());
}

#[test]
fn cookies_are_masked() {
    assert_masked(&["-C", "session=hunter2"]);
    assert_masked(&["-C", "theme=dark", "-Csession=hunter2"]);
}

#[test]
fn headers_that_carry_secrets_are_masked() {
    for header in [
        "Authorization: Bearer hunter2",
        "authorization:Basic hunter2 ",
        "Proxy-Authorization: Basic hunter2",
        "Cookie: session=hunter2",
        "X-Api-Key: hunter2",
        "X-Auth-Token: hunter2",
    ] {
        assert_masked(&["-H", header]);
        assert_masked(&[&format!("-H{header}")]);
        assert_masked(&[&format!("--header={header}")]);
    }
}

#[test]
fn a_password_in_the_url_is_masked() {
    let server = FaultServer::start(Script::always(Good));
    let url = server.url().replace("http://", "http://me:hunter2@");
    assert_not_repeated(&[], &url);
}

#[test]
fn what_is_no_secret_is_kept() {
    let server = FaultServer::start(Script::always(Good));
    let record = run(&["-n", "1", "-H", "X-Trace: 17", &server.url()]).record();
    let headers = record["plan"]["headers"].as_array().unwrap();
    assert!(headers.contains(&"X-Trace: 17".into()), "{record}");
    let argv = record["tool"]["argv"].as_array().unwrap();
    assert!(argv.contains(&"X-Trace: 17".into()), "{record}");
    assert!(argv.contains(&server.url().into()), "{record}");
}

fn assert_masked(args: &[&str]) {
    let server = FaultServer::start(Script::always(Good));
    assert_not_repeated(args, &server.url());
}

/// Asserts that the secret is in no output of a run, neither plain nor encoded.
fn assert_not_repeated(args: &[&str], url: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("record.json");
    let encoded = STANDARD.encode("me:hunter2");
    for format in ["json", "ab", "text"] {
        let output = ["--format", format, "-o", text(&file)];
        let ended = run(&[&output[..], args, &[url]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(written.contains("***"), "{args:?}: {written}");
        for text in [&ended.stdout, &ended.stderr, &written] {
            for secret in [SECRET, &encoded] {
                assert!(!text.contains(secret), "{args:?}: {text}");
            }
        }
    }
}
