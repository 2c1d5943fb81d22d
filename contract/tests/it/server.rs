//! A blocking server in a screenful, right unless told otherwise.

use contract::{Address, Subject};
use socket2::Socket;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::connection::{Need, Options};
use wire::date::Date;
use wire::refusal::Refusal;
use wire::relay::{Parcel, Relay};
use wire::route::Pause;
use wire::session::Session;
use wire::tls::{Protocol, Tls};

pub(crate) const READ_TIMEOUT: Duration = Duration::from_millis(300);

/// More than any check has.
const RELAY_CLIENTS_MAX: usize = 1000;

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
    /// Whether a WebSocket client hears itself, too.
    pub(crate) sends_back: bool,
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
        sends_back: false,
        hears: |bytes| bytes.to_vec(),
        says: |bytes| bytes.to_vec(),
        waits: std::thread::sleep,
    };
}

/// Starts a server that lives as long as the test's process.
pub(crate) fn start(manner: Manner) -> SocketAddr {
    let relay = relay();
    serve(manner.sequential, move |stream| {
        // A client that is gone is an ordinary end.
        let _ = serve_connection(manner, relay, stream);
    })
}

/// What the suite is told about a right server at `address`.
pub(crate) fn subject(address: SocketAddr) -> Subject {
    Subject {
        address: Address::Tcp(address),
        tls: false,
        read_timeout: READ_TIMEOUT,
        keep_alive: true,
        websocket: true,
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
    let relay = relay();
    accept(listener.into(), manner.sequential, move |socket| {
        // A client that is gone is an ordinary end.
        let _ = serve_connection(manner, relay, socket);
    });
}

/// Where the clients of a server meet, as long as the test's process.
pub(crate) fn relay() -> &'static Arc<Relay> {
    Box::leak(Box::new(Relay::new(RELAY_CLIENTS_MAX)))
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

pub(crate) fn serve_connection(
    manner: Manner,
    relay: &Arc<Relay>,
    stream: Socket,
) -> io::Result<()> {
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
    let conversation = Arc::new(Conversation {
        manner,
        stream,
        state: Mutex::new(State {
            session: Session::new(peer, options, tls.as_ref()),
            last_word: Vec::new(),
            parcels: Vec::new(),
        }),
    });
    conversation.go_on(relay)
}

/// A client's connection, which its own thread reads, and to which the threads of others write what
/// they have to say to it.
struct Conversation {
    manner: Manner,
    stream: Socket,
    state: Mutex<State>,
}

struct State {
    session: Session,
    /// What was said last, if that is held back until it is known whether it is a goodbye.
    last_word: Vec<u8>,
    /// What this client has for others, until its own thread delivers it.
    parcels: Vec<Parcel>,
}

impl Conversation {
    fn go_on(self: Arc<Self>, relay: &Arc<Relay>) -> io::Result<()> {
        let mut phase_began = (None, Instant::now());
        loop {
            let need = self.speak()?;
            // Delivered when this client is not locked: two may have something for each other.
            let parcels = mem::take(&mut self.state().parcels);
            if !parcels.is_empty() {
                phase_began.0 = None;
            }
            parcels.into_iter().for_each(Parcel::deliver);
            match need {
                Need::Input { phase, limit } => {
                    let kind = Some(mem::discriminant(&phase));
                    if phase_began.0 != kind {
                        phase_began = (kind, Instant::now());
                    }
                    let left = limit.saturating_sub(phase_began.1.elapsed());
                    let came = read_within(&self.stream, left)?;
                    let session = &mut self.state().session;
                    match came {
                        None => session.timed_out(&date()),
                        Some(bytes) if bytes.is_empty() => session.end_of_input(),
                        Some(bytes) => {
                            session.receive(&(self.manner.hears)(&bytes));
                            if self.manner.sends_back {
                                (&self.stream).write_all(&unmasked(&bytes))?;
                            }
                        }
                    }
                }
                Need::Admission if self.manner.sequential => {
                    let refusal = Refusal::ONE_AT_A_TIME;
                    self.state().session.decline(refusal, &date());
                }
                Need::Admission => {
                    let mail = Waker::from(Arc::new(Mail(Arc::downgrade(&self))));
                    self.state().session.admit(relay, mail, &date());
                }
                Need::Close { linger } if linger && self.manner.lingers => {
                    return close_slowly(&self.stream);
                }
                _ => return Ok(()),
            }
        }
    }

    /// Writes until something else is needed, and gathers what is for others.
    fn speak(&self) -> io::Result<Need> {
        let mut state = self.state();
        loop {
            let need = state.session.need(&date());
            match need {
                Need::Output => {
                    let word = (self.manner.says)(state.session.output());
                    let word = match self.manner.says_goodbye {
                        true => word,
                        false => mem::replace(&mut state.last_word, word),
                    };
                    (&self.stream).write_all(&word)?;
                    let count = state.session.output().len();
                    state.session.wrote(count);
                }
                Need::Pause(Pause::Wait(pause) | Pause::Work(pause)) => (self.manner.waits)(pause),
                Need::Deliver(parcel) => state.parcels.push(parcel),
                Need::Input { .. } => {
                    (&self.stream).write_all(&mem::take(&mut state.last_word))?;
                    return Ok(need);
                }
                _ => return Ok(need),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What others have for a client, as long as it is there.
struct Mail(Weak<Conversation>);

impl Wake for Mail {
    fn wake(self: Arc<Self>) {
        if let Some(conversation) = self.0.upgrade() {
            // An error is met by its own thread again.
            let _ = conversation.speak();
        }
    }
}

/// A client's short text or binary frame as a server sends it (RFC 6455 §5.2); nothing of anything
/// else.
fn unmasked(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [first @ (0x81 | 0x82), length, key @ ..] if key.len() >= 4 && length & 0x7f < 126 => {
            let (key, payload) = key.split_at(4);
            let payload = payload.iter().zip(key.iter().cycle());
            let payload = payload.map(|(byte, mask)| byte ^ mask);
            [*first, length & 0x7f].into_iter().chain(payload).collect()
        }
        _ => Vec::new(),
    }
}

/// Reads once; nothing comes back if nothing comes in time.
fn read_within(mut stream: &Socket, limit: Duration) -> io::Result<Option<Vec<u8>>> {
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

fn close_slowly(stream: &Socket) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let began = Instant::now();
    while let Some(bytes) = read_within(stream, LINGER_TIME_MAX)? {
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
