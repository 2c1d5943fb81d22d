//! What the requests of one connection share, and what is still owed to its client.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use server_common::options::Options;
use server_common::{access_log, clock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use wire::answer::Hello;
use wire::limits::{BODY_BYTES_MAX, body_time_limit};
use wire::status::Status;

use super::frames::Frames;
use crate::cli::SERVER;
use crate::tokio_hyper::connection::LINGER;
use crate::tokio_hyper::deadline::Deadline;

/// One connection, as its own task and those of its requests see it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) peer: Option<IpAddr>,
    pub(super) hello: Hello,
    pub(super) options: Options,
    /// One for each byte of bodies that may be in memory.
    room: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    frames: Frames,
    /// Since when the client is expected to go on with what it has begun, and how much of that
    /// has come, in bytes.
    begun: Instant,
    begun_bytes: u64,
    /// Requests that have come and are not wholly answered.
    requests: usize,
    /// Since when there are none.
    idle: Instant,
    /// Pieces of answers that h2 holds because the client has not said that it takes them.
    pieces: usize,
    /// When one of them last moved, or the first came to be.
    moved: Instant,
    is_last: bool,
}

/// How a connection ends on which nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// There was no request for as long as there may be none.
    Idle,
    /// The client has stopped in the middle of something.
    Stuck,
}

impl Exchange {
    pub(super) fn new(peer: Option<IpAddr>, options: Options) -> Self {
        let now = Instant::now();
        let room = usize::try_from(BODY_BYTES_MAX).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            peer,
            hello: Hello::new(peer),
            options,
            room: Arc::new(Semaphore::new(room)),
            state: Mutex::new(State {
                frames: Frames::new(),
                begun: now,
                begun_bytes: 0,
                requests: 0,
                idle: now,
                pieces: 0,
                moved: now,
                is_last: false,
            }),
        }
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Request {
        self.state().requests += 1;
        Request {
            exchange: Arc::clone(self),
            room: None,
        }
    }

    /// The client sent so many bytes.
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut state = self.state();
        let had_to_go_on = !state.frames.may_wait();
        let has_ended = state.frames.receive(bytes);
        if state.frames.may_wait() {
            return;
        }
        if has_ended || !had_to_go_on {
            state.begun = Instant::now();
            state.begun_bytes = 0;
        } else {
            state.begun_bytes += bytes.len() as u64;
        }
    }

    /// Whether no further requests are to be begun.
    pub(super) fn is_last(&self) -> bool {
        self.state().is_last
    }

    /// No further requests are to be begun.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        state.is_last = true;
        state.idle = Instant::now();
    }

    /// Ready when the time is up for what the client is to do next; else the task will be woken
    /// by then.
    pub(super) fn poll_silence(
        &self,
        cx: &mut Context<'_>,
        deadline: &mut Deadline,
    ) -> Poll<Silence> {
        loop {
            let (moment, silence) = self.state().limit(&self.options);
            ready!(deadline.poll(cx, moment));
            if let Some(silence) = silence {
                return Poll::Ready(silence);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is locked; and what it holds would still be good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next moment at which something is to be done, if nothing happens before.
    fn limit(&self, options: &Options) -> (Instant, Option<Silence>) {
        let answers = self.answers_limit(options);
        match self.input_limit(options) {
            Some(moment) if moment < answers.0 => (moment, Some(Silence::Stuck)),
            _ => answers,
        }
    }

    /// When the client must have gone on with what it has begun.
    fn input_limit(&self, options: &Options) -> Option<Instant> {
        let limit = body_time_limit(options.connection.read_timeout, self.begun_bytes);
        (!self.frames.may_wait()).then(|| self.begun + limit)
    }

    /// When it must have asked for something, or taken some of what it asked for.
    fn answers_limit(&self, options: &Options) -> (Instant, Option<Silence>) {
        let idle_timeout = options.connection.idle_timeout;
        match (self.requests, self.pieces) {
            (0, _) if self.is_last => (self.idle + LINGER, Some(Silence::Stuck)),
            (0, _) => (self.idle + idle_timeout, Some(Silence::Idle)),
            // The answers are the server's concern, and it has all the time. But their tasks do
            // not say when they have begun or ended one: look again.
            (_, 0) => (
                Instant::now() + idle_timeout.min(options.write_timeout),
                None,
            ),
            _ => (self.moved + options.write_timeout, Some(Silence::Stuck)),
        }
    }
}

/// A request, from its head to the last byte of its answer.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) exchange: Arc<Exchange>,
    /// For its body and for the answer that repeats it.
    room: Option<OwnedSemaphorePermit>,
}

impl Request {
    /// Waits until so many bytes of body may be in memory.
    pub(super) async fn make_room(&mut self, bytes: u64) {
        let bytes = u32::try_from(bytes.min(BODY_BYTES_MAX)).unwrap_or(u32::MAX);
        // It is never closed: there will be room.
        let room = Arc::clone(&self.exchange.room);
        self.room = room.acquire_many_owned(bytes).await.ok();
    }

    /// Its answer is made: for the access log, if there is one, and for the connection, if it
    /// ends after its first answer.
    pub(super) fn answered(&self, line: impl FnOnce() -> String, status: Status, body_bytes: u64) {
        let Exchange { peer, options, .. } = &*self.exchange;
        if options.connection.access_log {
            let (date, line) = (clock::date(), line());
            let line = wire::access_log::line(*peer, &date, line.as_bytes(), status, body_bytes);
            access_log::write(SERVER, line);
        }
        if !options.connection.keep_alive {
            self.exchange.state().is_last = true;
        }
    }

    /// A piece of its answer is handed to h2.
    pub(super) fn piece_begun(&self) {
        let mut state = self.exchange.state();
        if state.pieces == 0 {
            state.moved = Instant::now();
        }
        state.pieces += 1;
    }

    /// Some of a piece has been taken by the client, as far as h2 knows.
    pub(super) fn piece_moved(&self) {
        self.exchange.state().moved = Instant::now();
    }

    /// A piece is gone.
    pub(super) fn piece_ended(&self) {
        self.exchange.state().pieces -= 1;
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut state = self.exchange.state();
        state.requests -= 1;
        if state.requests == 0 {
            state.idle = Instant::now();
        }
    }
}
