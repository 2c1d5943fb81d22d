//! `loadgen bench-push`: every client against every server, what it writes, and what keeps it from it.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::bench_command::wait_until;
use crate::fake_servers::FakeServers;
use crate::loadgen::{self, Ended, Running};
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
    let out = out.to_str().unwrap();
    assert!(!record.to_string().contains(out), "{name} names a place");
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
    let lost = "rate.epoll.blocking: 3 gaps in the numbers, 3 messages missing";
    assert!(ended.stderr.contains(lost), "{ended:?}");
    assert!(!ended.stdout.contains("gaps"), "it is said once: {ended:?}");
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
fn a_signal_keeps_the_complete_runs_and_nothing_of_the_one_that_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("results");
    let servers = servers(Pushing::Forever);
    let running = start_in_a_group(&servers, &out, "200ms");
    wait_until(|| out.join("rate.tokio.blocking.json").exists());
    running.signal_group(Signal::INT);

    let ended = running.end_within(LONGEST);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let said = ended.stderr.lines().last().unwrap_or_default();
    let kept = said.strip_prefix("loadgen: interrupted; complete runs kept: ");
    let runs: usize = kept.unwrap_or_else(|| panic!("{ended:?}")).parse().unwrap();
    let files = fs::read_dir(&out).unwrap().count();
    assert_eq!(
        files,
        runs + 1,
        "the summary is there, and no run beside these"
    );
    let summary = fs::read_to_string(out.join("summary.md")).unwrap();
    assert!(summary.contains("**Interrupted**"), "{summary}");
}

#[test]
fn a_signal_in_the_first_run_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("results");
    let servers = servers(Pushing::Forever);
    let running = start_in_a_group(&servers, &out, "60s");
    wait_until(|| !servers.lines_of("flags").is_empty());
    running.signal_group(Signal::INT);

    let ended = running.end_within(LONGEST);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.contains("nothing was kept"), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    assert!(!out.exists(), "nothing is left of it");
}

/// As a terminal does, whose signals are for the whole group.
fn start_in_a_group(servers: &FakeServers, out: &Path, duration: &str) -> Running {
    let args = ["--servers", servers.path(), "--out", out.to_str().unwrap()];
    let args = [&["bench-push", "--duration", duration], &args[..]].concat();
    let mut command = loadgen::command(&args);
    command.process_group(0);
    loadgen::start(command)
}

#[test]
fn a_server_that_fails_later_leaves_what_was_measured_by_then_with_a_summary() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("results");
    let address = push_server::start(Pushing::Forever);
    let servers = FakeServers::new(&format!(
        "echo run >> \"$here/runs\"
         [ \"$(wc -l < \"$here/runs\")\" -le 2 ] || {{ echo 'out of luck' >&2; exit 7; }}
         echo \"x listening on http://{address} (model y)\"
         echo \"x pushing to tcp://{address} (model y)\"
         exec sleep 60"
    ));
    let ended = bench(&servers, &out);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let place = format!("what was measured is in {}", out.display());
    for words in ["out of luck", &place] {
        assert!(ended.stderr.contains(words), "no {words:?} in {ended:?}");
    }
    let summary = fs::read_to_string(out.join("summary.md")).unwrap();
    assert!(summary.contains("- 2 runs of"), "{summary}");
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
