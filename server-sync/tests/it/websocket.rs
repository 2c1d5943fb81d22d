//! What the blocking models do with WebSocket clients: the sender's thread writes, and whoever does
//! not read is another thread's business.

use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustls::StreamOwned;
use server_sync::{Model, Options};
use socket2::{Domain, Socket, Type};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket, client};
use wire::relay::Relay;

use crate::client::{Client, PATIENCE};
use crate::process::Program;
use crate::server::{self, READ_TIMEOUT, Server};
use crate::tls::Files;

/// The models that hold WebSocket clients.
const HOLDERS: [Model; 2] = [Model::ThreadPerConnection, Model::ThreadPool];

/// What the machine may be late by.
const SLOW_MACHINE: Duration = Duration::from_secs(3);

/// What a stop waits for one that takes nothing: the end of a wait, and another one.
const LAST_WAITS: Duration = Duration::from_secs(2);

/// Long enough that nobody is cut off in a test that is not about that.
const FOR_EVER: Duration = Duration::from_secs(60);

type Talker<S = TcpStream> = WebSocket<S>;

fn patient(model: Model) -> Options {
    let mut options = server::options(model);
    options.connection.read_timeout = FOR_EVER;
    options.connection.idle_timeout = FOR_EVER;
    options.write_timeout = FOR_EVER;
    options
}

/// A client in the room that the path names.
fn talker(address: SocketAddr, path: &str) -> Talker {
    over(Client::connect(address).0, path)
}

fn over<S: Read + Write + Debug>(stream: S, path: &str) -> Talker<S> {
    let request = format!("ws://localhost{path}");
    let (talker, _) = client(request, stream)
        .map_err(|error| error.to_string())
        .unwrap();
    talker
}

fn say(talker: &mut Talker<impl Read + Write>, text: &str) {
    talker.send(text.into()).unwrap();
}

fn hear(talker: &mut Talker<impl Read + Write>) -> String {
    talker.read().unwrap().into_text().unwrap().to_string()
}

/// The code with which the server says goodbye, behind whatever else there is.
fn farewell(talker: &mut Talker) -> CloseCode {
    loop {
        if let Message::Close(frame) = talker.read().unwrap() {
            return frame.unwrap().code;
        }
    }
}

/// What is sent at a time by those who send as much as they can.
const PIECE_BYTES: usize = 60_000;

/// Sends so many pieces, without reading, and says why no more if it was fewer.
fn flood(talker: &Talker, pieces: usize) -> io::Result<()> {
    let message = frame(&[0; PIECE_BYTES]);
    (0..pieces).try_for_each(|_| talker.get_ref().write_all(&message))
}

/// A frame of a client, with a mask of zeros.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut frame = vec![0x82, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[test]
fn a_message_goes_to_the_others_of_its_room_in_order_and_not_to_its_sender() {
    for model in HOLDERS {
        let server = Server::start_with(model, patient(model));
        let [mut a, mut b, mut c] = [(); 3].map(|()| talker(server.address, "/ws?x"));
        let mut elsewhere = talker(server.address, "/ws?y");
        let mut neighbour = talker(server.address, "/ws?y");
        for number in 0..1000 {
            say(&mut a, &number.to_string());
        }
        for other in [&mut b, &mut c] {
            for number in 0..1000 {
                assert_eq!(hear(other), number.to_string(), "{model:?}");
            }
        }
        // What they hear next was said after it, so they have not heard that.
        say(&mut b, "back");
        say(&mut neighbour, "here");
        assert_eq!([hear(&mut a), hear(&mut elsewhere)], ["back", "here"]);
    }
}

#[test]
fn an_echo_answers_its_sender() {
    for model in HOLDERS {
        let server = Server::start_with(model, patient(model));
        let mut client = talker(server.address, "/ws/echo");
        for size in [0, 1, 70_000, 1 << 20] {
            let message = Message::binary(vec![7; size]);
            client.send(message.clone()).unwrap();
            assert_eq!(client.read().unwrap(), message, "{model:?}");
        }
    }
}

#[test]
fn clients_hear_each_other_through_tls_and_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let files = Files::new();
    for model in HOLDERS {
        let socket = directory.path().join(model.label());
        let arguments = [
            "--model",
            model.label(),
            "--listen",
            "127.0.0.1:0",
            "--unix",
            socket.to_str().unwrap(),
        ];
        let certificate = files.flags();
        let certificate = certificate.each_ref().map(String::as_str);
        let program = Program::start(&[&arguments[..], &certificate].concat());
        let tcp = Client::connect(program.address()).0;
        let unix = UnixStream::connect(&socket).unwrap();
        unix.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut tcp = over(StreamOwned::new(files.client(), tcp), "/ws");
        let mut unix = over(StreamOwned::new(files.client(), unix), "/ws");
        for number in 0..100 {
            say(&mut tcp, &number.to_string());
            assert_eq!(hear(&mut unix), number.to_string());
            say(&mut unix, "back");
            assert_eq!(hear(&mut tcp), "back");
        }
    }
}

#[test]
fn one_that_is_behind_and_reads_on_gets_everything_in_order() {
    // Less than the mailbox holds, whatever lies in the sockets, and more than lies there if the
    // client's is small.
    const MESSAGES: u64 = 3800;
    const RECEIVED_BYTES_MAX: usize = 64 * 1024;
    for model in HOLDERS {
        let server = Server::start_with(model, patient(model));
        let mut sender = talker(server.address, "/ws");
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(RECEIVED_BYTES_MAX).unwrap();
        socket.connect(&server.address.into()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reader = over(TcpStream::from(socket), "/ws");
        for number in 0..MESSAGES {
            let mut message = vec![b'.'; 1024];
            message[..8].copy_from_slice(&number.to_be_bytes());
            sender.send(Message::binary(message)).unwrap();
        }
        for number in 0..MESSAGES {
            let message = reader.read().unwrap().into_data();
            assert_eq!(message[..8], number.to_be_bytes(), "{model:?}");
        }
        say(&mut sender, "quick again");
        assert_eq!(hear(&mut reader), "quick again");
    }
}

#[test]
fn one_that_has_had_its_last_word_and_does_not_leave_is_not_kept_for_a_write_timeout() {
    for model in HOLDERS {
        let options = Options {
            write_timeout: 20 * FOR_EVER,
            ..patient(model)
        };
        let server = Server::start_with(model, options);
        let sender = talker(server.address, "/ws");
        let mut slow = talker(server.address, "/ws");
        // More than its mailbox and the sockets hold.
        flood(&sender, 500).unwrap();
        assert_eq!(farewell(&mut slow), CloseCode::Policy, "{model:?}");
        // It goes on talking, until there is nobody to talk to.
        let began = Instant::now();
        let mut stream = slow.get_ref();
        while stream.write_all(&frame(b"still here")).is_ok() {
            let took = began.elapsed();
            assert!(took < PATIENCE, "{model:?}: kept for {took:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn one_that_says_nothing_is_asked_for_a_sign_of_life_and_then_closed() {
    for model in HOLDERS {
        let server = Server::start(model);
        let mut client = talker(server.address, "/ws");
        // Its answer leaves with the next read, so that it may stay for another while.
        assert!(matches!(client.read(), Ok(Message::Ping(_))), "{model:?}");
        client.flush().unwrap();
        // From here on it does not answer.
        let mut silent = client.into_inner();
        let mut rest = Vec::new();
        silent.read_to_end(&mut rest).unwrap();
        let code = u16::from(CloseCode::Error).to_be_bytes();
        assert!(rest.starts_with(&[0x89, 0]), "{model:?}: {rest:?}");
        assert_eq!(rest[4..6], code, "{model:?}: {rest:?}");
    }
}

#[test]
fn others_messages_are_no_sign_of_life() {
    let model = Model::ThreadPerConnection;
    let mut options = patient(model);
    options.connection.read_timeout = READ_TIMEOUT;
    let server = Server::start_with(model, options);
    let mut client = talker(server.address, "/ws");
    // The beginning of a message that does not end.
    client.get_mut().write_all(&[0x82]).unwrap();
    assert_eq!(farewell(&mut client), CloseCode::Policy);
}

#[test]
fn a_stop_is_told_to_clients_that_listen_and_waits_for_none_that_does_not() {
    for model in HOLDERS {
        let mut server = Server::start_with(model, patient(model));
        let mut idle = talker(server.address, "/ws?idle");
        let mut unfinished = talker(server.address, "/ws?idle");
        unfinished.get_mut().write_all(&[0x82, 0xff]).unwrap();
        let (deaf, sender) = (
            talker(server.address, "/ws?stuck"),
            talker(server.address, "/ws?stuck"),
        );
        // Less than costs the one that does not read its seat.
        flood(&sender, 100).unwrap();
        let mut echo = talker(server.address, "/ws/echo");
        let stream = echo.get_ref();
        stream.set_write_timeout(Some(READ_TIMEOUT)).unwrap();
        assert!(flood(&echo, 1000).is_err(), "{model:?}");

        let asked = Instant::now();
        server.ask_to_stop();
        assert_eq!(farewell(&mut idle), CloseCode::Away, "{model:?}");
        assert_eq!(farewell(&mut unfinished), CloseCode::Away, "{model:?}");
        server.wait();
        let took = asked.elapsed();
        assert!(took < LAST_WAITS + SLOW_MACHINE, "{took:?}");
        drop(deaf);
        while echo.read().is_ok() {}
    }
}

#[test]
fn sequential_says_why_it_lets_nobody_in_and_goes_on() {
    let server = Server::start(Model::Sequential);
    for path in ["/ws", "/ws/echo"] {
        let stream = Client::connect(server.address).0;
        let error = client(format!("ws://localhost{path}"), stream).unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
        let mut raw = server.connect();
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\n{upgrade}\r\n");
        raw.0.write_all(request.as_bytes()).unwrap();
        let answer = raw.rest();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("one connection at a time"), "{answer}");
        let mut next = server.connect();
        next.get("/");
        assert!(next.answer().starts_with("HTTP/1.1 200 "));
    }
}

#[test]
fn a_full_relay_refuses_until_somebody_leaves() {
    for model in HOLDERS {
        let options = Options {
            relay: Relay::new(2),
            ..patient(model)
        };
        let server = Server::start_with(model, options);
        let mut first = talker(server.address, "/ws");
        let _second = talker(server.address, "/ws");
        let try_third = || {
            let stream = Client::connect(server.address).0;
            client("ws://localhost/ws", stream).map_err(|error| error.to_string())
        };
        assert!(try_third().unwrap_err().contains("503"), "{model:?}");
        // An echo needs no seat.
        talker(server.address, "/ws/echo");
        first.close(None).unwrap();
        while first.read().is_ok() {}
        let began = Instant::now();
        while try_third().is_err() {
            assert!(
                began.elapsed() < FOR_EVER,
                "{model:?}: the seat is not free"
            );
        }
    }
}
