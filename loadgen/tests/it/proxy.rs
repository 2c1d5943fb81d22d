//! By way of a proxy: in the clear, through a tunnel, and what can go wrong.

use crate::behaviour::Behaviour::Good;
use crate::check::EVERY_MANNER;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::{Ended, run};
use crate::proxy_server::Manner::{Leads, Says, SaysForever, SaysNothing};
use crate::proxy_server::ProxyServer;
use crate::record::Counts;
use crate::script::Script;
use crate::secure_server::{self, Authority, SecureServer};
use crate::way::Way;

/// `me:p@ss` and `proxy:secret`, encoded for Basic authentication.
const ORIGINS: &str = "Authorization: Basic bWU6cEBzcw==\r\n";
const PROXYS: &str = "Proxy-Authorization: Basic cHJveHk6c2VjcmV0\r\n";

#[test]
fn requests_in_the_clear_are_for_whole_urls_and_tell_the_proxy_who_asks() {
    let server = FaultServer::start(Script::always(Good));
    let proxy = ProxyServer::start(Leads(server.address()));
    let name = proxy.name();
    // Which only the proxy has to resolve.
    let url = "http://me:p%40ss@nowhere.invalid:81/path?x=1";
    let ended = run(&["-n", "4", "-c", "2", "-X", &name, "-P", "proxy:secret", url]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let record = ended.record();
    assert_eq!(Counts::of_record(&record), Counts::new(4, &[]));
    assert_eq!(record["plan"]["proxy"], format!("***@{name}"));
    assert_eq!(record["target"]["addresses"], serde_json::json!([name]));
    let asked = proxy.asked();
    assert_eq!(asked.len(), 4);
    for head in asked {
        let line =
            "GET http://nowhere.invalid:81/path?x=1 HTTP/1.1\r\nHost: nowhere.invalid:81\r\n";
        assert!(head.starts_with(line), "{head}");
        assert!(head.contains(PROXYS) && head.contains(ORIGINS), "{head}");
    }
}

#[test]
fn requests_in_tls_go_through_a_tunnel() {
    let authority = Authority::new();
    let file = authority.file();
    let ways = Way::ALL
        .iter()
        .filter(|way| way.is_encrypted && way.is_fast() && way.is_offered());
    for (way, manner) in ways.flat_map(|way| EVERY_MANNER.iter().map(move |manner| (way, manner))) {
        let server = SecureServer::start(&authority, &secure_server::Manner::default());
        let proxy = ProxyServer::start(Leads(server.address()));
        let name = proxy.name();
        let by_proxy = ["-X", &name, "-P", "proxy:secret", "--cacert", text(&file)];
        let url = "https://me:p%40ss@localhost:1/";
        let ended = run(&[way.args, &["-n", "12"], manner, &by_proxy, &[url]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let record = ended.record();
        assert_eq!(Counts::of_record(&record), Counts::new(12, &[]));
        assert_eq!(record["target"]["tls"]["server_name"], "localhost");
        let connections = record["connections"]["opened"].as_u64().unwrap();
        assert_eq!(record["latency_ns"]["connect"]["count"], connections);
        assert_eq!(record["latency_ns"]["tls"]["count"], connections);

        let head = format!("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n{PROXYS}\r\n");
        assert_eq!(proxy.asked(), vec![head; connections as usize]);
        let clients = server.stop();
        let requests: usize = clients.iter().map(|client| client.requests).sum();
        assert_eq!((clients.len() as u64, requests), (connections, 12));
    }
}

#[test]
fn a_proxy_that_leads_nowhere_is_connect_refused_and_told() {
    let over = "over the client's limit";
    for (manner, reason) in [
        (
            Says("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            "answered 407",
        ),
        (Says(""), "ended the connection"),
        (Says("no HTTP at all\r\n\r\n"), "rules of HTTP"),
        (
            Says("HTTP/1.1 200 OK\r\n\r\nand more"),
            "more than it was asked",
        ),
        (SaysForever("HTTP/1.1 200 OK\r\nX:"), over),
        (SaysForever("HTTP/1.1 103 Early Hints\r\n\r\n"), over),
    ] {
        let proxy = ProxyServer::start(manner);
        let ended = ask(&proxy, &[]);
        let record = ended.assert_all_failed(3, "connect_refused");
        let told = &record["target"]["proxy_error"];
        assert!(told.as_str().unwrap().contains(reason), "{told}");
        assert!(ended.stderr.contains(reason), "{ended:?}");
    }
}

#[test]
fn a_proxy_that_says_nothing_is_connect_timeout() {
    let proxy = ProxyServer::start(SaysNothing);
    let ended = ask(&proxy, &["--connect-timeout", "300ms"]);
    ended.assert_all_failed(3, "connect_timeout");
}

#[test]
fn a_proxy_that_is_not_there_is_connect_refused() {
    let closed = ClosedPort::new();
    for url in ["http://localhost/", "https://localhost/"] {
        let ended = run(&["-n", "3", "-X", &closed.address().to_string(), url]);
        ended.assert_all_failed(3, "connect_refused");
    }
}

#[test]
fn what_a_proxy_says_of_a_request_in_the_clear_is_its_answer() {
    let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let proxy = ProxyServer::start(Says(answer));
    let ended = run(&["-n", "3", "-X", &proxy.name(), "http://localhost/"]);
    let record = ended.assert_all_failed(3, "unexpected_status");
    assert_eq!(record["statuses"]["407"], 3);
}

/// Three requests through a tunnel.
fn ask(proxy: &ProxyServer, args: &[&str]) -> Ended {
    let url = "https://localhost/";
    run(&[&["-n", "3", "-X", &proxy.name()], args, &[url]].concat())
}
