//! Clients of a server that pushes: what they count, where messages wait, how streams end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::loadgen::{self, Ended};
use crate::push_server::{self, Pushing};
use crate::schema::PUSH;

const CLIENTS: [&[&str]; 3] = [
    &["--client", "blocking"],
    &["--client", "async"],
    &["--client", "async", "--queue", "10"],
];

fn run_at(address: SocketAddr, flags: &[&str]) -> Ended {
    let address = address.to_string();
    let args = [&["push", &address, "--format", "json"], flags].concat();
    loadgen::run(&args)
}

fn run(pushing: Pushing, flags: &[&str]) -> Ended {
    run_at(push_server::start(pushing), flags)
}

fn record(ended: &Ended) -> Value {
    ended.document(&PUSH)
}

fn number(record: &Value, pointer: &str) -> f64 {
    let value = record.pointer(pointer).and_then(Value::as_f64);
    value.unwrap_or_else(|| panic!("{pointer} in {record}"))
}

/// Runs every kind of client against a stream that ends, which must be seen as `ending` and said in
/// one line with `words`; the records.
fn assert_ending(pushing: Pushing, ending: &str, flags: &[&str], words: &[&str]) -> Vec<Value> {
    let records = CLIENTS.iter().map(|client| {
        let flags = [*client, &["--clients", "1", "--duration", "20s"], flags].concat();
        let began = Instant::now();
        let ended = run(pushing, &flags);
        assert!(began.elapsed() < Duration::from_secs(15), "{client:?}");
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.assert_one_line_on_stderr(words);
        let record = record(&ended);
        assert_eq!(record["clients"][0]["ending"], ending);
        assert_conserved(&record);
        record
    });
    records.collect()
}

/// Received is processed and queued, in the sum, for each client, and over the rows.
fn assert_conserved(record: &Value) {
    let is_conserved = |messages: &Value| {
        let count = |name: &str| messages[name].as_u64().unwrap();
        assert_eq!(count("received"), count("processed") + count("queued"));
    };
    is_conserved(&record["messages"]);
    let clients = record["clients"].as_array().unwrap();
    clients
        .iter()
        .for_each(|client| is_conserved(&client["messages"]));
    for name in ["received", "processed"] {
        let rows = record["rows"].as_array().unwrap().iter();
        let sum: u64 = rows.map(|row| row[name].as_u64().unwrap()).sum();
        assert_eq!(record["messages"][name], sum, "{name}");
    }
}

/// Three clients of every kind are pushed so many messages, and each is counted once.
fn assert_all_counted(messages: u64, delay: &str) {
    for client in CLIENTS {
        let flags = [client, &["--delay", delay, "--duration", "60s"]].concat();
        let ended = run(Pushing::Close(messages), &flags);
        let record = record(&ended);
        assert_conserved(&record);
        let counted = &record["messages"];
        assert_eq!(counted["received"], 3 * messages, "{counted}");
        assert_eq!(counted["processed"], 3 * messages, "{counted}");
        assert_eq!(counted["gaps"], 0, "{counted}");
        for client in record["clients"].as_array().unwrap() {
            assert_eq!(client["ending"], "closed", "{client}");
            assert_eq!(client["messages"]["processed"], messages, "{client}");
        }
    }
}

#[test]
fn every_message_is_counted_once_whoever_reads() {
    assert_all_counted(300, "500us");
}

#[test]
fn at_full_speed_messages_are_counted_too() {
    assert_all_counted(30_000, "0");
}

#[test]
fn a_run_that_ends_early_was_as_long_as_its_streams() {
    let flags = ["--delay", "1ms", "--clients", "1", "--duration", "60s"];
    let record = record(&run(Pushing::Close(110), &flags));
    let elapsed_s = number(&record, "/elapsed_s");
    let processed_per_second = number(&record, "/processed_per_second");
    assert!((processed_per_second * elapsed_s - 110.0).abs() < 1e-6);
    assert!(elapsed_s >= 0.1, "{elapsed_s}");
    let rows = record["rows"].as_array().unwrap();
    let at_ms: Vec<f64> = rows.iter().map(|row| number(row, "/at_ms")).collect();
    assert!(at_ms.is_sorted(), "{at_ms:?}");
    // A row of a moment would say anything.
    for row in rows {
        assert!(number(row, "/processed_per_second") < 3000.0, "{row}");
    }
}

#[test]
fn who_does_not_read_leaves_messages_in_the_sockets() {
    let flags = [
        "--client",
        "blocking",
        "--delay",
        "50ms",
        "--duration",
        "1s",
    ];
    // A small buffer is soon full.
    let flags = [&flags[..], &["--rcvbuf", "4096"]].concat();
    let record = record(&run(Pushing::Forever, &flags));
    assert!(number(&record, "/course/send_queue_bytes/last") > 0.0);
    assert!(number(&record, "/course/receive_queue_bytes/last") > 0.0);
    assert!(number(&record, "/course/queue_messages/max") <= 3.0);
}

#[test]
fn who_reads_into_a_queue_holds_them_itself() {
    let flags = ["--client", "async", "--delay", "50ms", "--duration", "1s"];
    let record = record(&run(Pushing::Forever, &flags));
    assert_conserved(&record);
    let queued = number(&record, "/messages/queued");
    assert!(queued > 100.0);
    let (first, last) = ("/rows/0/queue_bytes", "/course/queue_messages/last");
    assert!(number(&record, first) < 128.0 * number(&record, last));
    assert!(number(&record, "/course/rss_bytes/last") > 128.0 * queued);
}

#[test]
fn a_bounded_queue_never_holds_more_and_the_rest_waits_in_the_sockets() {
    let flags = [
        "--client",
        "async",
        "--queue",
        "10",
        "--delay",
        "5ms",
        "--duration",
        "1s",
    ];
    let record = record(&run(Pushing::Forever, &flags));
    for row in record["rows"].as_array().unwrap() {
        assert!(
            row["longest_queue_messages"].as_u64().unwrap() <= 10,
            "{row}"
        );
    }
    assert!(number(&record, "/course/receive_queue_bytes/last") > 0.0);
}

#[test]
fn work_on_the_cpu_is_measured_as_such() {
    let flags = [
        "--work",
        "--delay",
        "1ms",
        "--clients",
        "1",
        "--duration",
        "20s",
    ];
    let record = record(&run(Pushing::Close(100), &flags));
    assert_eq!(record["plan"]["work"], "cpu");
    assert!(number(&record, "/work_us/mean") >= 1000.0);
    assert!(number(&record, "/cpu_s") >= 0.1);
}

#[test]
fn a_client_that_is_faster_than_its_server_has_next_to_no_queue() {
    let pause = Duration::from_millis(20);
    let flags = ["--delay", "500us", "--clients", "1", "--duration", "1s"];
    let ended = run(Pushing::Slowly(pause), &flags);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(number(&record(&ended), "/course/queue_messages/median") < 5.0);
}

#[test]
fn a_missing_number_is_a_gap_and_the_run_goes_on() {
    let flags = ["--clients", "1", "--delay", "0", "--duration", "300ms"];
    let ended = run(Pushing::Without(5), &flags);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    ended.assert_one_line_on_stderr(&["1 gaps", "1 messages missing"]);
    let record = record(&ended);
    assert_eq!(record["clients"][0]["ending"], "done");
    assert_eq!(record["messages"]["gaps"], 1);
    assert_eq!(record["messages"]["missing"], 1);
}

#[test]
fn a_repeated_number_is_counted() {
    let flags = ["--clients", "1", "--delay", "0", "--duration", "300ms"];
    let ended = run(Pushing::Twice(5), &flags);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    ended.assert_one_line_on_stderr(&["1 repeated"]);
    assert_eq!(record(&ended)["messages"]["repeated"], 1);
}

#[test]
fn garbage_after_messages_ends_the_stream() {
    let words = ["malformed", "something else"];
    for record in assert_ending(Pushing::Garbage(3), "malformed", &[], &words) {
        assert_eq!(record["messages"]["malformed"], 1);
        assert_eq!(record["messages"]["processed"], 3);
    }
}

#[test]
fn a_server_that_answers_in_http_pushes_nothing() {
    let words = ["not_push", "no push stream"];
    assert_ending(Pushing::Http, "not_push", &[], &words);
}

#[test]
fn a_server_that_stops_is_silent() {
    let flags = ["--timeout", "300ms"];
    for record in assert_ending(Pushing::Stop(3), "silent", &flags, &["raise --timeout"]) {
        assert_eq!(record["messages"]["processed"], 3);
    }
}

#[test]
fn a_server_that_says_nothing_at_all_is_silent() {
    let flags = ["--timeout", "300ms"];
    assert_ending(
        Pushing::Stop(0),
        "silent",
        &flags,
        &["check that the server pushes"],
    );
}

#[test]
fn a_run_in_which_nothing_came_is_no_measurement() {
    let address = push_server::start(Pushing::Stop(0));
    let ended = run_at(address, &["--clients", "1", "--duration", "200ms"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(record(&ended)["clients"][0]["ending"], "silent");
}

#[test]
fn a_server_that_closes_at_once_is_seen() {
    let words = ["closed", "see what it says"];
    assert_ending(Pushing::Close(0), "closed", &[], &words);
}

#[test]
fn what_came_before_the_end_is_worked_on() {
    for record in assert_ending(Pushing::Close(100), "closed", &[], &["closed"]) {
        assert_eq!(record["messages"]["received"], 100);
        assert_eq!(record["messages"]["processed"], 100);
        assert!(number(&record, "/work_us/mean") > 0.0);
        assert!(number(&record, "/course/age_ms/max") > 0.0);
    }
}

#[test]
fn a_message_that_is_cut_short_is_seen() {
    let words = ["in the middle of a message"];
    assert_ending(Pushing::CloseInMessage(3), "closed_in_message", &[], &words);
}

#[test]
fn a_port_on_which_nobody_listens_is_an_ending_of_all_clients() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    for client in CLIENTS {
        let ended = run_at(address, client);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.assert_one_line_on_stderr(&["3 of 3 clients connect_refused", "--push"]);
        assert_eq!(record(&ended)["clients"][2]["ending"], "connect_refused");
    }
}

#[test]
fn queues_that_took_their_memory_read_no_more() {
    let flags = [
        "--clients",
        "1",
        "--delay",
        "50ms",
        "--queue-memory",
        "100000",
        "--duration",
        "1s",
    ];
    let ended = run(Pushing::Forever, &flags);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    ended.assert_one_line_on_stderr(&["memory_limit", "--queue N"]);
    let record = record(&ended);
    assert_conserved(&record);
    assert!(number(&record, "/course/queue_messages/max") < 100_000.0 / 128.0 + 2048.0);
}

#[test]
fn a_signal_ends_the_run_after_its_report() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let args = ["push", &address, "--clients", "1", "-o", "/dev/stderr"];
    let running = loadgen::start(loadgen::command(&args));
    let _client = listener.accept().unwrap();
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.contains("\"interrupted\": true"), "{ended:?}");
}

#[test]
fn the_text_has_a_table_and_a_chart_and_the_file_the_record() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("push.json");
    let address = format!("tcp://{}", push_server::start(Pushing::Close(300)));
    let args = [
        "push",
        &address,
        "--duration",
        "60s",
        "-o",
        file.to_str().unwrap(),
    ];
    let ended = loadgen::run(&args);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for words in [
        "3 async clients",
        "received/s",
        "900   processed 900   queued 0",
        "Send-Q",
        "3 of 3 clients closed",
    ] {
        assert!(
            ended.stdout.contains(words),
            "{words:?} in {}",
            ended.stdout
        );
    }
    let mut lines = ended.stdout.lines().map(str::trim_start);
    let chart = lines.find(|line| line.starts_with("processed  "));
    let chart = chart.expect("a chart of what was processed");
    assert!(
        chart.contains('█') && !chart.contains("at most 0 a"),
        "{chart}"
    );
    let record: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    PUSH.assert_valid(&record);
    assert_eq!(record["target"]["name"], address);
}

#[test]
fn what_makes_no_sense_is_one_line_with_the_next_step() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["push"], &["<ADDR>", "loadgen push --help"]),
        (&["push", "http://127.0.0.1:1/"], &["TCP", "HOST:PORT"]),
        (&["push", "nowhere"], &["nowhere", "HOST:PORT"]),
        (
            &["push", "127.0.0.1:1", "--clients", "0"],
            &["from 1 to 1000"],
        ),
        (
            &["push", "127.0.0.1:1", "--queue", "0"],
            &["above 0, or unbounded"],
        ),
        (
            &[
                "push",
                "127.0.0.1:1",
                "--client",
                "blocking",
                "--queue",
                "5",
            ],
            &["has no queue", "--client async"],
        ),
    ];
    for (args, words) in cases {
        loadgen::run(args).assert_one_line_error(2, words);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_said_before_the_run() {
    let args = ["push", "127.0.0.1:1", "-o", "/no/such/place/push.json"];
    loadgen::run(&args).assert_one_line_error(1, &["/no/such/place/push.json"]);
}
