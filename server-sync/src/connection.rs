//! One connection from its first byte to its last, on the thread that calls.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use server_common::options::Options;
use server_common::phase_clock::PhaseClock;
use server_common::stop::Stop;
use server_common::work::work;
use server_common::{access_log, clock};
use wire::connection::Need;
use wire::reader::Phase;
use wire::refusal::Refusal;
use wire::route::Pause;
use wire::session::Session;

use crate::acceptor::Newcomer;
use crate::cli::SERVER;
use crate::kept::{Kept, KeptConnections};
use crate::socket::{Deadline, Received, TimedSocket};

pub(crate) use crate::socket::ReadBuffer;

/// How long a connection that is given up is read on, so that its last answer arrives
/// (RFC 9112 §9.6): some round trips to the far side of the world.
pub(crate) const LINGER_TIME_MAX: Duration = Duration::from_secs(1);

/// What the threads of a server share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) options: Options,
    pub(crate) kept: KeptConnections,
    stop: Stop,
}

impl Server {
    pub(crate) fn new(options: Options, stop: Stop) -> Self {
        Self {
            options,
            kept: KeptConnections::default(),
            stop,
        }
    }

    /// Serves a connection until it is closed, by whichever side.
    ///
    /// Its errors end here: a client that resets, vanishes or takes nothing is ordinary, and a
    /// panic, which has told of itself on stderr, is not to end the thread of other connections.
    pub(crate) fn serve(&self, newcomer: Newcomer, buffer: &mut ReadBuffer) {
        let _place = newcomer.place;
        let conversation = Conversation {
            server: self,
            session: self.options.session(newcomer.caller),
            kept: None,
            socket: newcomer.socket,
            buffer,
            phase: PhaseClock::default(),
            is_finishing: false,
        };
        let _ = catch_unwind(AssertUnwindSafe(|| conversation.run()));
    }
}

/// A connection and the socket it is served on.
struct Conversation<'a> {
    server: &'a Server,
    session: Session,
    /// From its first wait for a further request on.
    kept: Option<Kept<'a>>,
    socket: TimedSocket,
    buffer: &'a mut ReadBuffer,
    phase: PhaseClock,
    is_finishing: bool,
}

impl Conversation<'_> {
    fn run(mut self) -> io::Result<()> {
        loop {
            if self.server.stop.is_asked() && !self.is_finishing {
                self.finish()?;
            }
            match self.session.need(&clock::date()) {
                Need::Input { phase, limit } => self.read(phase, limit)?,
                Need::Output => self.write()?,
                Need::Pause(Pause::Wait(time)) => thread::sleep(time),
                Need::Pause(Pause::Work(time)) => work(time),
                Need::Time => self.session.tell_time(clock::since_1970()),
                Need::Admission => self.session.decline(Refusal::ONE_AT_A_TIME, &clock::date()),
                Need::Deliver(parcel) => parcel.deliver(),
                Need::Close { linger: true } => return self.linger(),
                // Before the close, which may be a reset and would then throw away what is held back.
                Need::Close { linger: false } => return self.socket.shut_writing(),
            }
        }
    }

    /// Prepares for the end once the stop is asked for. What has come by now is taken: a request
    /// that was sent before the stop is still answered.
    fn finish(&mut self) -> io::Result<()> {
        self.is_finishing = true;
        match self.socket.read_now(self.buffer)? {
            Received::Bytes => self.session.receive(self.buffer.bytes()),
            Received::End => self.session.end_of_input(),
            Received::TimedOut => {}
        }
        self.session.finish();
        Ok(())
    }

    fn read(&mut self, phase: Phase, limit: Duration) -> io::Result<()> {
        let is_between_requests = self.session.has_answered() && phase == Phase::Idle;
        if is_between_requests && !self.begin_idling() {
            return Ok(());
        }
        let deadline = Deadline::new(self.phase.began(phase, Instant::now), limit);
        match self.socket.read(self.buffer, &deadline)? {
            Received::Bytes => self.session.receive(self.buffer.bytes()),
            Received::End => self.session.end_of_input(),
            Received::TimedOut => self.session.timed_out(&clock::date()),
        }
        if let Some(kept) = &self.kept {
            kept.end_idling();
        }
        Ok(())
    }

    /// `false` means that the stop is asked for.
    fn begin_idling(&mut self) -> bool {
        let connections = &self.server.kept;
        let kept = self
            .kept
            .get_or_insert_with(|| connections.enter(self.socket.share()));
        self.buffer.shrink();
        kept.begin_idling()
    }

    fn write(&mut self) -> io::Result<()> {
        if let Some(line) = self.session.take_log_line() {
            access_log::write(SERVER, line);
        }
        let more = self.session.is_followed_at_once();
        let count = self.socket.write(self.session.output(), more)?;
        self.session.wrote(count);
        self.phase.reset();
        Ok(())
    }

    /// Reads and throws away what the client still sends. It is told that the answer is over,
    /// so most close at once.
    fn linger(mut self) -> io::Result<()> {
        self.socket.shut_writing()?;
        let deadline = Deadline::new(Instant::now(), LINGER_TIME_MAX);
        while self.socket.read(self.buffer, &deadline)? == Received::Bytes {}
        Ok(())
    }
}
