//! The table of what a server may do instead of passing messages on, and the one cause under which
//! each such round trip is counted, by both clients.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use loadgen::outcome::Cause;
use rustix::event::{PollFd, PollFlags, poll};
use rustls::ServerConnection;
use socket2::SockRef;
use tungstenite::handshake::derive_accept_key;

use crate::certificate::Certificate;
use crate::closed_port::ClosedPort;
use crate::faults::{Elsewhere, test_of};
use crate::loadgen::{Ended, run_words};
use crate::record::Counts;
use crate::websocket::CLIENTS;
use crate::websocket_server::{To, WebSocketServer};

/// Round trips of each run.
const ROUND_TRIPS: u64 = 3;

/// What is sent in place of a frame.
type Answer = fn(&[u8]) -> Vec<u8>;

/// What the server does with a connection.
#[derive(Clone, Copy)]
enum Does {
    /// Answers the upgrade with these bytes, then nothing more.
    Answers(&'static [u8]),
    /// Closes before it has answered.
    Closes,
    /// Upgrades and has these bytes ready before it is sent anything.
    Says(&'static [u8]),
    /// Upgrades, takes a message, sends these bytes, and closes.
    SaysAndCloses(&'static [u8]),
    /// The same, with the end in the segment of the bytes.
    SaysLast(&'static [u8]),
    /// Upgrades, takes a message, and resets the connection.
    Resets,
    /// Answers the upgrade with these bytes, the last of them again and again.
    DripsHead(&'static [u8]),
    /// Upgrades, then says these bytes again and again.
    Drips(&'static [u8]),
    /// Upgrades, then sends for each message what is made of the frame that would send it back.
    Echoes(Answer),
    /// Upgrades and reads no more.
    Ignores,
}

use Does::{
    Answers, Closes, Drips, DripsHead, Echoes, Ignores, Resets, Says, SaysAndCloses, SaysLast,
};

/// Between two pieces of what drips: well below the clients' tick.
const DRIP: Duration = Duration::from_millis(5);

const PING: &[u8] = b"\x89\x00";

const ROWS: &[(&str, Does, &str)] = &[
    ("refuses", Answers(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"), "not_websocket"),
    ("wants another version", Answers(b"HTTP/1.1 426 Upgrade Required\r\n\r\n"), "not_websocket"),
    ("answers as a web server does", Answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "not_websocket"),
    ("switches to something else", Answers(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), "not_websocket"),
    ("has a wrong key", Answers(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"), "wrong_accept_key"),
    ("speaks no HTTP", Answers(b"SSH-2.0-OpenSSH\r\n\r\n"), "malformed_response"),
    ("says nothing to the upgrade", Answers(b""), "read_timeout"),
    ("closes before it has answered", Closes, "closed_before_response"),
    ("sends text that is not UTF-8", Says(b"\x81\x02\xc3\x28"), "not_utf8"),
    ("masks a frame", Says(b"\x82\x84\0\0\0\0abcd"), "websocket_protocol"),
    ("sets a reserved bit", Says(b"\xc2\x01a"), "websocket_protocol"),
    ("has an unknown opcode", Says(b"\x83\x01a"), "websocket_protocol"),
    ("continues what was not begun", Says(b"\x80\x01a"), "websocket_protocol"),
    ("fragments a ping", Says(b"\x09\x01a"), "websocket_protocol"),
    ("sends a message that is too large", Says(b"\x82\x7f\0\0\0\0\x7f\xff\xff\xff"), "message_too_large"),
    ("sends another message", Says(b"\x82\x05hello"), "wrong_message"),
    ("closes with a close frame", Says(b"\x88\x02\x03\xe9"), "websocket_closed"),
    ("closes without one", SaysAndCloses(b""), "closed_before_response"),
    ("closes in the middle of a frame", SaysAndCloses(b"\x82\x20abc"), "closed_mid_response"),
    ("resets", Resets, "read_reset"),
    ("says nothing to a message", Says(b""), "read_timeout"),
    ("stops in the middle of a frame", Says(b"\x82\x20abc"), "read_timeout"),
    ("says nothing but pings", Drips(PING), "read_timeout"),
    ("does not come to the end of its head", DripsHead(b"HTTP/1.1 101 Switching Protocols\r\nName: a"), "read_timeout"),
];

/// What takes two clients, of which there is one for each other row.
const OF_RELAYS: (&str, Does, &str) = ("relays nothing", Says(b""), "not_relayed");

/// Plays `does` on each connection; it listens until the process ends.
fn play(does: Does) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    if matches!(does, Ignores) {
        let small = SockRef::from(&listener).set_recv_buffer_size(4096);
        small.expect("its connections' buffers");
    }
    let address = listener.local_addr().expect("the listener's address");
    let connections = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&connections);
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            count.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || serve(stream, does));
        }
    });
    (address, connections)
}

fn serve(mut stream: TcpStream, does: Does) -> io::Result<()> {
    let head = read_head(&mut stream)?;
    match does {
        Closes => return Ok(()),
        Answers(answer) => stream.write_all(answer)?,
        Says(bytes) => {
            // In one write with the upgrade's answer, as a quick server does.
            stream.write_all(&[upgraded(&head).as_slice(), bytes].concat())?;
        }
        SaysAndCloses(bytes) => {
            stream.write_all(&upgraded(&head))?;
            let _ = stream.read(&mut [0; 1024])?;
            return stream.write_all(bytes);
        }
        SaysLast(bytes) => {
            stream.write_all(&upgraded(&head))?;
            let _ = stream.read(&mut [0; 1024])?;
            SockRef::from(&stream).set_tcp_cork(true)?;
            return stream.write_all(bytes);
        }
        Resets => {
            stream.write_all(&upgraded(&head))?;
            let _ = stream.read(&mut [0; 1024])?;
            return SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
        DripsHead(bytes) => {
            stream.write_all(bytes)?;
            return drip(&mut stream, &bytes[bytes.len() - 1..]);
        }
        Drips(bytes) => {
            stream.write_all(&upgraded(&head))?;
            return drip(&mut stream, bytes);
        }
        Echoes(answer) => {
            stream.write_all(&upgraded(&head))?;
            return echo(&mut stream, answer);
        }
        Ignores => {
            stream.write_all(&upgraded(&head))?;
            // Until the client leaves.
            let mut sources = [PollFd::new(&stream, PollFlags::RDHUP)];
            poll(&mut sources, None)?;
            return Ok(());
        }
    }
    // Until the client leaves.
    while stream.read(&mut [0; 1024])? > 0 {}
    Ok(())
}

/// Until the client leaves.
fn drip(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    loop {
        stream.write_all(bytes)?;
        thread::sleep(DRIP);
    }
}

/// Until the client leaves; its messages are short.
fn echo(stream: &mut TcpStream, answer: Answer) -> io::Result<()> {
    loop {
        let (mut head, mut mask) = ([0; 2], [0; 4]);
        stream.read_exact(&mut head)?;
        stream.read_exact(&mut mask)?;
        let mut payload = vec![0; usize::from(head[1] & 0x7f)];
        stream.read_exact(&mut payload)?;
        let masked = payload.iter().zip(mask.iter().cycle());
        let payload = masked.map(|(byte, mask)| byte ^ mask);
        let frame: Vec<u8> = [head[0], head[1] & 0x7f]
            .into_iter()
            .chain(payload)
            .collect();
        stream.write_all(&answer(&frame))?;
    }
}

fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn upgraded(head: &str) -> Vec<u8> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let key = fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    let accept = derive_accept_key(key.unwrap_or_default().1.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes()
}

/// Makes a few round trips with `client`, all of which are to fail for `cause`. Only where that is
/// for want of time is there little of it: a crowded machine is no cause.
fn run_client(client: &str, words: &str, cause: &str) -> Ended {
    let timeout = match cause {
        "read_timeout" | "not_relayed" | "tls_handshake" => "300ms",
        _ => "15s",
    };
    let words = format!("websocket --client {client} -n {ROUND_TRIPS} --timeout {timeout} {words}");
    run_words(&words)
}

fn check(words: &str, cause: &str, does: &str) {
    for client in CLIENTS {
        check_client(client, words, cause, does);
    }
}

fn check_client(client: &str, words: &str, cause: &str, does: &str) {
    let ended = run_client(client, words, cause);
    assert_eq!(ended.code, Some(1), "{does}: {ended:?}");
    let expected = Counts::new(0, &[(cause, ROUND_TRIPS)]);
    let counts = Counts::of_record(&ended.record());
    assert_eq!(counts, expected, "{does}, {client}: {ended:?}");
    ended.assert_one_line_on_stderr(&["no round trip by way of ws", cause, "Next, "]);
}

#[test]
fn each_thing_that_a_server_does_instead_is_counted_under_its_cause() {
    for (name, does, cause) in ROWS {
        let (address, connections) = play(*does);
        check(&format!("--echo ws://{address}/"), cause, name);
        // Whatever went wrong, the next round trip has connections of its own.
        let expected = CLIENTS.len() * ROUND_TRIPS as usize;
        assert_eq!(connections.load(Ordering::Relaxed), expected, "{name}");
    }
}

#[test]
fn nobody_on_the_other_side_of_the_relay_is_not_relayed() {
    let (name, does, cause) = OF_RELAYS;
    let (address, _) = play(does);
    check(&format!("ws://{address}/"), cause, name);
}

#[test]
fn each_cause_of_websocket_alone_has_a_row() {
    for cause in Cause::ALL {
        if matches!(test_of(cause), Err(Elsewhere::OverWebSocket)) {
            let mut rows = ROWS.iter().chain([&OF_RELAYS]);
            assert!(rows.any(|row| row.2 == cause.label()), "{cause:?}");
        }
    }
}

/// What follows an answer in the same segment, and what the next round trip fails for.
const BEHIND: &[(&str, Answer, &str)] = &[
    (
        "the answer once more",
        |frame| [frame, frame].concat(),
        "wrong_message",
    ),
    (
        "a reserved bit",
        |frame| [frame, b"\xc2\x01a"].concat(),
        "websocket_protocol",
    ),
    (
        "a close frame",
        |frame| [frame, b"\x88\x02\x03\xe9"].concat(),
        "websocket_closed",
    ),
];

#[test]
fn what_is_wrong_behind_an_answer_fails_the_next_round_trip() {
    for (name, answer, cause) in BEHIND {
        for client in CLIENTS {
            let (address, connections) = play(Echoes(*answer));
            let ended = run_client(client, &format!("--echo ws://{address}/"), cause);
            let record = ended.record();
            let requests = &record["requests"];
            let counts = [
                &requests["succeeded"],
                &requests["failed"],
                &record["failures"][*cause],
            ];
            // The third has connections of its own.
            assert_eq!(counts, [2, 1, 1], "{name}, {client}: {ended:?}");
            assert_eq!(connections.load(Ordering::Relaxed), 2, "{name}, {client}");
        }
    }
}

#[test]
fn an_end_that_comes_with_something_wrong_is_counted() {
    let (address, _) = play(SaysLast(b"\x83\x01a"));
    let words = format!("--echo ws://{address}/");
    let ended = run_client("async", &words, "websocket_protocol");
    let record = ended.assert_all_failed(ROUND_TRIPS, "websocket_protocol");
    // Not each, if the kernel sends the bytes ahead: it does not wait for the end for ever.
    let closed = record["connections"]["closed_by_peer"].as_u64();
    assert!(closed > Some(0), "{ended:?}");
}

#[test]
fn a_run_ends_in_time_though_a_server_says_something_all_the_time() {
    let head = b"HTTP/1.1 101 Switching Protocols\r\nName: a";
    for does in [Drips(PING), DripsHead(head)] {
        for client in CLIENTS {
            let (address, _) = play(does);
            let words = format!(
                "websocket --client {client} --echo --duration 1s --timeout 1h ws://{address}/"
            );
            // It is ended by force, and the test fails, if it does not end.
            let ended = run_words(&words);
            let counts = Counts::of_record(&ended.record());
            assert_eq!(counts.cancelled, 1, "{client}: {ended:?}");
            assert!(counts.failures.is_empty(), "{client}: {ended:?}");
        }
    }
}

#[test]
fn what_did_not_leave_is_not_counted_as_sent() {
    // More than both ends' sockets hold, of which the server's is small.
    const MESSAGE_BYTES: u64 = 4 * 1024 * 1024;
    for limits in ["--duration 1s --timeout 1h", "-n 1 --timeout 300ms"] {
        for client in CLIENTS {
            let (address, _) = play(Ignores);
            let words = format!(
                "websocket --client {client} --echo {limits} --size {MESSAGE_BYTES} ws://{address}/"
            );
            let ended = run_words(&words);
            let record = ended.record();
            assert_eq!(
                Counts::of_record(&record).succeeded,
                0,
                "{client}: {ended:?}"
            );
            let sent = record["bytes"]["sent"].as_u64();
            let left = sent.is_some_and(|sent| sent < MESSAGE_BYTES);
            assert!(left, "{client}: {ended:?}");
        }
    }
}

/// Says `bytes` over TLS on each connection, and in the same segment what is not TLS.
fn break_tls_behind(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("the listener's address");
    let config = Certificate::good().server_config();
    let break_behind = move |mut stream: TcpStream| -> io::Result<()> {
        let tls = ServerConnection::new(Arc::clone(&config));
        let mut tls = tls.map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        tls.writer().write_all(bytes)?;
        let mut segment = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut segment)?;
        }
        segment.extend(b"this is not TLS");
        stream.write_all(&segment)?;
        // Until the client leaves.
        while stream.read(&mut [0; 1024])? > 0 {}
        Ok(())
    };
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let _ = break_behind(stream);
        }
    });
    address
}

#[test]
fn what_came_before_tls_failed_is_counted() {
    const SAID: &[u8] = b"HTTP/1.1 101 Switch";
    let address = break_tls_behind(SAID);
    for client in CLIENTS {
        let words = format!("--echo wss://{address}/");
        let ended = run_client(client, &words, "malformed_response");
        let record = ended.assert_all_failed(ROUND_TRIPS, "malformed_response");
        let expected = ROUND_TRIPS * SAID.len() as u64;
        assert_eq!(record["bytes"]["received"], expected, "{client}: {ended:?}");
    }
}

#[test]
fn a_relay_of_bytes_that_is_not_there_was_never_connected_to() {
    let port = ClosedPort::new();
    for client in CLIENTS {
        let ended = run_client(
            client,
            &format!("tcp://{}", port.address()),
            "connect_refused",
        );
        let record = ended.record();
        let expected = Counts::new(0, &[("connect_refused", ROUND_TRIPS)]);
        assert_eq!(Counts::of_record(&record), expected, "{client}: {ended:?}");
        assert_eq!(record["connections"]["opened"], 0, "{client}: {ended:?}");
    }
}

#[test]
fn an_echo_is_no_relay() {
    let server = WebSocketServer::start(To::Sender);
    // A blocking client listens to one connection at a time.
    for (client, cause) in [("async", "wrong_message"), ("blocking", "not_relayed")] {
        check_client(client, &server.url("ws"), cause, "answers the sender");
    }
}

#[test]
fn a_server_that_is_not_there_is_connect_refused() {
    let port = ClosedPort::new();
    check(
        &format!("ws://{}/", port.address()),
        "connect_refused",
        "is not there",
    );
}

#[test]
fn a_name_that_leads_nowhere_is_dns() {
    check("ws://nobody.invalid/", "dns", "has no address");
}

#[test]
fn a_server_that_does_not_encrypt_is_tls_handshake() {
    let (address, _) = play(Answers(b""));
    // It waits for the end of a head that never comes.
    check(
        &format!("wss://{address}/"),
        "tls_handshake",
        "does not encrypt",
    );
}

#[test]
fn a_refusal_is_told_with_its_status() {
    let (address, _) = play(ROWS[0].1);
    let ended = run_client("async", &format!("ws://{address}/"), "not_websocket");
    ended.assert_one_line_on_stderr(&["(503 Service Unavailable)", "check the path"]);
    assert_eq!(
        ended.record()["target"]["websocket_error"],
        "503 Service Unavailable"
    );
}

#[test]
fn a_server_that_refuses_is_not_asked_as_fast_as_can_be() {
    for client in CLIENTS {
        let (address, connections) = play(ROWS[0].1);
        let words = format!(
            "websocket --client {client} --echo --duration 500ms --timeout 1 ws://{address}/"
        );
        let ended = run_words(&words);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        // Once a tick, which is 50 ms.
        let asked = connections.load(Ordering::Relaxed);
        assert!((1..=12).contains(&asked), "{client}: {asked}");
    }
}
