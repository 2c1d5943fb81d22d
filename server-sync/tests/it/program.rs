//! The program itself: its messages, signals, descriptors.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

use rustix::process::{Signal, geteuid};
use server_sync::Model;

use crate::client::{Client, PATIENCE};
use crate::process::{PROGRAM, Program, Unprivileged, output, output_of};

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
fn packages_are_given_a_manual_page_and_completions() {
    for (arguments, expected) in [
        (["--man"].as_slice(), "push\\-drop\\-after"),
        (&["--completions", "bash"], "--push-drop-after"),
    ] {
        let (code, out, err) = output(arguments);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains(expected), "{out}");
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
        (&["--man"], "what was asked for"),
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
    program.process.close_stdout();
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
    assert!(program.process.is_running().unwrap());
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
fn a_socket_file_left_over_is_replaced_and_one_in_use_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let arguments = ["--unix", path.to_str().unwrap()];
    let mut killed = Program::start(&arguments);
    killed.signal(Signal::KILL);
    killed.wait();
    assert!(path.exists());

    let _alive = Program::start(&arguments);
    let (code, _, err) = output(&arguments);
    assert_eq!(code, 1);
    assert_eq!(
        err,
        format!(
            "server-sync: cannot listen on {}: another server listens there; \
             stop it, or choose another path with --unix\n",
            path.display()
        )
    );
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_file_of_another_user_is_said_to_be_one() {
    if !geteuid().is_root() {
        // Nobody else can make a file of another's.
        return;
    }
    let directory = Unprivileged::new();
    let theirs = tempfile::tempdir().unwrap();
    fs::set_permissions(theirs.path(), Permissions::from_mode(0o755)).unwrap();
    let path = theirs.path().join("socket");
    // Left over: nobody listens on it any more.
    drop(UnixListener::bind(&path).unwrap());
    let (code, _, err) = output_of(&mut directory.command(&["--unix", path.to_str().unwrap()]));
    assert_eq!(code, 1);
    assert_eq!(
        err,
        format!(
            "server-sync: cannot listen on {}: another user's socket is there; remove it if no \
             server listens on it, or choose another path with --unix\n",
            path.display()
        )
    );
}

#[test]
fn a_server_whose_socket_file_was_replaced_leaves_the_others_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let arguments = ["--unix", path.to_str().unwrap()];
    let mut old = Program::start(&arguments);
    std::fs::remove_file(&path).unwrap();
    let _new = Program::start(&arguments);
    old.signal(Signal::TERM);
    assert_eq!(old.wait().0.code(), Some(0));
    UnixStream::connect(&path).unwrap();
}

/// Both ways to have time limits: TCP connections inherit them, those over UNIX get them when they
/// first wait.
#[test]
fn time_limits_hold_over_tcp_and_unix() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let program = Program::start(&[
        "--listen",
        "127.0.0.1:0",
        "--unix",
        path.to_str().unwrap(),
        "--read-timeout",
        "100ms",
        "--write-timeout",
        "100ms",
    ]);
    cuts_silent_half_silent_and_greedy_clients(|| {
        let stream = TcpStream::connect(program.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    });
    cuts_silent_half_silent_and_greedy_clients(|| {
        let stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    });
}

/// One thread serves them in turn: the last is answered when all the others were cut.
fn cuts_silent_half_silent_and_greedy_clients<Stream: Read + Write>(connect: impl Fn() -> Stream) {
    let ask = |request: &str| {
        let mut stream = connect();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let rest = |mut stream: Stream| {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        rest
    };
    let silent = ask("");
    let half = ask("GET / HT");
    let _greedy = ask("GET /bytes/67108864 HTTP/1.0\r\n\r\n");
    let next = ask("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(rest(silent), "");
    assert!(rest(half).starts_with("HTTP/1.1 408 "));
    assert!(rest(next).ends_with("</html>"));
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
