//! More connections than places, and more than threads can be had for.

use std::net::Shutdown;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Signal, getrlimit};
use server_common::options::Overload;
use server_sync::{Model, Options};

use crate::client::Client;
use crate::process::{Program, Unprivileged, output_of};
use crate::server::{self, READ_TIMEOUT, Server};

/// Longer than any test: a kept connection stays until its client goes.
const FOR_EVER: Duration = Duration::from_secs(60);

/// Longer than a busy machine lets a test wait between two of its steps.
const SLOW_MACHINE: Duration = Duration::from_secs(3);

/// Fewer than are seen off at a time, and more than there could be time for one by one.
const SILENT_CLIENTS: usize = 100;

fn refusing(model: Model) -> Options {
    let mut options = server::options(model);
    options.connection.idle_timeout = FOR_EVER;
    options.overload = Overload::Refuse;
    options
}

/// A client whose connection is kept.
fn served(server: &Server) -> Client {
    let mut client = server.connect();
    client.get("/");
    assert!(client.answer().starts_with("HTTP/1.1 200 "));
    client
}

fn is_refused(mut client: Client) -> bool {
    let answer = client.rest();
    answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nConnection: close\r\n")
}

#[test]
fn beyond_the_most_connections_clients_are_refused_until_one_goes() {
    for model in [Model::ThreadPerConnection, Model::ThreadPool] {
        let server = Server::start_with(
            model,
            Options {
                connections_max: Some(2),
                ..refusing(model)
            },
        );
        let [first, _second] = [(); 2].map(|()| served(&server));
        assert!(is_refused(server.connect()), "{model:?}");
        first.0.shutdown(Shutdown::Both).unwrap();
        let began = Instant::now();
        loop {
            let mut next = server.connect();
            next.get("/");
            if next.answer().starts_with("HTTP/1.1 200 ") {
                break;
            }
            assert!(began.elapsed() < FOR_EVER, "{model:?}: nobody's place");
        }
    }
}

#[test]
fn a_pool_serves_its_threads_number_queues_so_many_and_refuses_the_rest() {
    let server = Server::start_with(
        Model::ThreadPool,
        Options {
            threads: Some(1),
            queue: Some(1),
            ..refusing(Model::ThreadPool)
        },
    );
    let first = served(&server);
    let mut second = server.connect();
    second.get("/");
    assert!(is_refused(server.connect()));
    first.0.shutdown(Shutdown::Both).unwrap();
    assert!(second.answer().starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_pool_without_a_queue_leaves_clients_in_the_accept_queue_if_they_are_to_wait() {
    let options = Options {
        threads: Some(1),
        queue: Some(0),
        overload: Overload::Wait,
        ..refusing(Model::ThreadPool)
    };
    let server = Server::start_with(Model::ThreadPool, options);
    let first = served(&server);
    let mut second = server.connect();
    second.get("/");
    second.0.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
    let waiting = second.0.peek(&mut [0]).unwrap_err();
    assert_eq!(waiting.kind(), std::io::ErrorKind::WouldBlock);
    first.0.shutdown(Shutdown::Both).unwrap();
    second.0.set_read_timeout(Some(FOR_EVER)).unwrap();
    assert!(second.answer().starts_with("HTTP/1.1 200 "));
}

#[test]
fn sequential_looks_between_two_connections_whom_to_refuse() {
    let mut options = Options {
        connections_max: Some(1),
        ..refusing(Model::Sequential)
    };
    options.connection.read_timeout = SLOW_MACHINE;
    let server = Server::start_with(Model::Sequential, options);
    // It is held by the first, which says nothing, while the others come.
    let mut silent = server.connect();
    let mut second = server.connect();
    second.get("/");
    let third = server.connect();
    assert_eq!(silent.rest(), "");
    assert!(is_refused(third));
    assert!(second.answer().starts_with("HTTP/1.1 200 "));
}

#[test]
fn clients_that_do_not_read_their_refusal_hold_nobody_up() {
    let options = Options {
        connections_max: Some(1),
        ..refusing(Model::ThreadPool)
    };
    let server = Server::start_with(Model::ThreadPool, options);
    let mut first = served(&server);
    let silent: Vec<_> = (0..SILENT_CLIENTS).map(|_| server.connect()).collect();
    let began = Instant::now();
    assert!(is_refused(server.connect()));
    first.get("/");
    assert!(first.answer().starts_with("HTTP/1.1 200 "));
    // If each had its second, this would have taken longer than a minute.
    assert!(began.elapsed() < FOR_EVER);
    drop(silent);
}

#[test]
fn refusals_are_lines_of_the_access_log() {
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--model",
        "thread-per-connection",
        "--max-connections",
        "1",
        "--overload",
        "refuse",
        "--access-log",
    ];
    let mut program = Program::start(&arguments);
    let mut first = Client::connect(program.address());
    first.get("/");
    first.answer();
    assert!(is_refused(Client::connect(program.address())));
    program.signal(Signal::TERM);
    let (_, out, _) = program.wait();
    assert!(
        out.lines()
            .any(|line| line.starts_with("127.0.0.1 - - [") && line.contains("\"-\" 503 ")),
        "{out}"
    );
}

#[test]
fn when_no_thread_can_be_had_a_connection_hears_503_and_the_server_goes_on() {
    let directory = Unprivileged::new();
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--model",
        "thread-per-connection",
    ];
    let mut program = Program::spawn(&mut directory.command(&arguments));
    let mut first = Client::connect(program.address());
    first.get("/");
    assert!(first.answer().ends_with("</html>"));

    directory.limit(&program, "--nproc=1:");
    for _ in 0..3 {
        assert!(is_refused(Client::connect(program.address())));
    }
    first.get("/");
    assert!(first.answer().ends_with("</html>"));

    let ours = getrlimit(Resource::Nproc).current;
    let ours = ours.map_or("unlimited".to_owned(), |limit| limit.to_string());
    directory.limit(&program, &format!("--nproc={ours}:"));
    let mut last = Client::connect(program.address());
    last.get("/");
    assert!(last.answer().ends_with("</html>"));

    program.signal(Signal::TERM);
    let (status, _, err) = program.wait();
    assert_eq!(status.code(), Some(0));
    assert_eq!(
        err,
        "server-sync: cannot start a thread for a connection for the moment: \
         Resource temporarily unavailable (os error 11); it is answered 503; \
         see ulimit -u, kernel.threads-max and the memory that is left\n"
    );
}

#[test]
fn a_pool_that_cannot_have_its_threads_does_not_start_and_says_what_to_do() {
    let directory = Unprivileged::new();
    // Perhaps enough for the server's own threads, and far from enough for its pool.
    let mut command = directory.command_under(
        "--nproc=20",
        &["--listen", "127.0.0.1:0", "--model", "thread-pool"],
    );
    let (code, _, err) = output_of(&mut command);
    assert_eq!(code, 1, "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("server-sync: cannot "), "{err}");
    assert!(err.contains("ulimit -u"), "{err}");
}
