//! What the thread owns, and how it holds connections that are open.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use socket2::Socket;

use super::beginning::Beginning;
use super::bytes::{SLOW_BYTES, close, has_ended, read, write};
use super::conversation::Conversation;
use super::{Kind, Shared, slow_path};
use crate::engine::fast::transport::Setup;
use crate::outcome::Cause;
use crate::plan::Plan;

/// What ends a wait from another thread.
pub(super) const WAKER: Token = Token(usize::MAX);

/// Events taken from the kernel at a time.
pub(super) const EVENTS_MAX: usize = 1024;

/// How often a slow reader takes [`SLOW_BYTES`], if they are there.
const SLOW_EVERY: Duration = Duration::from_millis(100);

/// Groups of slow readers, one after another in that time, so that they do not come all at once.
const SLOW_GROUPS: usize = 10;

/// Bytes read at a time, but for slow readers.
const BUFFER_BYTES: usize = 64 * 1024;

/// How often it looks whether it is to stop, should nothing wake it.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// A pause after a wait that failed: a busy loop would be worse than to be late.
const PAUSE: Duration = Duration::from_millis(20);

/// The thread's.
pub(super) struct Keeper<'a> {
    pub(super) plan: &'a Plan,
    pub(super) setup: Setup<'a>,
    pub(super) requests: Requests,
    pub(super) poll: Poll,
    pub(super) shared: &'a Shared,
    /// In the order in which they are opened, idle ones first; none: not held.
    pub(super) connections: Vec<Option<Connection>>,
    /// Places of those that are being opened.
    pub(super) opening: Vec<usize>,
    /// The place of the destination that could be reached last.
    pub(super) destination: usize,
    /// Attempts to connect so far.
    pub(super) attempts: usize,
    pub(super) buffer: Box<[u8]>,
}

/// One connection.
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) stage: Stage,
}

/// How far it has come. What is not needed any more is forgotten: thousands are [`Self::Silent`].
pub(super) enum Stage {
    Opening(Box<Beginning>),
    /// It has its answer, and nothing more will be said.
    Silent,
    /// It reads, slowly.
    Reading(Box<Conversation>),
}

/// What each kind says.
pub(super) struct Requests {
    idle: Vec<u8>,
    slow_reader: Vec<u8>,
}

impl Requests {
    pub(super) fn of(&self, kind: Kind) -> &[u8] {
        match kind {
            Kind::Idle => &self.idle,
            Kind::SlowReader => &self.slow_reader,
        }
    }
}

impl<'a> Keeper<'a> {
    pub(super) fn new(plan: &'a Plan, poll: Poll, shared: &'a Shared) -> Self {
        let request = |path| plan.scenario.request(&plan.target, path);
        Self {
            setup: Setup::of(plan),
            requests: Requests {
                idle: request(&plan.scenario.paths.list()[0]),
                slow_reader: request(slow_path(plan)),
            },
            poll,
            shared,
            connections: Vec::with_capacity(plan.background.connections()),
            opening: Vec::new(),
            destination: 0,
            attempts: 0,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            plan,
        }
    }

    /// Holds what is open until it is told to stop.
    pub(super) fn hold(&mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let first = self.plan.background.idle.min(self.connections.len());
        let has_slow = self.connections[first..].iter().any(Option::is_some);
        let every = SLOW_EVERY / SLOW_GROUPS as u32;
        let mut next = Instant::now() + every;
        let mut group = 0;
        while !self.shared.stops.load(Ordering::Relaxed) {
            let wait = match has_slow {
                true => next.saturating_duration_since(Instant::now()),
                false => LOOKS_EVERY,
            };
            self.wait(&mut events, Some(wait));
            for event in &events {
                self.notice(event.token());
            }
            if has_slow && Instant::now() >= next {
                for place in (first + group..self.connections.len()).step_by(SLOW_GROUPS) {
                    self.read_slowly(place);
                }
                group = (group + 1) % SLOW_GROUPS;
                // What was late is not made up for: a burst is not slow.
                next = Instant::now().max(next + every);
            }
        }
        self.close_all(&mut events);
    }

    /// The kernel has told something of a connection that is held: for one that is silent that can
    /// only be its end.
    pub(super) fn notice(&mut self, token: Token) {
        let Token(place) = token;
        if let Some(Some(connection)) = self.connections.get(place)
            && matches!(connection.stage, Stage::Silent)
            && has_ended(&connection.socket, &mut self.buffer)
        {
            self.ended(place);
        }
    }

    /// Lets a slow reader take its next bytes.
    fn read_slowly(&mut self, place: usize) {
        let Some(Connection { socket, stage }) = &mut self.connections[place] else {
            return;
        };
        let Stage::Reading(conversation) = stage else {
            return;
        };
        let buffer = &mut self.buffer[..SLOW_BYTES];
        let request = self.requests.of(Kind::SlowReader);
        match take_slowly(socket, conversation, &self.setup, request, buffer) {
            Ok(bytes) => {
                let slow_bytes = &self.shared.slow_bytes;
                slow_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            }
            Err(_) => self.ended(place),
        }
    }

    /// A connection that was held is no more.
    fn ended(&mut self, place: usize) {
        self.connections[place] = None;
        let held = self.shared.of(self.kind(place));
        held.fetch_sub(1, Ordering::Relaxed);
        let lost = self.shared.lost(self.kind(place));
        lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Closes them all, once it is known which the server has closed before.
    fn close_all(&mut self, events: &mut Events) {
        loop {
            self.wait(events, Some(Duration::ZERO));
            if events.is_empty() {
                break;
            }
            for event in events.iter() {
                self.notice(event.token());
            }
        }
        for connection in self.connections.drain(..).flatten() {
            close(connection.socket);
        }
    }

    /// Waits for news of connections, or for another thread.
    pub(super) fn wait(&mut self, events: &mut Events, timeout: Option<Duration>) {
        if let Err(error) = self.poll.poll(events, timeout) {
            events.clear();
            if error.kind() != ErrorKind::Interrupted {
                thread::sleep(PAUSE);
            }
        }
    }

    /// What a connection is for.
    pub(super) fn kind(&self, place: usize) -> Kind {
        match place < self.plan.background.idle {
            true => Kind::Idle,
            false => Kind::SlowReader,
        }
    }
}

/// Reads once, and asks again if an answer is whole; how many bytes came.
fn take_slowly(
    socket: &Socket,
    conversation: &mut Conversation,
    setup: &Setup<'_>,
    request: &[u8],
    buffer: &mut [u8],
) -> Result<usize, Cause> {
    let received = read(socket, buffer).map_err(|_| Cause::ReadReset)?;
    let count = match received {
        Some(0) => {
            conversation.ends()?;
            return Err(Cause::ClosedBeforeResponse);
        }
        received => received.unwrap_or(0),
    };
    if count > 0
        && let Some(answer) = conversation.hear(&buffer[..count])?
    {
        if !answer.keep_alive {
            return Err(Cause::ClosedBeforeResponse);
        }
        conversation.begin_again();
    }
    conversation.speak(setup, request)?;
    write(socket, &mut conversation.unsent).map_err(|_| Cause::WriteReset)?;
    Ok(count)
}
