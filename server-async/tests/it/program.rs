//! The binary: messages, exit codes, signals, sockets.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitStatus, Output};
use std::thread;
use std::time::{Duration, Instant};

use contract::process::Process;
use rustix::process::Signal;
use server_async::model::Model;

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_server-async");

/// How long the binary may take for anything, so that a broken one ends as a failed test.
const PATIENCE: Duration = Duration::from_secs(10);

const REQUEST: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A server that runs, and where it listens.
struct Running {
    process: Process,
    /// The addresses of its start lines.
    addresses: Vec<String>,
}

impl Running {
    /// Starts a server that is expected to write so many start lines.
    fn start(command: &mut Command, start_lines: usize) -> Self {
        let process = Process::start_in(command, start_lines).unwrap();
        let addresses = process.addresses();
        let addresses = addresses.iter().map(ToString::to_string).collect();
        Self { process, addresses }
    }

    fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(&self.addresses[0]).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    fn signal(&self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    fn wait(&mut self) -> ExitStatus {
        self.process.ended().unwrap().status
    }
}

fn server(arguments: &[&str]) -> Command {
    let mut command = Command::new(SERVER);
    command.args(arguments);
    command
}

fn on_a_free_port(model: Model) -> Command {
    server(&["--listen", "127.0.0.1:0", "--model", model.label()])
}

fn ask(mut socket: impl Read + Write) -> String {
    socket.write_all(REQUEST.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// A connection that has had an answer and stays.
fn kept(running: &Running) -> TcpStream {
    let mut socket = running.connect();
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    socket.write_all(request).unwrap();
    assert!(socket.read(&mut [0; 1000]).unwrap() > 0);
    socket
}

/// The one line on stderr of a command that fails with `code`.
fn complaint(arguments: &[&str], code: i32) -> String {
    let Output { status, stderr, .. } = server(arguments).output().unwrap();
    assert_eq!(status.code(), Some(code));
    let text = String::from_utf8(stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn the_models_are_listed_one_a_line() {
    let output = server(&["--list-models"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names, Model::ALL.map(Model::label));
    assert!(output.status.success());
}

#[test]
fn a_command_line_that_is_wrong_is_told_what_would_be_right() {
    for (arguments, expected) in [
        (vec!["--model", "fork"], "tokio-current-thread"),
        (vec!["--read-timeout", "5d"], "such as 300ms or 5s"),
        (
            vec!["--model", "tokio-current-thread", "--threads", "2"],
            "'--threads <N>': model tokio-current-thread has one thread",
        ),
    ] {
        let text = complaint(&arguments, 2);
        assert!(text.starts_with("server-async: "), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_system_without_io_uring_is_told_before_anybody_is_told_where_it_listens() {
    for (errno, reason) in [
        ("ENOSYS", "this kernel has none"),
        (
            "EPERM",
            "it is forbidden here, by sysctl kernel.io_uring_disabled",
        ),
        ("EINVAL", "this kernel is older"),
    ] {
        // strace has the system call fail; `-f`, for it is not the first thread alone that counts.
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=io_uring_setup"])
            .args(["-e", &format!("inject=io_uring_setup:error={errno}")])
            .args([SERVER, "--listen", "127.0.0.1:0", "--model", "io-uring"])
            .output()
            .expect("strace is installed");
        let told = String::from_utf8(stderr).unwrap();
        assert_eq!(
            (status.code(), stdout.as_slice()),
            (Some(1), &b""[..]),
            "{told}"
        );
        assert_eq!(told.lines().count(), 1, "{told}");
        let needs = "server-async: model io-uring needs Linux 6.0 or later with io_uring enabled (";
        assert!(told.starts_with(&format!("{needs}{reason}")), "{told}");
        assert!(
            told.contains("choose another model, see --list-models"),
            "{told}"
        );
    }
}

#[test]
fn a_full_disk_is_named_with_what_to_do() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = on_a_free_port(Model::Tokio);
    let Output { status, stderr, .. } = command.stdout(full).output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(
        String::from_utf8(stderr).unwrap(),
        "server-async: cannot write where the server listens to stdout: No space left on device \
         (os error 28); send it where there is room and somebody reads, or to /dev/null\n"
    );
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let running = Running::start(&mut on_a_free_port(Model::Tokio), 1);
    let text = complaint(&["--listen", &running.addresses[0]], 1);
    assert!(text.contains(&running.addresses[0]), "{text}");
    assert!(text.contains("address already in use"), "{text}");
    assert!(text.contains("choose another with --listen"), "{text}");
}

#[test]
fn every_listener_answers_and_the_socket_file_goes_with_the_server() {
    let path = std::env::temp_dir().join(format!("server-async-{}.socket", std::process::id()));
    let mut command = on_a_free_port(Model::Tokio);
    command.args(["--listen", "[::1]:0", "--unix"]).arg(&path);
    let mut running = Running::start(&mut command, 3);
    for address in &running.addresses[..2] {
        let answer = ask(TcpStream::connect(address).unwrap());
        assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    }
    let mut socket = UnixStream::connect(&path).unwrap();
    socket.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("<h1>Hello localhost</h1>"), "{answer}");

    running.signal(Signal::TERM);
    assert!(running.wait().success());
    assert!(fs::symlink_metadata(&path).is_err());
}

#[test]
fn the_first_signal_waits_for_the_request_under_way() {
    for model in Model::ALL {
        let mut running = Running::start(&mut on_a_free_port(model), 1);
        let mut socket = running.connect();
        socket
            .write_all(b"GET /delay/300 HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let mut idle = kept(&running);
        running.signal(Signal::TERM);
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert_eq!(idle.read(&mut [0; 1]).unwrap(), 0);
        assert_eq!(running.wait().code(), Some(0), "{}", model.label());
    }
}

#[test]
fn the_second_signal_ends_the_server_at_once() {
    let mut running = Running::start(&mut on_a_free_port(Model::Tokio), 1);
    let mut socket = running.connect();
    // The 100 says that the request is under way; its body never comes.
    socket
        .write_all(
            b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        )
        .unwrap();
    assert!(socket.read(&mut [0; 100]).unwrap() > 0);
    running.signal(Signal::INT);
    // One pending signal would swallow the other; connects are refused once the first is seen.
    while TcpStream::connect_timeout(
        &running.addresses[0].parse().unwrap(),
        Duration::from_millis(50),
    )
    .is_ok()
    {
        thread::yield_now();
    }
    running.signal(Signal::INT);
    assert_eq!(running.wait().code(), Some(130));
}

#[test]
fn a_server_out_of_descriptors_goes_on_when_there_are_some_again() {
    for model in Model::ALL {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -n 32; exec \"$@\"", "sh", SERVER])
            .args(["--listen", "127.0.0.1:0", "--model", model.label()]);
        let mut running = Running::start(&mut command, 1);
        let crowd: Vec<_> = (0..40).map(|_| running.connect()).collect();
        let told = running
            .process
            .wait_until_it_said("cannot accept connections");
        told.unwrap();
        drop(crowd);
        let answer = ask(running.connect());
        assert!(
            answer.ends_with("\r\n\r\nok"),
            "{}: {answer}",
            model.label()
        );
        running.signal(Signal::TERM);
        assert!(running.wait().success());
    }
}

#[test]
fn no_more_connections_are_open_than_allowed() {
    for model in Model::ALL {
        let mut command = on_a_free_port(model);
        command.args(["--max-connections", "1"]);
        let running = Running::start(&mut command, 1);
        let first = kept(&running);

        let mut second = running.connect();
        second.write_all(REQUEST.as_bytes()).unwrap();
        second
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        assert!(second.read(&mut [0; 1]).is_err());
        drop(first);
        second.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = String::new();
        second.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("ok"), "{answer}");
    }
}

#[test]
fn the_one_place_is_for_whoever_comes_at_whichever_listener() {
    for model in Model::ALL {
        let mut command = on_a_free_port(model);
        command.args(["--listen", "127.0.0.1:0", "--max-connections", "1"]);
        let running = Running::start(&mut command, 2);
        for address in running.addresses.iter().cycle().take(6) {
            let socket = TcpStream::connect(address).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            let answer = ask(socket);
            assert!(answer.ends_with("ok"), "{}: {answer}", model.label());
        }
    }
}

#[test]
fn connections_beyond_the_most_are_refused_if_asked_for() {
    for model in Model::ALL {
        let mut command = on_a_free_port(model);
        command.args(["--max-connections", "1", "--overload", "refuse"]);
        let running = Running::start(&mut command, 1);
        let mut first = kept(&running);

        let answer = ask(running.connect());
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        // The one that was taken is still served, and its place is another's when it has gone.
        first.write_all(REQUEST.as_bytes()).unwrap();
        first.read_to_end(&mut Vec::new()).unwrap();
        let begun = Instant::now();
        while !ask(running.connect()).ends_with("ok") {
            assert!(begun.elapsed() < PATIENCE, "{}", model.label());
        }
    }
}

#[test]
fn a_refusal_is_a_line_in_the_access_log_as_every_answer_is() {
    for model in Model::ALL {
        let mut command = on_a_free_port(model);
        command.args(["--max-connections", "1", "--overload", "refuse"]);
        let mut running = Running::start(command.arg("--access-log"), 1);
        let _first = kept(&running);
        let answer = ask(running.connect());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let line = running.process.line().unwrap();
        assert!(line.contains("\"GET / HTTP/1.1\" 200 "), "{line}");
        let line = running.process.line().unwrap();
        assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
        let expected = format!("\"-\" 503 {}\n", body.len());
        assert!(line.ends_with(&expected), "{}: {line}", model.label());
    }
}

#[test]
fn each_answer_is_a_line_in_the_access_log_with_the_length_of_its_body() {
    let mut command = on_a_free_port(Model::Tokio);
    command.args(["--access-log", "--no-keep-alive"]);
    let mut running = Running::start(&mut command, 1);
    for (request, expected) in [
        (
            "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /x HTTP/1.1\" 200",
        ),
        (
            "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "HEAD /x HTTP/1.1\" 200",
        ),
        ("nonsense\r\n\r\n", "-\" 400"),
    ] {
        let mut socket = running.connect();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("Connection: close\r\n"), "{answer}");
        let line = running.process.line().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
        assert!(
            line.ends_with(&format!("\"{expected} {}\n", body.len())),
            "{line}"
        );
    }
}
