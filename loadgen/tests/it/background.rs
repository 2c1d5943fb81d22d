//! Connections beside the load, and servers that do not bear them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::behaviour::Behaviour::{
    self, ClosesOnAccept, ClosesWhenIdle, CutWithoutLength, Good, ResetsAfterRequest, ServerError,
    Silent,
};
use crate::canned_server::CannedServer;
use crate::check::at_once;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::{command, command_with_descriptor_limit, run, start};
use crate::record::{Counts, codes};
use crate::script::Script;
use crate::way::Way;

#[test]
fn idle_connections_take_one_answer_and_are_silent_beside_every_engine() {
    at_once(Way::ALL, |way| {
        if !way.is_offered() {
            return;
        }
        let server = way.server(Script::always(Good));
        let url = server.url();
        let ended = way.run(&["-n", "6", "-c", "2", "-k", "--idle-connections", "20", &url]);
        assert_eq!(ended.code, Some(0), "{}: {ended:?}", way.label);
        let record = ended.record();
        assert_held(&record, "idle", 20, 20, 20);
        assert_eq!(record["plan"]["idle_connections"], 20);
        assert_eq!(record["background"]["slow_readers"], Value::Null);
        let log = server.stop();
        let of_the_load = record["connections"]["opened"].as_u64().unwrap();
        assert_eq!(log.connections_accepted as u64, 20 + of_the_load);
        assert_eq!(log.played.len(), 20 + 6, "{}", way.label);
        assert!(!codes(&record).contains(&"background_missing"), "{record}");
    });
}

#[test]
fn they_are_there_before_the_first_request_of_the_warm_up() {
    // The first ten are answered, the load's are not.
    let server = FaultServer::start(Script::good_then(10, Silent));
    let load = ["--warmup", "100ms", "--duration", "100ms"];
    let beside = ["--idle-connections", "10", &server.url()];
    let record = run(&[&load[..], &beside].concat()).record();
    assert_held(&record, "idle", 10, 10, 10);
    assert_eq!(Counts::of_record(&record).succeeded, 0, "{record}");
}

#[test]
fn a_thousand_are_opened_in_no_time() {
    let server = CannedServer::hello();
    let url = server.url();
    let record = run(&["-n", "10", "--idle-connections", "1000", &url]).record();
    assert_held(&record, "idle", 1000, 1000, 1000);
    // A tenth of a second, and what a machine that is busy takes.
    let opening_s = record["background"]["opening_s"].as_f64().unwrap();
    assert!(opening_s < 10.0, "{record}");
    assert_eq!(server.answered(), 1010);
}

#[test]
fn they_go_where_the_load_goes_and_come_from_where_it_comes() {
    let server = FaultServer::start(Script::always(Good));
    let closed = ClosedPort::new();
    let (closed, address) = (closed.address(), server.address());
    // The first place is not there.
    let rules = [format!("::{closed}"), format!("::{address}")];
    let route = ["--connect-to", &rules[0], "--connect-to", &rules[1]];
    let sources = ["-B", "127.0.0.2"];
    let args = ["-n", "3", "--idle-connections", "5", "http://example.org/"];
    let record = run(&[&route[..], &sources, &args].concat()).record();
    assert_held(&record, "idle", 5, 5, 5);
    let source = Ipv4Addr::new(127, 0, 0, 2);
    let log = server.stop();
    assert!(
        log.clients.iter().all(|client| *client == source),
        "{log:?}"
    );
    assert_eq!(log.played.len(), 8);
}

#[test]
fn they_are_held_on_a_unix_socket_whose_accept_queue_is_short() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server.sock");
    let listener = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 2).unwrap();
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            answer(&mut stream);
            held.push(stream);
        }
    });
    let load = ["-n", "1", "--unix", text(&path), "http://localhost/"];
    let record = run(&[&["--idle-connections", "100"], &load[..]].concat()).record();
    assert_held(&record, "idle", 100, 100, 100);
}

#[test]
fn slow_readers_take_little_at_a_time_and_ask_again_when_they_are_done() {
    const SLOW_READERS: u64 = 5;
    at_once(&[Way::FAST, Way::ALL[1]], |way| {
        let server = way.server(Script::always(Good));
        let load = ["--rate", "5", "--duration", "1s", "--slow-readers", "5"];
        let args = ["--slow-path", "/bytes/1048576", &server.url()];
        let record = way.run(&[&load[..], &args].concat()).record();
        assert_held(
            &record,
            "slow_readers",
            SLOW_READERS,
            SLOW_READERS,
            SLOW_READERS,
        );
        assert_eq!(record["plan"]["slow_path"], "/bytes/1048576");
        // Ten times a second: an answer, then the next request.
        let of_the_load = Counts::of_record(&record).issued() as usize;
        let asked = server.stop().played.len() - of_the_load;
        assert!(asked > SLOW_READERS as usize, "{asked} {record}");
        assert!(asked <= 30 * SLOW_READERS as usize, "{asked} {record}");
    });
}

#[test]
fn an_answer_that_is_large_is_never_taken_faster_than_a_slow_reader_reads() {
    let body = "x".repeat(1 << 20);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let server = CannedServer::start(format!("{head}{body}").into_bytes());
    let load = [
        "-n",
        "20",
        "--rate",
        "20",
        "--slow-readers",
        "4",
        &server.url(),
    ];
    let record = run(&load).record();
    assert_held(&record, "slow_readers", 4, 4, 4);
    let bytes = record["background"]["slow_bytes_received"]
        .as_u64()
        .unwrap();
    let elapsed_s = record["elapsed_s"].as_f64().unwrap();
    // At most 4 KiB each a tenth of a second, whichever tenths the run has.
    let bytes_max = 4.0 * 4096.0 * (elapsed_s * 10.0 + 2.0);
    assert!(bytes > 0 && bytes as f64 <= bytes_max, "{record}");
}

#[test]
fn what_a_server_does_instead_of_holding_them_is_told() {
    let cases = [
        // With the request unread, closing is resetting.
        (ClosesOnAccept, ["closed_before_response", "read_reset"]),
        (ClosesWhenIdle, ["not_kept"; 2]),
        // Whole, and its end is that of the connection.
        (CutWithoutLength, ["not_kept"; 2]),
        (ResetsAfterRequest, ["read_reset"; 2]),
        (ServerError, ["unexpected_status"; 2]),
    ];
    at_once(&cases, |(behaviour, causes)| {
        for flag in ["--idle-connections", "--slow-readers"] {
            let record = record_of(behaviour, &[flag, "70"]);
            let kind = match flag {
                "--idle-connections" => "idle",
                _ => "slow_readers",
            };
            // A slow reader sees a close only when it reads.
            if (kind, causes[0]) == ("slow_readers", "not_kept") {
                continue;
            }
            let held = &record["background"][kind];
            assert_eq!(held["held_at_start"], 0, "{behaviour:?}: {record}");
            let failures = held["failures"].as_object().unwrap();
            let count = |cause: &&str| failures.get(*cause).and_then(Value::as_u64);
            let first = count(&causes[0]).unwrap_or(0);
            let second = count(&causes[1]).filter(|_| causes[0] != causes[1]);
            assert_eq!(first + second.unwrap_or(0), 70, "{behaviour:?}: {record}");
            assert!(codes(&record).contains(&"background_missing"), "{record}");
        }
    });
}

#[test]
fn a_server_that_is_not_there_is_told_at_once() {
    let closed = ClosedPort::new();
    let began = Instant::now();
    let ended = run(&["-n", "1", "--idle-connections", "500", &closed.url()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let record = ended.record();
    let failures = &record["background"]["idle"]["failures"];
    assert_eq!(*failures, json!({"connect_refused": 500}), "{record}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_server_that_never_answers_is_given_up_after_the_connect_timeout() {
    let limit = ["--connect-timeout", "300ms", "--timeout", "300ms"];
    let record = record_of(
        Silent,
        &[&limit[..], &["--idle-connections", "500"]].concat(),
    );
    let failures = &record["background"]["idle"]["failures"];
    let expected = json!({"read_timeout": 64, "not_tried": 436});
    assert_eq!(*failures, expected, "{record}");
}

#[test]
fn a_signal_ends_the_opening_too() {
    let server = FaultServer::start(Script::always(Silent));
    let url = server.url();
    let running = start(command(&[
        "--idle-connections",
        "5",
        "--duration",
        "60s",
        &url,
    ]));
    server.wait_until(|log| log.played.len() == 5);
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(ended.record()["background"]["idle"]["held_at_end"], 0);
}

/// Also the run that brings the reason about.
#[test]
pub(crate) fn connections_that_a_server_ends_are_counted() {
    const HELD: usize = 10;
    for kept in [0, 4] {
        let url = server_that_drops(HELD, kept);
        let record = run(&["-n", "3", "-k", "--idle-connections", "10", &url]).record();
        assert_held(&record, "idle", 10, 10, kept as u64);
        let reasons = record["validity"]["reasons"].as_array().unwrap();
        let missing = reasons.iter().find(|r| r["code"] == "background_missing");
        let missing = missing.unwrap_or_else(|| panic!("{record}"));
        assert_eq!(missing["severity"], "invalid");
        let message = missing["message"].as_str().unwrap();
        let numbers = format!(
            "of 10 connections beside the load 10 were open when the measured part began and {kept}"
        );
        assert!(message.starts_with(&numbers), "{message}");
    }
}

#[test]
fn descriptors_are_left_to_the_load() {
    let server = CannedServer::hello();
    let args = [
        "-n",
        "50",
        "-c",
        "5",
        "--idle-connections",
        "400",
        &server.url(),
    ];
    let ended = start(command_with_descriptor_limit(300, &args)).end();
    let record = ended.record();
    assert_eq!(
        Counts::of_record(&record),
        Counts::new(50, &[]),
        "{ended:?}"
    );
    let idle = &record["background"]["idle"];
    let held = idle["held_at_start"].as_u64().unwrap();
    assert!((100..300).contains(&held), "{record}");
    let missing = json!({"no_file_descriptor": 400 - held});
    assert_eq!(idle["failures"], missing, "{record}");
}

#[test]
fn flags_that_make_no_sense_are_named() {
    let cases: [(&[&str], &[&str]); 5] = [
        (&["--idle-connections", "-1"], &["-1", "--idle-connections"]),
        (&["--slow-readers", "some"], &["some", "--slow-readers"]),
        (
            &["--slow-readers", "9999999"],
            &["--slow-readers 9999999", "smaller"],
        ),
        (&["--slow-path", "/"], &["--slow-path", "--slow-readers"]),
        (
            &["--slow-readers", "1", "--slow-path", "x"],
            &["--slow-path", "begins with /"],
        ),
    ];
    for (args, words) in cases {
        run(&[args, &["http://127.0.0.1:1/"]].concat()).assert_one_line_error(2, words);
    }
}

fn record_of(behaviour: Behaviour, args: &[&str]) -> Value {
    let server = FaultServer::start(Script::always(behaviour));
    run(&[&["-n", "1"], args, &[&server.url()]].concat()).record()
}

fn assert_held(record: &Value, kind: &str, asked: u64, at_start: u64, at_end: u64) {
    let held = &record["background"][kind];
    let counts = ["asked", "held_at_start", "held_at_end"].map(|key| held[key].as_u64());
    assert_eq!(counts, [asked, at_start, at_end].map(Some), "{record}");
    let failures = match at_start - at_end {
        0 => json!({}),
        lost => json!({ "not_kept": lost }),
    };
    assert_eq!(held["failures"], failures, "{record}");
}

/// Answers on `held` connections; all but `kept` of them are closed before anybody else is answered.
fn server_that_drops(held: usize, kept: usize) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut connections: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if connections.len() == held {
                connections.truncate(kept);
                // The load's only connection, until it ends.
                while answer(&mut stream) {}
                // The others stay open as long as this process.
                connections.leak();
                return;
            }
            answer(&mut stream);
            connections.push(stream);
        }
    });
    format!("http://{address}/")
}

/// Answers one request, which comes in one piece; whether there was one.
fn answer(stream: &mut (impl Read + Write)) -> bool {
    let count = stream.read(&mut [0; 4096]).unwrap_or(0);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    count > 0 && stream.write_all(answer).is_ok()
}
