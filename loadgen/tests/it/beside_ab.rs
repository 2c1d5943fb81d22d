//! ab and `loadgen --format ab`, side by side on the same server: the same
//! lines in the same order with the same counts, whatever the times. And ab
//! itself finds nothing wrong with the servers.

use std::os::unix::fs::symlink;

use crate::ab::Ab;
use crate::behaviour::Behaviour::{Good, ServerError};
use crate::fault_server::FaultServer;
use crate::files::{self, file_with};
use crate::loadgen::{Ended, command_of, program, run, start};
use crate::proxy_server::{Manner, ProxyServer};
use crate::script::Script;
use crate::secure_server::{self, Authority, SecureServer};
use crate::server::{Kind, Server};

/// The load that this project began with, as ab is asked for it.
const LOAD: [&str; 4] = ["-n", "1000", "-c", "150"];

/// The Hello page in bytes.
const HELLO_BYTES: u64 = 50;

/// Width of the names in front of values.
const NAME_WIDTH: usize = 24;

#[test]
fn a_new_connection_for_each_request() {
    for server in servers() {
        let text = check(&server, &["-r", "-l"], "/");
        text.assert_has("Document Length:", "Variable");
        text.assert_counts(1000 * HELLO_BYTES);
    }
}

#[test]
fn lengths_that_must_agree_do() {
    for server in servers() {
        let text = check(&server, &[], "/");
        text.assert_has("Document Length:", "50 bytes");
        text.assert_counts(1000 * HELLO_BYTES);
    }
}

#[test]
fn keep_alive_counts_the_answers_that_left_their_connection_open() {
    for kind in Kind::ALL {
        let text = check(&Server::start(kind), &["-k", "-r"], "/");
        text.assert_has("Document Length:", "50 bytes");
        text.assert_counts(1000 * HELLO_BYTES);
        let kept = if kind.keeps_connections() {
            "1000"
        } else {
            "0"
        };
        text.assert_has("Keep-Alive requests:", kept);
    }
}

#[test]
fn head_requests() {
    for server in servers() {
        let text = check(&server, &["-i"], "/");
        text.assert_has("Document Length:", "0 bytes");
        text.assert_counts(0);
        check(&server, &["-i", "-k"], "/");
    }
}

#[test]
fn a_file_that_is_posted() {
    let file = file_with([b'x'; 3000]);
    for server in servers() {
        let text = check(&server, &["-p", files::text(&file)], "/echo");
        text.assert_has("Document Length:", "3000 bytes");
        text.assert_counts(3_000_000);
        check(
            &server,
            &["-k", "-p", files::text(&file), "-T", "text/csv"],
            "/echo",
        );
    }
}

#[test]
fn a_file_that_is_put_and_methods_by_name() {
    let file = file_with([b'x'; 3000]);
    for server in servers() {
        let text = check(&server, &["-u", files::text(&file)], "/");
        assert!(text.has_name("Total body sent:"), "{text:?}");
        check(&server, &["-m", "PUT"], "/");
        check(&server, &["-m", "OPTIONS", "-k"], "/");
    }
}

#[test]
fn a_time_is_fifty_thousand_requests_unless_a_number_of_them_comes_after_it() {
    let server = Server::start(Kind::Threads);
    let url = server.url("/");
    let number_last = ["-t", "60", "-n", "20", &url];
    let ours = run_as_ab(&number_last);
    report(&ours).assert_has("Complete requests:", "20");
    let ab = Ab::installed();
    if let Some(ab) = ab {
        compare(&ab.run(&number_last), &ours);
    }
    let time_last = ["-q", "-n", "20", "-t", "1", &url];
    let theirs = ab.map(|ab| ab.run(&time_last));
    for ended in [Some(run_as_ab(&time_last)), theirs].into_iter().flatten() {
        let text = report(&ended);
        let complete: u64 = text.value("Complete requests:").unwrap().parse().unwrap();
        assert!((21..=50_000).contains(&complete), "{text:?}");
    }
}

#[test]
fn over_tls() {
    let Some(ab) = Ab::installed() else { return };
    for version in ["TLS1.2", "TLS1.3"] {
        let run = |run: &dyn Fn(&[&str]) -> Ended| {
            let server = SecureServer::start(&Authority::new(), &secure_server::Manner::default());
            let ended = run(&["-n", "20", "-c", "2", "-f", version, &server.url()]);
            (ended, server.stop().len())
        };
        let ((theirs, _), (ours, handshakes)) = (run(&|args| ab.run(args)), run(&run_as_ab));
        compare(&theirs, &ours);
        report(&ours).assert_has("TLS Server Name:", "localhost");
        // ab makes one more now and then, for a request that it does not count.
        assert_eq!(handshakes, 20);
    }
}

#[test]
fn an_empty_file_that_is_posted() {
    let file = file_with(b"");
    for server in servers() {
        let text = check(&server, &["-p", files::text(&file)], "/echo");
        text.assert_counts(0);
        assert!(text.has_name("Total body sent:"), "{text:?}");
    }
}

#[test]
fn headers_cookies_and_credentials_are_sent_alike() {
    let file = file_with(b"body");
    let fields = ["-H", "X-Trace: 1", "-C", "a=1", "-A", "me:secret"];
    for server in servers() {
        // The count of bytes sent is compared.
        check(
            &server,
            &[&fields[..], &["-p", files::text(&file)]].concat(),
            "/echo",
        );
    }
}

#[test]
fn less_is_printed_on_request() {
    let server = Server::start(Kind::Async);
    for args in [&["-d"][..], &["-S"], &["-d", "-S"], &["-q"]] {
        check(&server, args, "/");
    }
}

#[test]
fn a_run_too_short_for_progress_or_percentiles() {
    let Some(ab) = Ab::installed() else { return };
    let server = Server::start(Kind::Async);
    let url = server.url("/");
    for args in [&["-n", "150", "-c", "10"][..], &["-n", "1"]] {
        let args = [args, &[&url]].concat();
        compare(&ab.run(&args), &run_as_ab(&args));
    }
}

#[test]
fn by_way_of_a_proxy() {
    let Some(ab) = Ab::installed() else { return };
    let server = FaultServer::start(Script::always(Good));
    let proxy = ProxyServer::start(Manner::Leads(server.address()));
    let name = proxy.name();
    // ab resolves the name, though it does not connect there.
    let load = ["-n", "20", "-c", "2", "-X", &name, "-P", "me:secret"];
    let args = [&load[..], &["http://localhost:81/path"]].concat();
    compare(&ab.run(&args), &run_as_ab(&args));
    let asked = proxy.asked();
    let (theirs, ours) = asked.split_at(20);
    let line_and_fields = |head: &str| {
        let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    assert_eq!(line_and_fields(&theirs[0]), line_and_fields(&ours[0]));
}

#[test]
fn answers_that_are_no_2xx_are_not_failures() {
    let Some(ab) = Ab::installed() else { return };
    for script in [
        Script::good_then(3, ServerError),
        Script::always(ServerError),
    ] {
        let run = |run: &dyn Fn(&[&str]) -> Ended| {
            let server = FaultServer::start(script.clone());
            run(&["-n", "20", "-c", "2", &server.url()])
        };
        let (theirs, ours) = (run(&|args| ab.run(args)), run(&run_as_ab));
        let said = (ours.code, &*ours.stderr);
        assert_eq!(said, (Some(0), ""), "answers came: {ours:?}");
        assert!(report(&theirs).has_name("Non-2xx responses:"), "{theirs:?}");
        assert_alike(&report(&theirs), &report(&ours));
    }
}

#[test]
fn called_as_ab_it_speaks_as_ab() {
    let Some(ab) = Ab::installed() else { return };
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("ab");
    symlink(program(), &link).unwrap();
    let server = Server::start(Kind::Sync);
    let url = server.url("/");
    let args = [&LOAD[..], &[&url]].concat();
    compare(&ab.run(&args), &start(command_of(&link, &args)).end());
}

pub(crate) fn servers() -> impl Iterator<Item = Server> {
    Kind::ALL.into_iter().map(Server::start)
}

/// Runs both with [`LOAD`] and `args`, asserts that they say the same, and
/// returns what ab says (what we say, where there is no ab).
fn check(server: &Server, args: &[&str], path: &str) -> Report {
    let url = server.url(path);
    let args = [&LOAD[..], args, &[&url]].concat();
    let ours = run_as_ab(&args);
    let Some(ab) = Ab::installed() else {
        return report(&ours);
    };
    let theirs = ab.run(&args);
    compare(&theirs, &ours);
    report(&theirs)
}

pub(crate) fn run_as_ab(args: &[&str]) -> Ended {
    run(&[&["--format", "ab"], args].concat())
}

fn compare(theirs: &Ended, ours: &Ended) {
    assert_eq!(theirs.code, Some(0), "{theirs:?}");
    assert_eq!(ours.code, Some(0), "{ours:?}");
    assert_eq!(theirs.stderr, ours.stderr, "progress");
    // All but ab's name and licence.
    let after_banner = |ended: &Ended| ended.stdout.lines().skip(3).collect::<Vec<_>>().join("\n");
    let intro = |text: &str| text.split("Server Software:").next().unwrap().to_owned();
    assert_eq!(intro(&after_banner(theirs)), intro(&after_banner(ours)));
    assert_alike(&report(theirs), &report(ours));
}

/// ab's text from `Server Software:` on, without the remarks about the shape of
/// the distribution, which is another one each time.
#[derive(Debug)]
struct Report(Vec<String>);

fn report(ended: &Ended) -> Report {
    let (_, report) = ended
        .stdout
        .split_once("Server Software:")
        .unwrap_or_else(|| panic!("no report: {ended:?}"));
    let mut lines: Vec<_> = format!("Server Software:{report}")
        .lines()
        .map(str::to_owned)
        .collect();
    while let Some(remark) = lines.iter().position(|line| is_remark(line)) {
        lines.drain(remark..remark + 2);
    }
    Report(lines)
}

pub(crate) fn is_remark(line: &str) -> bool {
    line.starts_with("WARNING: ") || line.starts_with("ERROR: ")
}

impl Report {
    /// The value behind a name, if that is there.
    fn value(&self, name: &str) -> Option<&str> {
        let line = self.0.iter().find(|line| line.starts_with(name))?;
        line.get(NAME_WIDTH..)
    }

    fn has_name(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn assert_has(&self, name: &str, value: &str) {
        assert_eq!(self.value(name), Some(value), "{name} {self:?}");
    }

    /// Asserts that everything came: so many bytes of bodies.
    fn assert_counts(&self, html_bytes: u64) {
        self.assert_has("Complete requests:", "1000");
        self.assert_has("Failed requests:", "0");
        self.assert_has("HTML transferred:", &format!("{html_bytes} bytes"));
        assert!(!self.has_name("Non-2xx responses:"), "{self:?}");
    }
}

fn assert_alike(theirs: &Report, ours: &Report) {
    let masked = |report: &Report| report.0.iter().map(|line| mask(line)).collect::<Vec<_>>();
    let (their_lines, our_lines) = (masked(theirs), masked(ours));
    let differs = their_lines
        .iter()
        .zip(&our_lines)
        .find(|(theirs, ours)| theirs != ours);
    assert_eq!(differs, None, "ab: {theirs:#?} loadgen: {ours:#?}");
    assert_eq!(
        their_lines.len(),
        our_lines.len(),
        "ab: {theirs:#?} loadgen: {ours:#?}"
    );
}

/// Names of values that differ from run to run.
const VARYING: [&str; 6] = [
    "Server Port:",
    "Time taken for tests:",
    "Requests per second:",
    "Time per request:",
    "Transfer rate:",
    "                        ", // kb/s
];

/// A line without the numbers that differ from run to run. In tables, where
/// numbers end at the same column, its length stays.
fn mask(line: &str) -> String {
    if VARYING.iter().any(|name| line.starts_with(name)) {
        let (name, value) = line.split_at(NAME_WIDTH);
        return format!("{name}{}", squeeze(value));
    }
    let is_row = ["Connect:", "Processing:", "Waiting:", "Total:"]
        .iter()
        .any(|name| line.starts_with(name));
    let is_percentile = line.starts_with("  ") && line.contains("%  ") || line.starts_with(" 100%");
    match is_row || is_percentile {
        true => format!("{} {}", line.len(), squeeze(line)),
        false => line.to_owned(),
    }
}

/// Each run of digits, dots and blanks as one mark.
pub(crate) fn squeeze(text: &str) -> String {
    let is_number = |char: char| char.is_ascii_digit() || char == '.' || char == ' ';
    let mut squeezed = String::new();
    for char in text.chars() {
        match is_number(char) {
            true if squeezed.ends_with('#') => {}
            true => squeezed.push('#'),
            false => squeezed.push(char),
        }
    }
    squeezed
}
