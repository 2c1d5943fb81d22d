//! A blocking server in a screenful, right unless told otherwise.

use contract::{Address, Subject};
use socket2::Socket;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::connection::{Need, Options};
use wire::date::Date;
use wire::route::Pause;
use wire::session::Session;
use wire::tls::{Protocol, Tls};

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
    /// What is agreed on in TLS's handshake; without it, in the clear.
    pub(crate) tls: Option<&'static [Protocol]>,
    /// Whether TLS announces an end.
    pub(crate) says_goodbye: bool,
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
        tls: None,
        says_goodbye: true,
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
        address: Address::Tcp(address),
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
    connection: impl Fn(Socket) + Copy + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener");
    accept(listener.into(), sequential, connection);
    address
}

/// Starts a server on a UNIX socket.
pub(crate) fn start_at(path: &Path, manner: Manner) {
    let listener = UnixListener::bind(path).expect("a free path");
    accept(listener.into(), manner.sequential, move |socket| {
        // A client that is gone is an ordinary end.
        let _ = serve_connection(manner, socket);
    });
}

fn accept(listener: Socket, sequential: bool, connection: impl Fn(Socket) + Copy + Send + 'static) {
    std::thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            match sequential {
                true => connection(socket),
                false => drop(std::thread::spawn(move || connection(socket))),
            }
        }
    });
}

pub(crate) fn serve_connection(manner: Manner, mut stream: Socket) -> std::io::Result<()> {
    let options = Options {
        read_timeout: manner.read_timeout,
        idle_timeout: Duration::from_secs(5),
        keep_alive: manner.keep_alive,
        access_log: false,
    };
    let peer = stream.peer_addr()?.as_socket().map(|peer| peer.ip());
    if peer.is_some() {
        stream.set_tcp_nodelay(true)?;
    }
    let tls = manner.tls.map(|protocols| tls().with_protocols(protocols));
    let mut connection = Session::new(peer, options, tls.as_ref());
    // What was said last, if that is held back until it is known whether it is a goodbye.
    let mut last_word = Vec::new();
    let mut phase_began = (None, Instant::now());
    loop {
        match connection.need(&date()) {
            Need::Input { phase, limit } => {
                stream.write_all(&std::mem::take(&mut last_word))?;
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
                let word = (manner.says)(connection.output());
                let word = match manner.says_goodbye {
                    true => word,
                    false => std::mem::replace(&mut last_word, word),
                };
                stream.write_all(&word)?;
                connection.wrote(connection.output().len());
                phase_began.0 = None;
            }
            Need::Pause(Pause::Wait(pause) | Pause::Work(pause)) => (manner.waits)(pause),
            Need::Time | Need::Admission | Need::Deliver(_) => return Ok(()),
            Need::Close { linger } if linger && manner.lingers => return close_slowly(stream),
            Need::Close { .. } => return Ok(()),
        }
    }
}

/// Reads once; nothing comes back if nothing comes in time.
fn read_within(stream: &mut Socket, limit: Duration) -> std::io::Result<Option<Vec<u8>>> {
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

fn close_slowly(mut stream: Socket) -> std::io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let began = Instant::now();
    while let Some(bytes) = read_within(&mut stream, LINGER_TIME_MAX)? {
        if bytes.is_empty() || began.elapsed() > LINGER_TIME_MAX {
            break;
        }
    }
    Ok(())
}

/// TLS with a certificate that nobody vouches for, the same in all tests.
fn tls() -> Tls {
    static TLS: OnceLock<Tls> = OnceLock::new();
    let make = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("a name is all that it takes");
        let certificate = made.cert.pem();
        let key = made.signing_key.serialize_pem();
        Tls::from_pem(certificate.as_bytes(), key.as_bytes()).expect("what was made just now")
    };
    TLS.get_or_init(make).clone()
}

fn date() -> Date {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    Date::from_unix_seconds(since_1970.expect("the clock is past 1970").as_secs())
}
