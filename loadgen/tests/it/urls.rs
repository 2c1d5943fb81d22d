//! Several URLs from a file.

use serde_json::Value;

use crate::files::{file_with, text};
use crate::loadgen::run;
use crate::server::{Kind, Server};

fn counts(record: &Value) -> Vec<(String, u64)> {
    let paths = record["paths"].as_array().unwrap().iter();
    paths
        .map(|path| {
            let name = path["path"].as_str().unwrap().to_owned();
            (name, path["succeeded"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn urls_come_by_turns_and_each_is_counted_by_itself() {
    let server = Server::start(Kind::Async);
    let urls = file_with(format!(
        "# three\n{}\n/bytes/100\n\n/bytes/200\n",
        server.url("/bytes/50")
    ));
    let path = text(&urls);
    for pipeline in ["1", "5"] {
        let flags = ["-n", "60", "-c", "2", "-k", "--pipeline", pipeline];
        let ended = run(&[&flags[..], &["--urls-from", path]].concat());
        let record = ended.record();
        assert_eq!(record["requests"]["succeeded"], 60, "{ended:?}");
        let wanted = [("/bytes/50", 20), ("/bytes/100", 20), ("/bytes/200", 20)];
        let wanted: Vec<_> = wanted.map(|(path, count)| (path.to_owned(), count)).into();
        assert_eq!(counts(&record), wanted);
        assert_eq!(record["bytes"]["received_body"], 20 * (50 + 100 + 200));
        assert!(record["paths"][0]["latency_ns"]["p50"].as_u64().unwrap() > 0);
    }
}

#[test]
fn urls_at_random_are_the_same_again_with_the_same_seed() {
    let server = Server::start(Kind::Async);
    let urls = file_with("/a\n/b\n/c\n");
    let path = text(&urls);
    let url = server.url("/");
    let draw = |seed| {
        let flags = ["-n", "50", "--urls-order", "random", "--seed", seed];
        counts(&run(&[&flags[..], &["--urls-from", path, &url]].concat()).record())
    };
    let first = draw("7");
    assert_eq!(first.iter().map(|(_, count)| count).sum::<u64>(), 50);
    assert_eq!(first, draw("7"));
    assert_ne!(first, draw("8"));
}

#[test]
fn a_line_that_is_no_url_is_named_with_file_and_line() {
    let urls = file_with("/a\nhttp://127.0.0.1:1/\n");
    let path = text(&urls);
    let ended = run(&["--urls-from", path, "http://127.0.0.1:9/"]);
    ended.assert_one_line_error(2, &[&format!("{path}:2"), "one run loads one server"]);
    let empty = file_with("# nothing\n");
    let path = text(&empty);
    let ended = run(&["--urls-from", path, "http://127.0.0.1:9/"]);
    ended.assert_one_line_error(2, &[path, "no URL"]);
    run(&["--urls-from", "/nowhere/urls"]).assert_one_line_error(2, &["/nowhere/urls"]);
}
