//! What the blocking models do with clients of the push stream at a stop.

use std::io::Read;
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

use server_sync::{Model, Options};
use wire::push;

use crate::server::{self, Server};

const MESSAGE_BYTES: usize = push::MESSAGE_BYTES;

fn options(model: Model, rate: Option<u64>) -> Options {
    Options {
        push: push::Options {
            rate: rate.and_then(NonZeroU64::new),
            drop_after: None,
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

/// Whatever wait for their sockets the stop comes into, a whole one follows.
#[test]
fn one_that_reads_again_right_after_a_stop_gets_the_message_under_way() {
    const SILENCE: Duration = Duration::from_millis(400);
    let model = Model::ThreadPerConnection;
    let mut server = Server::start_pushing(model, options(model, None));
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
            let mut server = Server::start_pushing(model, options(model, Some(1)));
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
