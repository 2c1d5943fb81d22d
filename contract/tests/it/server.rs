//! A blocking server in a screenful, right unless told otherwise.

use contract::Subject;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::connection::{Connection, Need, Options};
use wire::date::Date;
use wire::route::Pause;

pub(crate) const READ_TIMEOUT: Duration = Duration::from_millis(300);

const LINGER_TIME_MAX: Duration = Duration::from_secs(1);

/// How a server treats its connections. What it says and what the suite is
/// told, [`Subject`], may differ: that is one way to be wrong.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) read_timeout: Duration,
    pub(crate) keep_alive: bool,
    /// One connection at a time.
    pub(crate) sequential: bool,
    /// Whether unread input is read before a close.
    pub(crate) lingers: bool,
    /// What becomes of each piece of input.
    pub(crate) hears: fn(&[u8]) -> Vec<u8>,
    /// What becomes of each piece of output.
    pub(crate) says: fn(&[u8]) -> Vec<u8>,
    /// What becomes of a pause before an answer.
    pub(crate) waits: fn(Duration),
}

impl Manner {
    pub(crate) const RIGHT: Manner = Manner {
        read_timeout: READ_TIMEOUT,
        keep_alive: true,
        sequential: false,
        lingers: true,
        hears: |bytes| bytes.to_vec(),
        says: |bytes| bytes.to_vec(),
        waits: std::thread::sleep,
    };
}

/// Starts a server that lives as long as the test's process.
pub(crate) fn start(manner: Manner) -> SocketAddr {
    serve(manner.sequential, move |stream| {
        // A client that is gone is an ordinary end.
        let _ = serve_connection(manner, stream);
    })
}

/// What the suite is told about a right server at `address`.
pub(crate) fn subject(address: SocketAddr) -> Subject {
    Subject {
        address: address.into(),
        tls: false,
        read_timeout: READ_TIMEOUT,
        keep_alive: true,
    }
}

/// An address of loopback at which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound listener")
}

/// Accepts on a port of loopback and lets `connection` do the rest.
pub(crate) fn serve(
    sequential: bool,
    connection: impl Fn(TcpStream) + Copy + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            match sequential {
                true => connection(stream),
                false => drop(std::thread::spawn(move || connection(stream))),
            }
        }
    });
    address
}

pub(crate) fn serve_connection(manner: Manner, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let options = Options {
        read_timeout: manner.read_timeout,
        idle_timeout: Duration::from_secs(5),
        keep_alive: manner.keep_alive,
        access_log: false,
    };
    let mut connection = Connection::new(Some(stream.peer_addr()?.ip()), options);
    let mut phase_began = (None, Instant::now());
    loop {
        match connection.need(&date()) {
            Need::Input { phase, limit } => {
                let kind = Some(std::mem::discriminant(&phase));
                if phase_began.0 != kind {
                    phase_began = (kind, Instant::now());
                }
                let left = limit.saturating_sub(phase_began.1.elapsed());
                match read_within(&mut stream, left)? {
                    None => connection.timed_out(&date()),
                    Some(bytes) if bytes.is_empty() => connection.end_of_input(),
                    Some(bytes) => connection.receive(&(manner.hears)(&bytes)),
                }
            }
            Need::Output => {
                stream.write_all(&(manner.says)(connection.output()))?;
                connection.wrote(connection.output().len());
                phase_began.0 = None;
            }
            Need::Pause(Pause::Wait(pause) | Pause::Work(pause)) => (manner.waits)(pause),
            Need::Close { linger } if linger && manner.lingers => return close_slowly(stream),
            Need::Close { .. } => return Ok(()),
        }
    }
}

/// Reads once; nothing comes back if nothing comes in time.
fn read_within(stream: &mut TcpStream, limit: Duration) -> std::io::Result<Option<Vec<u8>>> {
    if limit.is_zero() {
        return Ok(None);
    }
    stream.set_read_timeout(Some(limit))?;
    let mut buffer = vec![0; 64 * 1024];
    match stream.read(&mut buffer) {
        Ok(length) => {
            buffer.truncate(length);
            Ok(Some(buffer))
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn close_slowly(mut stream: TcpStream) -> std::io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let began = Instant::now();
    while let Some(bytes) = read_within(&mut stream, LINGER_TIME_MAX)? {
        if bytes.is_empty() || began.elapsed() > LINGER_TIME_MAX {
            break;
        }
    }
    Ok(())
}

fn date() -> Date {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    Date::from_unix_seconds(since_1970.expect("the clock is past 1970").as_secs())
}
