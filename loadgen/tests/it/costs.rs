//! What a server paid, as the record of a run says it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::fake_servers::real_servers;
use crate::files::text;
use crate::loadgen::run;

/// A server of this project, in a process of its own.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(program: &str, model: &str, listen: [&str; 2]) -> Self {
        let mut child = Command::new(real_servers().join(program))
            .args(listen)
            .args(["--model", model, "--idle-timeout", "60s"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let place = line.split_whitespace().nth(3).unwrap_or_default();
        let url = match place.starts_with("http") {
            true => format!("{place}/"),
            false => "http://localhost/".to_owned(),
        };
        Self { child, url }
    }

    fn tcp(program: &str, model: &str) -> Self {
        Self::start(program, model, ["--listen", "127.0.0.1:0"])
    }

    /// The record of a run against it.
    fn measure(&self, args: &[&str]) -> Value {
        let pid = self.child.id().to_string();
        let ended = run(&[args, &["--server-pid", &pid, &self.url]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.record()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which its test has seen then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(record: &Value, name: &str) -> f64 {
    let value = record["server"][name].as_f64();
    value.unwrap_or_else(|| panic!("{name} is not known: {record}"))
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

#[test]
fn a_request_costs_user_and_system_time_switches_and_a_connection_memory() {
    let server = Process::tcp("server-async", "tokio-current-thread");
    let load = ["--duration", "1s", "-c", "8", "-k"];
    let record = server.measure(&[&load[..], &["--idle-connections", "300"]].concat());
    let server = |name: &str| number(&record, name);
    let ended = record["requests"]["succeeded"].as_f64().unwrap();

    let (user, system) = (
        server("cpu_user_us_per_request"),
        server("cpu_system_us_per_request"),
    );
    assert!(user > 0.0 && system > 0.0, "{record}");
    assert!(
        is_close(user + system, server("cpu_us_per_request")),
        "{record}"
    );
    for kind in ["voluntary", "involuntary"] {
        let all = server(&format!("{kind}_context_switches"));
        let each = server(&format!("{kind}_switches_per_request"));
        assert!(is_close(each * ended, all), "{record}");
    }
    assert_eq!(server("connections"), 308.0);
    let grown = server("rss_bytes_peak") - server("rss_bytes_at_rest");
    let each = server("bytes_per_connection");
    assert!(each > 0.0 && is_close(each * 308.0, grown), "{record}");
    assert!(server("threads_max") >= 1.0 && server("backlog") >= 128.0);
}

#[test]
fn a_thread_for_each_idle_connection_is_counted() {
    let server = Process::tcp("server-sync", "thread-per-connection");
    let record = server.measure(&["-n", "50", "-c", "2", "-k", "--idle-connections", "120"]);
    assert!(number(&record, "threads_max") >= 121.0, "{record}");
    assert_eq!(number(&record, "connections"), 122.0);
}

#[test]
fn the_switches_of_threads_that_have_ended_are_not_known() {
    let server = Process::tcp("server-sync", "thread-per-connection");
    let record = server.measure(&["--duration", "500ms", "-c", "4"]);
    for name in ["context_switches", "switches_per_request"] {
        for kind in ["voluntary", "involuntary"] {
            let value = &record["server"][format!("{kind}_{name}")];
            assert!(value.is_null(), "{record}");
        }
    }
}

#[test]
fn memory_of_few_connections_is_not_divided_among_them() {
    let server = Process::tcp("server-async", "tokio-current-thread");
    let record = server.measure(&["-n", "100", "-c", "8", "-k"]);
    assert_eq!(number(&record, "connections"), 8.0);
    assert!(
        record["server"]["bytes_per_connection"].is_null(),
        "{record}"
    );
}

#[test]
fn a_unix_socket_has_no_accept_queue_that_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server.sock");
    let path = text(&path);
    let server = Process::start("server-async", "tokio-current-thread", ["--unix", path]);
    let record = server.measure(&["-n", "10", "--unix", path]);
    for name in ["accept_queue_peak", "backlog"] {
        assert!(record["server"][name].is_null(), "{record}");
    }
    assert!(number(&record, "cpu_us_per_request") > 0.0);
}
