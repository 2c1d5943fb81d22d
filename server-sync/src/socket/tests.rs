use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use super::*;

/// More than the buffers between the two ends hold.
const BODY_BYTES: usize = 8 * 1024 * 1024;

/// A server's end with this write timeout, and a client's.
fn connected(write_timeout: Duration) -> (TimedSocket, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = Socket::from(listener.accept().unwrap().0);
    let options = Options {
        connection: wire::connection::Options {
            read_timeout: write_timeout,
            idle_timeout: write_timeout,
            keep_alive: true,
            access_log: false,
        },
        write_timeout,
        ..Options::default()
    };
    let server = TimedSocket::new(server, false, &options);
    (server, client)
}

/// Writes a body as a connection does; how many bytes were taken, and why no more.
fn write_body(server: &mut TimedSocket) -> (usize, Option<io::Error>) {
    let body = vec![b'x'; BODY_BYTES];
    let mut written = 0;
    while written < body.len() {
        match server.write(&body[written..], false) {
            Ok(count) => written += count,
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}

#[test]
fn a_reader_that_takes_nothing_is_given_up_after_one_write_timeout() {
    const TIMEOUT: Duration = Duration::from_secs(1);
    let (mut server, _client) = connected(TIMEOUT);
    let began = Instant::now();
    let (written, error) = write_body(&mut server);
    let took = began.elapsed();
    assert!(written < BODY_BYTES);
    assert_eq!(error.unwrap().kind(), io::ErrorKind::TimedOut);
    assert!(took >= TIMEOUT && took < 2 * TIMEOUT, "{took:?}");
}

#[test]
fn a_reader_that_is_slow_and_steady_gets_everything() {
    // One write lasts for several write timeouts, and some part of it is taken in each.
    const TIMEOUT: Duration = Duration::from_millis(300);
    const READ_BYTES: usize = BODY_BYTES / 32;
    let (mut server, mut client) = connected(TIMEOUT);
    let reader = thread::spawn(move || {
        let mut piece = vec![0; READ_BYTES];
        let mut read = 0;
        while read < BODY_BYTES {
            thread::sleep(TIMEOUT / 6);
            client.read_exact(&mut piece).unwrap();
            read += piece.len();
        }
    });
    let (written, error) = write_body(&mut server);
    assert_eq!((written, error.map(|it| it.kind())), (BODY_BYTES, None));
    drop(server);
    reader.join().unwrap();
}

#[test]
fn a_buffer_grows_in_an_upload_and_is_small_again_afterwards() {
    let (mut server, mut client) = connected(Duration::from_secs(10));
    let upload = thread::spawn(move || {
        std::io::Write::write_all(&mut client, &vec![b'x'; BODY_BYTES]).unwrap();
    });
    let mut buffer = ReadBuffer::new();
    let mut longest_bytes = 0;
    loop {
        let deadline = Deadline::new(Instant::now(), Duration::from_secs(10));
        match server.read(&mut buffer, &deadline).unwrap() {
            Received::Bytes => longest_bytes = longest_bytes.max(buffer.bytes().len()),
            received => break assert_eq!(received, Received::End),
        }
    }
    upload.join().unwrap();
    assert_eq!(longest_bytes, READ_BYTES_MAX);
    buffer.shrink();
    assert!(buffer.0.capacity() <= READ_BYTES_MIN);
}
