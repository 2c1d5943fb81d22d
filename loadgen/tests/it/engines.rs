//! The engines beside `fast`: the same records of the same runs, and what they
//! refuse. The fault table, schedules and signals have their say on each too.

use serde_json::Value;

use crate::behaviour::Behaviour::Good;
use crate::fault_server::FaultServer;
use crate::files::text;
use crate::loadgen::run;
use crate::script::Script;
use crate::server::{Kind, Server};
use crate::way::ENGINES;

#[test]
fn all_engines_make_the_same_record_of_the_same_run() {
    let server = Server::start(Kind::Async);
    let url = server.url("/bytes/100000");
    let record = |engine| {
        let args = [
            "-n",
            "60",
            "-c",
            "3",
            "-k",
            "--threads",
            "2",
            "--engine",
            engine,
            &url,
        ];
        let record = run(&args).record();
        assert_eq!(record["plan"]["engine"], engine);
        record
    };
    let fast = record("fast");
    assert_eq!(fast["bytes"]["received_body"], 6_000_000);
    for engine in ENGINES {
        let record = record(engine);
        for key in ["requests", "statuses", "bytes"] {
            assert_eq!(record[key], fast[key], "{engine}");
        }
        assert_opened(&record, engine, 3);
        assert_eq!(record["target"]["document_bytes"], 100_000, "{engine}");
        assert_eq!(record["plan"]["driver"], serde_json::Value::Null);
        for phase in ["total", "connect", "first_byte"] {
            assert!(record["latency_ns"][phase]["p50"].is_number(), "{record}");
        }
    }
}

/// Asserts that so many connections were opened and all requests made on them. A thread of
/// `reqwest-blocking` may ask again before its connection is back in the pool, and opens another.
pub(crate) fn assert_opened(record: &Value, engine: &str, connections: u64) {
    let opened = record["connections"]["opened"].as_u64().unwrap();
    let more = if engine == "reqwest-blocking" { 5 } else { 0 };
    let expected = connections..=connections + more;
    assert!(expected.contains(&opened), "{engine}: {record}");
    let uses = opened + record["connections"]["reused"].as_u64().unwrap();
    assert_eq!(record["requests"]["issued"], uses, "{engine}: {record}");
}

#[test]
fn a_warm_up_is_not_counted() {
    let server = Server::start(Kind::Async);
    for engine in ENGINES {
        let args = [
            "-n", "20", "-c", "2", "-k", "--warmup", "100ms", "--engine", engine,
        ];
        let record = run(&[&args[..], &[&server.url("/delay/5")]].concat()).record();
        assert_eq!(record["requests"]["succeeded"], 20, "{engine}");
        assert_opened(&record, engine, 0);
    }
}

#[test]
fn each_request_is_a_row_whoever_makes_it() {
    let directory = tempfile::tempdir().unwrap();
    // reqwest does not tell what ab's rows have.
    for (engine, flag) in ENGINES
        .map(|engine| (engine, "--samples"))
        .into_iter()
        .chain([("hyper", "-g")])
    {
        let server = FaultServer::start(Script::always(Good));
        let file = directory.path().join(format!("{engine}{flag}"));
        let args = ["-n", "20", "-c", "2", "--engine", engine, flag];
        let rest = [text(&file), &server.url()];
        assert_eq!(run(&[&args[..], &rest].concat()).code, Some(0), "{engine}");
        let rows = std::fs::read_to_string(&file).unwrap().lines().count();
        assert_eq!(rows, 21, "{engine} {flag}: a row each and a heading");
    }
}

#[test]
fn what_an_engine_cannot_do_is_refused_with_what_to_drop() {
    let url = "http://127.0.0.1:1/";
    for (args, words) in [
        (
            &["--http2", "--engine", "fast"][..],
            ["--http2", "--engine fast"],
        ),
        (
            &["--http2", "--engine", "reqwest-blocking"],
            ["--http2", "--engine"],
        ),
        (
            &["--http2", "-k", "--pipeline", "2"],
            ["--pipeline", "--streams"],
        ),
        (
            &["--engine", "hyper", "-k", "--pipeline", "2"],
            ["--engine", "--pipeline"],
        ),
        (
            &["--http2", "--engine", "reqwest", "-H", "Host: a.test"],
            ["--engine", "Host"],
        ),
        (
            &["--engine", "hyper", "--rate", "9", "--spin"],
            ["--spin", "--engine hyper"],
        ),
        (
            &[
                "--engine",
                "reqwest-blocking",
                "--rate",
                "2001",
                "--max-in-flight",
                "2",
            ],
            ["raise --max-in-flight to 3", "lower --rate"],
        ),
        (
            &["--engine", "reqwest", "--connect-to", "::127.0.0.1:1"],
            ["--engine", "--connect-to"],
        ),
        (
            &["--engine", "hyper", "-X", "127.0.0.1:1"],
            ["--engine", "-X"],
        ),
        (&["--engine", "reqwest", "-b", "9000"], ["--engine", "-b"]),
        (&["--http2", "--streams", "1001"], ["--streams", "1000"]),
        (&["--streams", "2"], ["not provided", "--http2"]),
    ] {
        run(&[args, &[url]].concat()).assert_one_line_error(2, &words);
    }
}

#[test]
fn what_connections_did_in_the_warm_up_is_not_counted() {
    let server = Server::start(Kind::Async);
    for engine in ENGINES {
        let args = ["-n", "20", "-c", "2", "--warmup", "200ms", "--engine"];
        let record = run(&[&args[..], &[engine, &server.url("/delay/5")]].concat()).record();
        assert_eq!(record["requests"]["succeeded"], 20, "{engine}");
        // One is opened for each request, for those under way at the border perhaps before it.
        let number = |part: &str, key: &str| record[part][key].as_u64().unwrap();
        let opened = number("connections", "opened");
        assert!((18..=20).contains(&opened), "{engine}: {record}");
        assert_eq!(record["latency_ns"]["connect"]["count"], opened, "{engine}");
        let bodies = number("bytes", "received_body") / number("target", "document_bytes");
        assert!((18..=20).contains(&bodies), "{engine}: {record}");
    }
}
