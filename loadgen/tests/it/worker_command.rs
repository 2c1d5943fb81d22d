//! `loadgen worker`, whose master is the test.

use std::net::TcpListener;
use std::process::Command;

use rmpv::Value;
use rustix::process::Signal;

use crate::canned_server::CannedServer;
use crate::loadgen::{self, Running};
use crate::locust_master::{Heard, Master};
use crate::server::{Kind, Server};

fn command(master: &str, flags: &[&str]) -> Command {
    let args = [&["worker", "--master", master, "--threads", "1"], flags];
    loadgen::command(&args.concat())
}

fn worker_of(master: &Master) -> Running {
    loadgen::start(command(&master.address.to_string(), &[]))
}

/// What reports tell, added up.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    /// By Locust's numbers.
    requests: u64,
    /// By our records.
    recorded: u64,
    workers: Vec<String>,
    sequences: Vec<u64>,
    is_whole: bool,
}

impl Sum {
    fn add(&mut self, heard: &Heard) {
        if heard.kind != "stats" {
            return;
        }
        let record = heard.record();
        let part = |record: &serde_json::Value| record["shard"]["part"].clone();
        let sequence = record
            .as_ref()
            .and_then(|record| part(record)["sequence"].as_u64());
        if sequence.is_some_and(|sequence| self.sequences.contains(&sequence)) {
            // Sent again, because nobody had said that it came.
            return;
        }
        let total = heard.field("stats_total").as_map().expect("a map");
        let count = total
            .iter()
            .find(|(key, _)| key.as_str() == Some("num_requests"));
        self.requests += count
            .and_then(|(_, count)| count.as_u64())
            .expect("a count");
        let Some(record) = record else {
            return;
        };
        let requests = &record["requests"];
        assert_eq!(requests["failed"], 0);
        self.recorded += requests["succeeded"].as_u64().expect("a count");
        let part = part(&record);
        assert!(!self.is_whole, "no part follows the last one");
        self.is_whole = part["is_last"].as_bool().expect("yes or no");
        self.sequences.push(sequence.expect("a number"));
        let worker = part["worker"].as_str().expect("a name").to_owned();
        if !self.workers.contains(&worker) {
            self.workers.push(worker);
        }
    }

    fn assert_whole(&self, answered: u64) {
        assert_eq!(
            (self.requests, self.recorded),
            (answered, answered),
            "{self:?}"
        );
        assert!(self.is_whole, "{self:?}");
        let expected: Vec<u64> = (0..self.sequences.len() as u64).collect();
        assert_eq!(self.sequences, expected, "{self:?}");
    }
}

#[test]
fn start_ramp_stop_and_another_test_until_the_master_quits() {
    let server = CannedServer::hello();
    let host = server.url();
    let mut master = Master::start();
    let running = worker_of(&master);
    let worker = master.hears("client_ready").worker;

    let first = [("loadgen_run_id", "one")];
    let mut sum = Sum::default();
    for users in [1, 3] {
        master.spawns(&worker, users, &host, &first);
        let complete = master.hears_until("spawning_complete", |heard| sum.add(heard));
        assert_eq!(complete.field("user_count"), &Value::from(users));
    }
    sum.add(&master.hears("stats"));
    master.says(&worker, "stop", Value::Nil);
    master.hears_until("client_stopped", |heard| sum.add(heard));
    sum.assert_whole(server.answered());
    master.hears("client_ready");

    let before = server.answered();
    let mut sum = Sum::default();
    let second = [
        ("loadgen_run_id", "two"),
        ("loadgen_rate", "100"),
        ("loadgen_path", "/b"),
    ];
    master.spawns(&worker, 4, &host, &second);
    let record = loop {
        let report = master.hears("stats");
        sum.add(&report);
        if let Some(record) = report.record() {
            break record;
        }
    };
    assert_eq!(record["shard"]["run_id"], "two");
    assert!(
        record["target"]["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/b"))
    );
    assert_eq!(record["plan"]["rate_per_second"], 100.0);
    master.says(&worker, "quit", Value::Nil);
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    while !sum.is_whole {
        sum.add(&master.hears("stats"));
    }
    sum.assert_whole(server.answered() - before);
}

#[test]
fn a_master_that_goes_and_returns_finds_the_test_going_on_and_no_request_missing() {
    let server = CannedServer::hello();
    let options = [("loadgen_run_id", "one"), ("loadgen_rate", "200")];
    let mut master = Master::start();
    let running = worker_of(&master);
    let worker = master.hears("client_ready").worker;
    let mut sum = Sum::default();
    master.spawns(&worker, 4, &server.url(), &options);
    master.hears("spawning_complete");
    // It dies with a report unheard, or none: whatever came before this one counts.
    let address = master.address;
    sum.add(&master.hears("stats"));
    let before = master
        .hears_until("heartbeat", |heard| sum.add(heard))
        .worker;
    drop(master);

    let mut master = Master::start_at(address);
    let worker = master.hears("client_ready").worker;
    assert_ne!(worker, before, "a ROUTER wants a name for each connection");
    master.spawns(&worker, 4, &server.url(), &options);
    master.hears_until("spawning_complete", |heard| sum.add(heard));
    master.says(&worker, "stop", Value::Nil);
    master.hears_until("client_stopped", |heard| sum.add(heard));
    sum.assert_whole(server.answered());
    assert_eq!(sum.workers, [before], "to the record it is one worker");
    master.says(&worker, "quit", Value::Nil);
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn a_master_that_returns_without_the_test_ends_it() {
    let server = CannedServer::hello();
    let options = [("loadgen_run_id", "one"), ("loadgen_rate", "200")];
    let mut master = Master::start();
    let running = worker_of(&master);
    let worker = master.hears("client_ready").worker;
    master.spawns(&worker, 4, &server.url(), &options);
    master.hears("spawning_complete");
    let address = master.address;
    drop(master);

    let master = Master::start_at(address);
    let worker = master.hears("client_ready").worker;
    let mut sum = Sum::default();
    while !sum.is_whole {
        sum.add(&master.hears("stats"));
    }
    sum.assert_whole(server.answered());
    master.says(&worker, "quit", Value::Nil);
    let ended = running.end();
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stderr.contains("knows nothing of this test"),
        "{ended:?}"
    );
}

#[test]
fn a_master_that_hangs_and_goes_on_has_every_report_once() {
    let server = CannedServer::hello();
    let mut master = Master::start();
    let running = worker_of(&master);
    let worker = master.hears("client_ready").worker;
    let options = [("loadgen_run_id", "one"), ("loadgen_rate", "200")];
    master.spawns(&worker, 4, &server.url(), &options);
    master.hears("spawning_complete");
    let mut sum = Sum::default();
    master.goes_on(false);
    // For about as long as it takes until another report is due.
    server.until_answered(server.answered() + 700);
    master.goes_on(true);
    master.says(&worker, "stop", Value::Nil);
    master.hears_until("client_stopped", |heard| sum.add(heard));
    sum.assert_whole(server.answered());
    assert_eq!(sum.workers, [worker.as_str()]);
    master.says(&worker, "quit", Value::Nil);
    assert_eq!(running.end().code, Some(0));
}

#[test]
fn a_signal_ends_the_test_with_its_last_report() {
    let server = CannedServer::hello();
    let mut master = Master::start();
    let running = worker_of(&master);
    let worker = master.hears("client_ready").worker;
    let options = [("loadgen_run_id", "one"), ("loadgen_rate", "200")];
    master.spawns(&worker, 4, &server.url(), &options);
    master.hears("spawning_complete");
    running.signal(Signal::TERM);
    let mut sum = Sum::default();
    master.hears_until("quit", |heard| sum.add(heard));
    sum.assert_whole(server.answered());
    assert_eq!(running.end().code, Some(130));
}

#[test]
fn options_that_make_no_sense_reach_the_masters_user_and_make_no_load() {
    let server = CannedServer::hello();
    let mut master = Master::start();
    let running = worker_of(&master);
    let worker = master.hears("client_ready").worker;
    for (option, words) in [
        (("loadgen_rate", "fast"), "--loadgen-rate 'fast'"),
        (
            ("loadgen_body_file", "/nowhere/at/all"),
            "--loadgen-body-file",
        ),
    ] {
        master.spawns(
            &worker,
            4,
            &server.url(),
            &[option, ("loadgen_run_id", words)],
        );
        let exception = master.hears("exception");
        let text = exception.field("msg").as_str().expect("a text");
        assert!(text.contains(words), "{text}");
        let complete = master.hears("spawning_complete");
        assert_eq!(complete.field("user_count"), &Value::from(0));
    }
    master.says(&worker, "update_user_class", Value::Nil);
    master.says_bytes(&worker, b"garbage".to_vec());
    master.says(&worker, "quit", Value::Nil);
    let ended = running.end();
    assert_eq!((ended.code, server.answered()), (Some(0), 0));
    for words in ["--loadgen-rate 'fast'", "update_user_class", "'garbage'"] {
        assert!(ended.stderr.contains(words), "{words}: {ended:?}");
    }
}

#[test]
fn whoever_is_no_locust_master_is_named_in_one_line() {
    let server = Server::start(Kind::Async);
    let http = server
        .url("")
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    // It takes connections, in its backlog, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = silent
        .local_addr()
        .map(|address| (silent, address))
        .expect("an address");
    for (address, words) in [
        (http, "does not speak ZeroMQ"),
        (silent.1.to_string(), "it said nothing within 0.3 s"),
    ] {
        let running = loadgen::start(command(&address, &["--connect-timeout", "300ms"]));
        let words = [words, address.as_str(), "--master-bind-port"];
        running.end().assert_one_line_error(1, &words);
    }
}

#[test]
fn a_tunnel_is_waited_for_until_a_master_is_behind_it() {
    let tunnel = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = tunnel.local_addr().expect("an address");
    let running = loadgen::start(command(&address.to_string(), &[]));
    // One connection to see whether anybody is there, and one to speak on.
    for _ in 0..2 {
        drop(tunnel.accept().expect("a connection"));
    }
    drop(tunnel);
    let master = Master::start_at(address);
    let worker = master.hears("client_ready").worker;
    master.says(&worker, "quit", Value::Nil);
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("closed the connection at once"),
        "{ended:?}"
    );
}

#[test]
fn where_nobody_is_a_master_is_waited_for_and_not_without_end() {
    let address = crate::closed_port::ClosedPort::new().address().to_string();
    let running = loadgen::start(command(&address, &["--wait", "300ms"]));
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("start locust --master there"),
        "{ended:?}"
    );
}

#[test]
fn what_is_wrong_on_the_command_line_is_named_with_the_next_step() {
    for (flags, words) in [
        ("worker", "--master"),
        ("worker --master http://127.0.0.1:5557", "give HOST:PORT"),
        ("worker --master a --max-users 20001", "start more workers"),
        ("worker --master a --cpu-list 9999", "--cpu-list"),
    ] {
        loadgen::run_words(flags).assert_one_line_error(2, &[words]);
    }
}
