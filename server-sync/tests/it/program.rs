//! The program itself: messages, exit codes, signals, descriptors.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use server_sync::Model;

use crate::client::Client;

const PROGRAM: &str = env!("CARGO_BIN_EXE_server-sync");

/// A server as a process, killed at the end if it still runs.
struct Program {
    child: Child,
    /// Open as long as somebody may read there.
    stdout: Option<BufReader<ChildStdout>>,
    /// What the start line says after `listening on `.
    listening: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        Self::spawn(Command::new(PROGRAM).args(arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let listening = line.strip_prefix("server-sync listening on ").unwrap();
        Self {
            child,
            listening: listening.trim_end().to_owned(),
            stdout: Some(stdout),
        }
    }

    fn address(&self) -> SocketAddr {
        let url = self.listening.strip_prefix("http://").unwrap();
        url.split(' ').next().unwrap().parse().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; the status, and what is left of stdout and stderr.
    fn wait(&mut self) -> (ExitStatus, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        if let Some(stdout) = &mut self.stdout {
            stdout.read_to_string(&mut out).unwrap();
        }
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap(), out, err)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Exit code, stdout and stderr of a run that ends by itself.
fn output(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

#[test]
fn the_models_are_listed_one_a_line() {
    let (code, out, err) = output(&["--list-models"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let names: Vec<_> = out
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names, Model::ALL.map(Model::label));
}

#[test]
fn an_unknown_model_is_told_the_known_ones_in_one_line() {
    let (code, out, err) = output(&["--model", "x"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        err,
        "server-sync: invalid value 'x' for '--model <NAME>' [possible values: \
         sequential, thread-per-connection, thread-pool]; see --help\n"
    );
}

#[test]
fn threads_are_refused_where_they_would_be_ignored() {
    for (model, has) in [
        ("sequential", "one thread;"),
        ("thread-per-connection", "one thread for each connection"),
    ] {
        let (code, out, err) = output(&["--model", model, "--threads", "8"]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(err.lines().count(), 1, "{err}");
        let expected =
            format!("server-sync: invalid value '8' for '--threads <N>': model {model} has {has}");
        assert!(err.starts_with(&expected), "{err}");
    }
}

#[test]
fn a_stdout_that_takes_nothing_is_named_with_what_to_do() {
    let cases = [
        (
            ["--listen", "127.0.0.1:0"].as_slice(),
            "where the server listens",
        ),
        (&["--list-models"], "the models"),
        (&["--help"], "the help"),
    ];
    for (arguments, what) in cases {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(PROGRAM);
        let output = command.args(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!(
                "server-sync: cannot write {what} to stdout: No space left on device \
                 (os error 28); send it where there is room and somebody reads, or to /dev/null\n"
            )
        );
    }
}

#[test]
fn an_access_log_that_nobody_reads_is_told_once_and_stops_nobody() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--access-log"]);
    program.stdout = None;
    for _ in 0..2 {
        let mut client = Client::connect(program.address());
        client.get("/");
        assert!(client.rest().ends_with("</html>"));
    }
    program.signal(Signal::TERM);
    let (status, _, err) = program.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(
        err.contains("cannot write the access log to stdout"),
        "{err}"
    );
}

#[test]
fn a_port_in_use_is_an_error_that_says_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let (code, out, err) = output(&["--listen", &address]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        format!(
            "server-sync: cannot listen on {address}: address already in use (os error 98); \
             choose another with --listen, or port 0 to have one picked\n"
        )
    );
}

#[test]
fn every_model_says_where_it_listens_answers_and_ends_well_on_sigterm() {
    for model in Model::ALL.map(Model::label) {
        let mut program = Program::start(&["--listen", "127.0.0.1:0", "--model", model]);
        assert!(program.listening.ends_with(&format!(" (model {model})")));
        let mut client = Client::connect(program.address());
        client.get("/");
        assert!(client.answer().ends_with("</html>"), "{model}");
        program.signal(Signal::TERM);
        let (status, out, err) = program.wait();
        assert_eq!(
            (status.code(), out.as_str(), err.as_str()),
            (Some(0), "", ""),
            "{model}"
        );
    }
}

#[test]
fn sigterm_lets_requests_end_and_a_second_signal_does_not() {
    let arguments = ["--listen", "127.0.0.1:0", "--model", "thread-pool"];
    let mut program = Program::start(&arguments);
    let mut slow = Client::connect(program.address());
    // The first answer shows that the second request has been read, which was in the same write.
    let pipelined = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /delay/10000 HTTP/1.1\r\nHost: a\r\n\r\n";
    slow.0.write_all(pipelined.as_bytes()).unwrap();
    slow.answer();
    let mut idle = Client::connect(program.address());
    idle.get("/");
    idle.answer();

    program.signal(Signal::TERM);
    // The idle connection's end shows that the first signal has been taken.
    assert_eq!(idle.rest(), "");
    assert_eq!(program.child.try_wait().unwrap(), None);
    program.signal(Signal::INT);
    assert_eq!(program.wait().0.code(), Some(130));
}

#[test]
fn a_unix_socket_is_served_and_its_file_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let mut program = Program::start(&["--unix", path.to_str().unwrap()]);
    assert_eq!(
        program.listening,
        format!("unix:{} (model sequential)", path.display())
    );
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(
        answer.ends_with("<h1>Hello localhost</h1></body></html>"),
        "{answer}"
    );
    program.signal(Signal::INT);
    assert_eq!(program.wait().0.code(), Some(0));
    assert!(!path.exists());
}

#[test]
fn time_limits_that_connections_inherit_hold() {
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--read-timeout",
        "100ms",
        "--write-timeout",
        "100ms",
    ];
    let program = Program::start(&arguments);
    // One thread serves them in turn: each silent, half silent or greedy client must be cut.
    let mut silent = Client::connect(program.address());
    let mut half = Client::connect(program.address());
    half.0.write_all(b"GET / HT").unwrap();
    let mut greedy = Client::connect(program.address());
    greedy.get("/bytes/67108864");
    let mut next = Client::connect(program.address());
    next.get("/");
    assert_eq!(silent.rest(), "");
    assert!(half.rest().starts_with("HTTP/1.1 408 "));
    assert!(next.answer().ends_with("</html>"));
}

#[test]
fn each_answer_is_a_line_of_the_access_log_with_the_length_of_its_body() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--access-log"]);
    let mut expected = Vec::new();
    for (request, line) in [
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
        let mut client = Client::connect(program.address());
        client.0.write_all(request.as_bytes()).unwrap();
        let answer = client.rest();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        expected.push(format!("{line} {}", body.len()));
    }
    program.signal(Signal::TERM);
    let (_, out, _) = program.wait();
    let logged: Vec<_> = out
        .lines()
        .filter_map(|line| line.split_once('"'))
        .map(|(_, rest)| rest)
        .collect();
    assert_eq!(logged, expected);
}

#[test]
fn a_server_out_of_descriptors_says_so_once_and_serves_everybody_in_the_end() {
    const DESCRIPTORS: usize = 32;
    let limited = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"");
    let mut program = Program::spawn(Command::new("sh").args(["-c", &limited, PROGRAM]).args([
        "--listen",
        "127.0.0.1:0",
        "--model",
        "thread-per-connection",
    ]));
    let connect = |_| Client::connect(program.address());
    let mut clients: Vec<_> = (0..2 * DESCRIPTORS).map(connect).collect();
    for client in &mut clients {
        client.get("/");
    }
    // Each keeps its connection until it is read here, so the first ones hold all descriptors.
    for mut client in clients {
        assert!(client.answer().ends_with("</html>"));
    }
    program.signal(Signal::TERM);
    let (status, _, err) = program.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(
        err.contains("cannot accept connections for the moment"),
        "{err}"
    );
}
