//! `loadgen websocket`: round trips of both clients against servers that behave.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use loadgen::cli::{self, Command as Arguments};
use loadgen::engine::websocket::Client;
use loadgen::outcome::Cause;
use serde_json::{Value, json};
use tungstenite::Message;

use crate::certificate::Certificate;
use crate::loadgen::{run, run_words};
use crate::sandbox::Sandbox;
use crate::server::{Kind, Server};
use crate::websocket_server::{To, WebSocketServer};

/// How clients wait.
pub(crate) const CLIENTS: [&str; 2] = ["async", "blocking"];

/// Runs `loadgen websocket` with these words for each client, and hands on what it recorded.
fn each_client(words: &str, check: impl Fn(&Value)) {
    for client in CLIENTS {
        let words = format!("websocket --client {client} {words}");
        let ended = run_words(&words);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let record = ended.record();
        assert_eq!(record["plan"]["scenario"], "websocket");
        assert_eq!(record["plan"]["websocket"]["client"], client);
        // A message is taken whole: when its first byte came nobody has noted.
        assert!(record["latency_ns"]["first_byte"].is_null(), "{record}");
        assert!(record["histograms"]["first_byte"].is_null(), "{record}");
        check(&record);
    }
}

fn all_succeeded(record: &Value, round_trips: u64, connections: u64) {
    let requests = &record["requests"];
    let expected = json!({
        "issued": round_trips, "succeeded": round_trips, "failed": 0, "cancelled": 0
    });
    assert_eq!(*requests, expected, "{record}");
    assert_eq!(record["connections"]["opened"], connections, "{record}");
    assert_eq!(record["plan"]["connections"], connections, "{record}");
    assert_eq!(record["latency_ns"]["total"]["count"], round_trips);
}

#[test]
fn messages_go_to_and_fro_between_the_clients_of_a_pair() {
    let server = WebSocketServer::start(To::Partner);
    each_client(&format!("-n 100 {}", server.url("ws")), |record| {
        all_succeeded(record, 100, 2);
        // A message goes there and another comes back, of 32 bytes each.
        assert_eq!(record["bytes"]["received_body"], 6400);
    });
}

#[test]
fn each_of_several_pairs_has_a_room_of_its_own() {
    let server = WebSocketServer::start(To::Partner);
    let words = format!("-n 200 --pairs 20 {}/ws", server.url("http"));
    each_client(&words, |record| all_succeeded(record, 200, 40));
}

#[test]
fn an_echo_needs_one_client() {
    let server = WebSocketServer::start(To::Sender);
    let words = format!(
        "-n 60 --pairs 3 --echo --text --size 1 {}",
        server.url("ws")
    );
    each_client(&words, |record| {
        all_succeeded(record, 60, 3);
        assert_eq!(record["bytes"]["received_body"], 60);
    });
}

#[test]
fn the_asynchronous_server_is_a_relay_and_an_echo() {
    let server = Server::start(Kind::Async);
    let relay = format!("-n 200 --pairs 10 {}", server.url("/ws"));
    each_client(&relay, |record| all_succeeded(record, 200, 20));
    let echo = format!("-n 200 --pairs 10 --echo {}", server.url("/ws/echo"));
    each_client(&echo, |record| all_succeeded(record, 200, 10));
}

#[test]
fn large_messages_and_small_ones_come_whole() {
    let relay = WebSocketServer::start(To::Partner);
    for size in [1, 125, 126, 65535, 65536, 1_000_000] {
        let words = format!("-n 3 --size {size} {}", relay.url("ws"));
        each_client(&words, |record| {
            all_succeeded(record, 3, 2);
            assert_eq!(record["bytes"]["received_body"], 6 * size);
        });
    }
}

#[test]
fn over_tls_it_is_the_same() {
    let config = Certificate::good().server_config();
    let server = WebSocketServer::start_secured(To::Partner, config);
    let words = format!("-n 40 --pairs 2 --size 20000 {}", server.url("wss"));
    each_client(&words, |record| {
        all_succeeded(record, 40, 4);
        assert_eq!(record["target"]["tls"]["version"], "TLSv1.3");
        assert_eq!(record["latency_ns"]["tls"]["count"], 4);
    });
}

#[test]
fn raw_messages_need_no_protocol() {
    let relay = WebSocketServer::start_raw(To::Partner);
    let words = format!("-n 50 --pairs 5 {}", relay.url("tcp"));
    each_client(&words, |record| {
        all_succeeded(record, 50, 10);
        assert_eq!(record["plan"]["websocket"]["framing"], "raw");
        assert_eq!(
            record["bytes"],
            json!({
                "sent": 3200, "received": 3200, "received_body": 3200
            })
        );
    });
    let echo = WebSocketServer::start_raw(To::Sender);
    let words = format!("-n 50 --pairs 5 --echo {}", echo.url("tcp"));
    each_client(&words, |record| all_succeeded(record, 50, 5));
}

#[test]
fn an_address_that_says_nothing_before_a_live_one_is_no_failure() {
    Sandbox::run(|sandbox| {
        sandbox.replace("/etc/hosts", "127.0.0.1 two.test\n127.0.0.2 two.test\n");
        let (silent, _queue) = sandbox.full_listener();
        let port = silent.local_addr().unwrap().port();
        let alive = SocketAddr::from(([127, 0, 0, 2], port));
        let _server = WebSocketServer::start_on(alive, To::Partner);
        let words = format!("-n 4 --pairs 2 --timeout 15s ws://two.test:{port}/");
        each_client(&words, |record| all_succeeded(record, 4, 4));
    });
}

#[test]
fn a_run_ends_when_its_time_is_up_and_counts_what_was_under_way() {
    let server = WebSocketServer::start(To::Partner);
    let words = format!(
        "--duration 300ms --warmup 100ms --pairs 4 {}",
        server.url("ws")
    );
    each_client(&words, |record| {
        let requests = |key: &str| record["requests"][key].as_u64().unwrap();
        assert_eq!(
            requests("issued"),
            requests("succeeded") + requests("cancelled")
        );
        assert!(
            requests("succeeded") > 0 && requests("cancelled") <= 4,
            "{record}"
        );
        let elapsed_s = record["elapsed_s"].as_f64().unwrap();
        assert!((0.29..5.0).contains(&elapsed_s), "{elapsed_s}");
    });
}

#[test]
fn a_round_trip_under_way_when_counting_begins_is_counted() {
    // Longer than the warm-up, and shorter than a tick, so that only its end wakes the client.
    const WARMUP: Duration = Duration::from_millis(20);
    const ANSWER: Duration = Duration::from_millis(40);
    for client in CLIENTS {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
            let messages = std::iter::from_fn(|| {
                let message = socket.read().ok().filter(Message::is_binary)?;
                thread::sleep(ANSWER);
                socket.send(message).ok()
            });
            messages.count()
        });
        let warmup_ms = WARMUP.as_millis();
        let ended = run_words(&format!(
            "websocket --client {client} --echo -n 1 --warmup {warmup_ms}ms ws://{address}/"
        ));
        assert_eq!(ended.record()["requests"]["succeeded"], 1, "{ended:?}");
        assert_eq!(server.join().unwrap(), 1, "{client}: {ended:?}");
    }
}

#[test]
fn a_person_reads_of_round_trips() {
    let server = WebSocketServer::start(To::Partner);
    let url = server.url("ws");
    let ended = run(&["websocket", "-n", "10", "--format", "text", &url]);
    assert!(ended.stdout.contains("round trips/s"), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("1 pair of async clients, 1 thread, 32 bytes in a message"),
        "{ended:?}"
    );
    assert!(!ended.stdout.contains("requests/s"), "{ended:?}");
    assert!(!ended.stdout.contains("first byte"), "{ended:?}");
}

#[test]
fn what_was_asked_for_is_shown_as_it_was_sent() {
    let relay = WebSocketServer::start(To::Partner);
    let words = format!("websocket -n 2 --pairs 2 -v 2 {}/ws", relay.url("ws"));
    let ended = run_words(&words);
    for line in [
        "> GET /ws?pair=0 HTTP/1.1\n",
        "> Connection: Upgrade\n",
        "> Upgrade: websocket\n",
        "> Sec-WebSocket-Version: 13\n",
    ] {
        assert!(ended.stderr.contains(line), "{line}: {ended:?}");
    }
    let headers = &ended.record()["plan"]["headers"];
    let fields = headers.as_array().unwrap();
    assert!(fields.contains(&json!("Upgrade: websocket")), "{headers}");
    let raw = WebSocketServer::start_raw(To::Partner);
    let ended = run_words(&format!("websocket -n 2 -v 2 {}", raw.url("tcp")));
    assert!(!ended.stderr.contains("> "), "{ended:?}");
    assert_eq!(ended.record()["plan"]["headers"], json!([]));
}

#[test]
fn records_compare_as_round_trips() {
    let server = WebSocketServer::start(To::Partner);
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = directory.path().join(name);
        path.to_str().unwrap().to_owned()
    };
    let (a, b) = (file("a.json"), file("b.json"));
    for path in [&a, &b] {
        let url = server.url("ws");
        assert_eq!(
            run(&["websocket", "-q", "-n", "50", "-o", path, &url]).code,
            Some(0)
        );
    }
    let ended = run(&["compare", &a, &b]);
    assert!(ended.stdout.contains("round trips per second"), "{ended:?}");
    assert!(!ended.stdout.contains("requests per second"), "{ended:?}");
}

#[test]
fn what_was_typed_wrong_is_one_line() {
    for (words, said) in [
        ("ftp://127.0.0.1/", "write ws://HOST"),
        ("tcp://127.0.0.1", "write tcp://HOST:PORT"),
        ("--size 0 ws://127.0.0.1:1/", "--size"),
    ] {
        let mut argv = vec!["websocket"];
        argv.extend(words.split(' '));
        run(&argv).assert_one_line_error(2, &[said]);
    }
}

#[test]
fn the_client_answers_a_server_until_it_closes() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        for message in [Message::text("grüße"), Message::binary(vec![1, 2, 3])] {
            socket.send(message.clone()).unwrap();
            assert_eq!(socket.read().unwrap(), message);
        }
        socket.send(Message::Ping(Vec::new().into())).unwrap();
        assert!(socket.read().unwrap().is_pong());
        socket.close(None).unwrap();
        while socket.read().is_ok() {}
    });
    let argv = ["loadgen", "websocket", &url].map(OsString::from);
    let Ok(Arguments::WebSocket(args)) = cli::parse(&argv) else {
        panic!("{url} was not understood");
    };
    let (plan, _) = args.into_plan().unwrap();
    let mut client = Client::connect(&plan, "/").unwrap();
    let failed = loop {
        match client.receive() {
            Ok(message) => client.send(message.kind, &message.bytes).unwrap(),
            Err(failed) => break failed,
        }
    };
    assert_eq!(failed.cause, Cause::WebSocketClosed);
    client.until_ended();
    server.join().unwrap();
}
