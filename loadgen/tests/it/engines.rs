//! The engines beside `fast`: the same records of the same runs, and what they
//! refuse. The fault table has its say on each of them too.

use rustix::process::Signal;

use crate::behaviour::Behaviour::{Good, Silent};
use crate::check::at_once;
use crate::closed_port::ClosedPort;
use crate::fault_server::FaultServer;
use crate::loadgen::{command, run, start};
use crate::record::Counts;
use crate::script::Script;
use crate::server::{Kind, Server};

/// The engines by their names in flags and records.
const ENGINES: [&str; 3] = ["hyper", "reqwest", "reqwest-blocking"];

#[test]
fn a_closed_port_is_connect_refused_whoever_knocks() {
    let closed = ClosedPort::new();
    let url = format!("http://{}/", closed.address());
    for engine in ENGINES {
        let ended = run(&["-n", "20", "-c", "2", "--engine", engine, &url]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let counts = Counts::of_record(&ended.record());
        assert_eq!(
            counts,
            Counts::new(0, &[("connect_refused", 20)]),
            "{engine}"
        );
    }
}

#[test]
fn a_signal_ends_a_run_at_once_though_answers_are_awaited() {
    for engine in ENGINES {
        let server = FaultServer::start(Script::good_then(3, Silent));
        let args = [
            "-n",
            "1000",
            "-c",
            "2",
            "--engine",
            engine,
            "--timeout",
            "60s",
        ];
        let running = start(command(&[&args[..], &[&server.url()]].concat()));
        server.wait_until(|log| log.played.len() == 5);
        running.signal(Signal::INT);
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{engine}: {ended:?}");
        let expected = Counts {
            cancelled: 2,
            ..Counts::new(3, &[])
        };
        assert_eq!(Counts::of_record(&ended.record()), expected, "{engine}");
    }
}

#[test]
fn a_run_that_ends_by_time_cancels_what_is_under_way() {
    for engine in ENGINES {
        let server = FaultServer::start(Script::good_then(3, Silent));
        let args = ["--duration", "1s", "-c", "2", "--engine", engine];
        let record = run(&[&args[..], &[&server.url()]].concat()).record();
        let expected = Counts {
            cancelled: 2,
            ..Counts::new(3, &[])
        };
        assert_eq!(Counts::of_record(&record), expected, "{engine}");
    }
}

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
        assert_eq!(record["connections"]["opened"], 3, "{engine}");
        assert_eq!(record["connections"]["reused"], 57, "{engine}");
        assert_eq!(record["target"]["document_bytes"], 100_000, "{engine}");
        assert_eq!(record["plan"]["driver"], serde_json::Value::Null);
        for phase in ["total", "connect", "first_byte"] {
            assert!(record["latency_ns"][phase]["p50"].is_number(), "{record}");
        }
    }
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
        assert_eq!(record["connections"]["opened"], 0, "{engine}: before it");
        assert_eq!(record["connections"]["reused"], 20, "{engine}");
    }
}

/// How starts are spread, and who makes them.
const SCHEDULES: [&[&str]; 4] = [
    &["--rate", "200"],
    &["--rate", "200", "-k"],
    &["--rate", "200", "-k", "--threads", "2"],
    &["--rate", "200", "-k", "--arrival", "poisson"],
];

#[test]
fn a_schedule_starts_as_many_requests_as_it_has() {
    for engine in ENGINES {
        at_once(&SCHEDULES, |schedule| {
            let server = FaultServer::start(Script::always(Good));
            let args = ["-n", "50", "-c", "20", "--engine", engine, &server.url()];
            let record = run(&[schedule, &args].concat()).record();
            let circumstances = format!("{engine} {schedule:?}: {record}");
            let counts = Counts::of_record(&record);
            assert_eq!(counts, Counts::new(50, &[]), "{circumstances}");
            assert_eq!(record["schedule"]["intended"], 50, "{circumstances}");
            assert_eq!(record["latency_ns"]["corrected"]["count"], 50);
            assert_eq!(server.stop().played.len(), 50, "{circumstances}");
        });
    }
}

#[test]
fn a_schedule_goes_on_after_a_warm_up() {
    for engine in ENGINES {
        let server = FaultServer::start(Script::always(Good));
        let args = ["-n", "50", "-c", "20", "--rate", "200", "-k", "--engine"];
        let warm_up = [engine, "--warmup", "200ms", &server.url()];
        let record = run(&[&args[..], &warm_up].concat()).record();
        assert_eq!(Counts::of_record(&record), Counts::new(50, &[]), "{engine}");
        assert!(server.stop().played.len() > 50, "{engine}");
    }
}

#[test]
fn what_came_due_and_found_no_connection_is_counted_too() {
    let server = Server::start(Kind::Async);
    for engine in ENGINES {
        let args = ["--rate", "500", "--duration", "1s", "-k", "-c", "2"];
        let url = server.url("/delay/10");
        let record = run(&[&args[..], &["--engine", engine, &url]].concat()).record();
        let number = |key: &str| record["schedule"][key].as_u64().unwrap();
        assert_eq!(number("intended"), 500, "{engine}: {record}");
        assert_eq!(Counts::of_record(&record).issued(), 500, "{engine}");
        // At most 2 at a time, for 10 ms each.
        assert!(number("unsent") >= 298 && number("waited") > 0, "{record}");
        assert!(number("backlog_max") >= number("unsent"), "{record}");
        assert_eq!(record["connections"]["opened"], 2, "{engine}");
    }
}

#[test]
fn a_signal_ends_a_schedule() {
    for engine in ENGINES {
        let server = FaultServer::start(Script::always(Good));
        let args = ["--rate", "50", "-n", "100000", "-k", "-c", "9", "--engine"];
        let running = start(command(&[&args[..], &[engine, &server.url()]].concat()));
        server.wait_until(|log| log.played.len() >= 5);
        running.signal(Signal::INT);
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{engine}: {ended:?}");
        let record = ended.record();
        let intended = record["schedule"]["intended"].as_u64().unwrap();
        assert_eq!(Counts::of_record(&record).issued(), intended, "{record}");
        assert!((5..100_000).contains(&intended), "{engine}: {record}");
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
        let rest = [file.to_str().unwrap(), &server.url()];
        assert_eq!(run(&[&args[..], &rest].concat()).code, Some(0), "{engine}");
        let text = std::fs::read_to_string(file).unwrap();
        let rows = text.lines().count();
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
