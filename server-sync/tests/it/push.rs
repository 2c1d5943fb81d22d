//! What the blocking models do with clients of the push stream.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

use server_sync::{Model, Options};
use wire::push;

use crate::server::{self, READ_TIMEOUT, Server};

/// What the machine may be late by.
const SLOW_MACHINE: Duration = Duration::from_secs(3);

/// What a stop waits for one that takes nothing: the end of a wait, and another one.
const LAST_WAITS: Duration = Duration::from_secs(2);

const MESSAGE_BYTES: usize = push::MESSAGE_BYTES;

/// More than the sockets of a client that does not read hold.
const MANY: u64 = 200_000;

/// The models that serve several clients at a time.
const MODELS: [Model; 2] = [Model::ThreadPerConnection, Model::ThreadPool];

fn options(model: Model, rate: Option<u64>, drop_after: Option<Duration>) -> Options {
    Options {
        push: push::Options {
            rate: rate.and_then(NonZeroU64::new),
            drop_after,
        },
        ..server::options(model)
    }
}

fn connect(server: &Server) -> TcpStream {
    server.connect().0
}

/// The number of the next message.
fn number(client: &mut impl Read) -> u64 {
    let mut message = [0; MESSAGE_BYTES];
    client.read_exact(&mut message).unwrap();
    let text = std::str::from_utf8(&message).unwrap();
    assert!(
        text.starts_with("message ") && text.ends_with('\n'),
        "{text}"
    );
    text[8..28].parse().unwrap()
}

/// Reads to the end, which must lie between two messages, and says how many there were.
fn whole_messages(client: &mut TcpStream) -> usize {
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len() % MESSAGE_BYTES, 0);
    rest.len() / MESSAGE_BYTES
}

#[test]
fn each_client_gets_every_number_however_slowly_another_takes_its_own() {
    for model in MODELS {
        let server = Server::start_pushing(model, options(model, None, None));
        let mut stuck = connect(&server);
        let mut quick = std::io::BufReader::new(connect(&server));
        for expected in 0..MANY {
            assert_eq!(number(&mut quick), expected, "{model:?}");
        }
        // It goes on where it was.
        for expected in 0..MANY {
            assert_eq!(number(&mut stuck), expected, "{model:?}");
        }
    }
}

#[test]
fn sequential_serves_one_client_until_it_goes_and_the_next_misses_nothing() {
    let server = Server::start_pushing(Model::Sequential, options(Model::Sequential, None, None));
    let mut first = connect(&server);
    assert_eq!(number(&mut first), 0);
    let mut second = connect(&server);
    second.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
    let waiting = second.read(&mut [0]).unwrap_err();
    assert_eq!(waiting.kind(), ErrorKind::WouldBlock);
    drop(first);
    second.set_read_timeout(Some(10 * SLOW_MACHINE)).unwrap();
    assert_eq!(number(&mut second), 0);
}

#[test]
fn at_a_rate_no_message_comes_before_it_is_due() {
    const RATE: u64 = 200;
    for model in Model::ALL {
        let server = Server::start_pushing(model, options(model, Some(RATE), None));
        let began = Instant::now();
        let mut client = connect(&server);
        for expected in 0..RATE / 2 {
            assert_eq!(number(&mut client), expected);
            let due = Duration::from_millis(expected * 1000 / RATE);
            assert!(began.elapsed() >= due, "{model:?}: number {expected}");
        }
    }
}

#[test]
fn one_that_takes_nothing_is_cut_off_when_it_was_said_so() {
    for model in Model::ALL {
        let options = options(model, None, Some(READ_TIMEOUT));
        let options = Options {
            connections_max: Some(1),
            ..options
        };
        let server = Server::start_pushing(model, options);
        let mut stuck = connect(&server);
        assert_eq!(number(&mut stuck), 0);
        // It has the only place until it is cut.
        let mut next = connect(&server);
        assert_eq!(number(&mut next), 0, "{model:?}");
    }
}

#[test]
fn a_stop_ends_behind_a_message_and_waits_for_no_client_that_takes_nothing() {
    for model in MODELS {
        let mut server = Server::start_pushing(model, options(model, None, None));
        let mut stuck = connect(&server);
        assert_eq!(number(&mut stuck), 0);
        let mut quick = connect(&server);
        assert_eq!(number(&mut quick), 0);
        let asked = Instant::now();
        server.ask_to_stop();
        whole_messages(&mut quick);
        server.wait();
        assert!(asked.elapsed() < LAST_WAITS + SLOW_MACHINE, "{model:?}");
    }
}

/// Whatever wait for their sockets the stop comes into, a whole one follows.
#[test]
fn one_that_reads_again_right_after_a_stop_gets_the_message_under_way() {
    const SILENCE: Duration = Duration::from_millis(400);
    let model = Model::ThreadPerConnection;
    let mut server = Server::start_pushing(model, options(model, None, None));
    // The waits last a second, and one of them is about to end.
    let stuck = [(); 4].map(|()| {
        let mut client = connect(&server);
        assert_eq!(number(&mut client), 0);
        thread::sleep(Duration::from_millis(250));
        client
    });
    server.ask_to_stop();
    thread::sleep(SILENCE);
    for mut client in stuck {
        assert!(whole_messages(&mut client) > 0);
    }
}

#[test]
fn a_stop_ends_a_pause_between_two_messages() {
    // The next message would end it after a second; on a loaded machine one try may be late.
    const PROMPT: Duration = Duration::from_millis(500);
    for model in Model::ALL {
        let is_prompt = (0..5).any(|_| {
            let mut server = Server::start_pushing(model, options(model, Some(1), None));
            let mut client = connect(&server);
            assert_eq!(number(&mut client), 0);
            let asked = Instant::now();
            server.ask_to_stop();
            whole_messages(&mut client);
            asked.elapsed() < PROMPT
        });
        assert!(is_prompt, "{model:?}");
    }
}
