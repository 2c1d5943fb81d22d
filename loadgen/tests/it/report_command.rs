//! `loadgen report DIR…` as a person calls it: where the page goes, what is in it, and what is said
//! when there is none. How it looks is for a browser to say (`make test-report`).

use std::fs;

use crate::files::text;
use crate::loadgen::{Ended, command, run, start};
use crate::rounds::{Results, around};

const DONE: i32 = 0;
const COULD_NOT_RUN: i32 = 1;
const USAGE: i32 = 2;

fn results() -> Results {
    Results::of(&around(10_000.0, 30.0), &around(13_100.0, 24.0))
}

/// Runs it in the directory of `results`.
fn report(results: &Results, args: &[&str]) -> Ended {
    let mut command = command(&[&["report"], args].concat());
    command.current_dir(results.directory());
    start(command).end()
}

fn page(results: &Results, name: &str) -> String {
    fs::read_to_string(results.path(name)).expect("the page")
}

#[test]
fn the_page_of_a_directory_is_put_in_it() {
    let results = results();
    let ended = report(&results, &["old"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(DONE), ""));
    assert_eq!(ended.stdout, "old/report.html\n");
    let page = page(&results, "old/report.html");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
}

#[test]
fn the_page_of_two_is_put_here_and_compares_them() {
    let results = results();
    let ended = report(&results, &["old", "new"]);
    assert_eq!(ended.stdout, "report.html\n", "{ended:?}");
    let page = page(&results, "report.html");
    // A space that is not broken at stands between a number and its unit.
    let page = page.replace('\u{a0}', " ");
    assert!(page.contains("new served 31 % more requests per second than old"));
    assert_eq!(page.matches("<h2").count(), 3);
}

#[test]
fn a_page_is_not_overwritten_unless_it_is_forced() {
    let results = results();
    results.write("page.html", "mine");
    let ended = report(&results, &["old", "-o", "page.html"]);
    ended.assert_one_line_error(USAGE, &["page.html exists", "--force", "-o"]);
    assert_eq!(page(&results, "page.html"), "mine");
    let ended = report(&results, &["old", "-o", "page.html", "--force"]);
    assert_eq!(ended.code, Some(DONE), "{ended:?}");
    assert!(page(&results, "page.html").contains("</html>"));
}

#[test]
fn a_page_of_itself_among_the_records_is_no_hindrance() {
    let results = results();
    for _ in 0..2 {
        let ended = report(&results, &["old", "--force"]);
        assert_eq!(ended.code, Some(DONE), "{ended:?}");
    }
}

#[test]
fn a_device_takes_the_page_and_nothing_else_is_said() {
    let ended = report(&results(), &["old", "-o", "/dev/stdout"]);
    assert!(
        ended.stdout.ends_with("</html>\n"),
        "{}",
        ended.stdout.len()
    );
}

#[test]
fn what_is_no_result_is_named_in_a_line_and_leaves_nothing() {
    let results = results();
    fs::create_dir(results.path("empty")).unwrap();
    results.write("damaged/1.json", "{");
    for (path, words) in [
        ("nowhere", "nowhere"),
        ("empty", "empty"),
        ("damaged", "1.json"),
    ] {
        let ended = report(&results, &[path, "-o", "page.html"]);
        ended.assert_one_line_error(COULD_NOT_RUN, &[words]);
        assert!(!results.path("page.html").exists());
        let hidden = fs::read_dir(results.directory()).unwrap();
        let mut hidden = hidden.map(|entry| entry.unwrap().file_name());
        assert!(hidden.all(|name| !text(&name).ends_with(".tmp")));
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let ended = report(&results(), &["old", "-o", "nowhere/page.html"]);
    ended.assert_one_line_error(COULD_NOT_RUN, &["nowhere/page.html", "-o"]);
    let ended = report(&results(), &["old", "-o", "/dev/full"]);
    ended.assert_one_line_error(COULD_NOT_RUN, &["/dev/full"]);
}

#[test]
fn without_a_result_it_says_what_is_missing() {
    run(&["report"]).assert_one_line_error(USAGE, &["DIR"]);
}
