//! `loadgen bench-push`: every client against every server, what it writes, and what keeps it from it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::fake_servers::FakeServers;
use crate::loadgen::{self, Ended};
use crate::push_server::{self, Pushing};
use crate::schema::PUSH;

/// What its 21 runs may take on a loaded machine.
const LONGEST: Duration = Duration::from_secs(90);

/// Servers that push from the test's own process, and say so as those of this project do.
fn servers(pushing: Pushing) -> FakeServers {
    let address = push_server::start(pushing);
    FakeServers::new(&format!(
        "echo \"x listening on http://{address} (model y)\"
         echo \"x pushing to tcp://{address} (model y)\"
         echo \"$@\" >> \"$here/flags\"
         exec sleep 60"
    ))
}

fn bench(servers: &FakeServers, out: &Path) -> Ended {
    bench_for("200ms", servers, out)
}

fn bench_for(duration: &str, servers: &FakeServers, out: &Path) -> Ended {
    let args = ["--servers", servers.path(), "--out", out.to_str().unwrap()];
    let args = [&["bench-push", "--duration", duration], &args[..]].concat();
    loadgen::start(loadgen::command(&args)).end_within(LONGEST)
}

#[test]
fn every_client_meets_every_server_and_the_summary_says_what_came_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("results");
    let servers = servers(Pushing::Forever);
    let ended = bench(&servers, &out);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let summary = fs::read_to_string(out.join("summary.md")).unwrap();
    for words in [
        "| threads | blocking",
        "| tokio",
        "| epoll",
        "Send-Q held",
        "memory grew",
    ] {
        assert!(summary.contains(words), "{words:?} in {summary}");
        assert!(ended.stdout.contains(words), "{words:?} in {ended:?}");
    }
    assert!(summary.contains("## Over time"), "{summary}");
    for pushed in ["rate", "flood"] {
        for client in ["blocking", "async", "async-bounded"] {
            assert_run(&out, &format!("{pushed}.tokio.{client}"));
        }
    }
    assert_run(&out, "speed.epoll.blocking");
    assert_eq!(servers.lines_of("flags").len(), 21);
    let with_rate = servers.lines_of("flags").into_iter();
    assert_eq!(
        with_rate
            .filter(|line| line.contains("--push-rate"))
            .count(),
        9
    );
}

/// The record of a run that took place.
fn assert_run(out: &Path, name: &str) -> Value {
    let file = fs::read(out.join(format!("{name}.json"))).unwrap();
    let record: Value = serde_json::from_slice(&file).unwrap();
    PUSH.assert_valid(&record);
    assert!(!record["rows"].as_array().unwrap().is_empty(), "{name}");
    assert!(record["server"]["rss_bytes_peak"].is_u64(), "{name}");
    record
}

#[test]
fn servers_that_lose_messages_are_found_out() {
    let directory = tempfile::tempdir().unwrap();
    let ended = bench(
        &servers(Pushing::Without(3)),
        &directory.path().join("results"),
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("messages were lost"), "{ended:?}");
    assert!(ended.stdout.contains("gaps in the numbers"), "{ended:?}");
}

#[test]
fn servers_that_close_before_the_end_are_found_out_and_what_they_pushed_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("results");
    let ended = bench_for("20s", &servers(Pushing::Close(50)), &out);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for words in [
        "rate.tokio.async: 3 of 3 clients closed",
        "speed.epoll.blocking: 1 of 1 clients closed",
    ] {
        assert!(ended.stderr.contains(words), "{words:?} in {ended:?}");
    }
    for (name, count) in [
        ("rate.threads.blocking", 150),
        ("flood.tokio.async", 150),
        ("flood.epoll.async-bounded", 150),
        ("speed.epoll.blocking", 50),
    ] {
        let messages = &assert_run(&out, name)["messages"];
        assert_eq!(messages["received"], count, "{name}");
        assert_eq!(messages["processed"], count, "{name}");
    }
}

#[test]
fn a_server_that_does_not_push_is_named() {
    let address = push_server::start(Pushing::Forever);
    let line = format!("echo \"x listening on http://{address} (model y)\"; exec >&-; sleep 60");
    let directory = tempfile::tempdir().unwrap();
    let ended = bench(&FakeServers::new(&line), &directory.path().join("results"));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("threads did not say where it pushes"),
        "{ended:?}"
    );
}

#[test]
fn servers_that_are_not_there_are_named_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("results");
    let args = [
        "bench-push",
        "--servers",
        "/no/such",
        "--out",
        out.to_str().unwrap(),
    ];
    loadgen::run(&args).assert_one_line_error(1, &["/no/such/server-sync", "build it"]);
    assert!(!out.exists());
}
