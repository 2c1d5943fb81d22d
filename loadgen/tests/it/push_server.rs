//! A server that pushes, well or badly, in the test's own process.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longer than any test lasts.
const NEVER: Duration = Duration::from_secs(60);

/// What a server does with a client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pushing {
    /// Messages without end, more than clients work on: 64 at a time, with a pause that leaves the
    /// machine to the tests beside it.
    Forever,
    /// So many messages, with a pause between them.
    Slowly(Duration),
    /// Messages from 0 on, but not this one.
    Without(u64),
    /// Messages from 0 on, and this one twice.
    Twice(u64),
    /// So many messages, then silence.
    Stop(u64),
    /// So many messages and half of one more, then the end.
    CloseInMessage(u64),
    /// So many messages, then the end.
    Close(u64),
    /// So many messages, then something else.
    Garbage(u64),
    /// An answer in HTTP, at once.
    Http,
}

/// Starts a server on a port of its own, for as many clients as come. It lasts as long as the test.
pub(crate) fn start(pushing: Pushing) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away ends it.
            thread::spawn(move || push(pushing, stream));
        }
    });
    address
}

fn push(pushing: Pushing, mut stream: TcpStream) -> std::io::Result<()> {
    match pushing {
        Pushing::Forever => send(&mut stream, 0.., |number| {
            if number % 64 == 63 {
                thread::sleep(Duration::from_millis(1));
            }
        }),
        Pushing::Slowly(pause) => send(&mut stream, 0.., |_| thread::sleep(pause)),
        Pushing::Without(number) => send(&mut stream, (0..).filter(|next| *next != number), |_| ()),
        Pushing::Twice(number) => {
            let twice = move |next| std::iter::repeat_n(next, 1 + usize::from(next == number));
            send(&mut stream, (0..).flat_map(twice), |_| ())
        }
        Pushing::Stop(count) => {
            send(&mut stream, 0..count, |_| ())?;
            stream.set_read_timeout(Some(NEVER))?;
            stream.read(&mut [0]).map(drop)
        }
        Pushing::Close(count) => send(&mut stream, 0..count, |_| ()),
        Pushing::CloseInMessage(count) => {
            send(&mut stream, 0..count, |_| ())?;
            stream.write_all(&message(count)[..64])
        }
        Pushing::Garbage(count) => {
            send(&mut stream, 0..count, |_| ())?;
            stream.write_all(&[b'x'; 128])?;
            stream.set_read_timeout(Some(NEVER))?;
            stream.read(&mut [0]).map(drop)
        }
        Pushing::Http => stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    }
}

fn send(
    stream: &mut TcpStream,
    numbers: impl Iterator<Item = u64>,
    after_each: impl Fn(u64),
) -> std::io::Result<()> {
    for number in numbers {
        stream.write_all(&message(number))?;
        after_each(number);
    }
    Ok(())
}

fn message(number: u64) -> Vec<u8> {
    let sent = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let text = format!("message {number:020} sent {:020} ", sent.as_nanos());
    format!("{text:.<127}\n").into_bytes()
}
