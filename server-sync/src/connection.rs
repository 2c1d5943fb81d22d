//! One connection from its first byte to its last, on the thread that calls.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use server_common::listener::Service;
use server_common::options::Options;
use server_common::phase_clock::PhaseClock;
use server_common::stop::Stop;
use server_common::work::work;
use server_common::{access_log, clock};
use wire::connection::{Admitted, Need};
use wire::reader::Phase;
use wire::refusal::Refusal;
use wire::route::Pause;
use wire::session::Session;

use crate::acceptor::Newcomer;
use crate::cli::SERVER;
use crate::kept::{Kept, KeptConnections};
use crate::model::Model;
use crate::socket::{Deadline, Received, TimedSocket};
use crate::websocket::{Client, Laggards};

pub(crate) use crate::socket::ReadBuffer;

/// How long a connection that is given up is read on, so that its last answer arrives
/// (RFC 9112 §9.6): some round trips to the far side of the world.
pub(crate) const LINGER_TIME_MAX: Duration = Duration::from_secs(1);

/// What the threads of a server share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) options: Options,
    pub(crate) kept: KeptConnections,
    /// Whether WebSocket clients are let in.
    holds_clients: bool,
    laggards: Arc<Laggards>,
    stop: Stop,
}

impl Server {
    pub(crate) fn new(model: Model, options: Options, stop: Stop) -> Self {
        Self {
            kept: KeptConnections::default(),
            holds_clients: model.holds_clients(),
            laggards: Laggards::new(options.write_timeout),
            options,
            stop,
        }
    }

    /// Serves a connection until it is closed, by whichever side.
    ///
    /// Its errors end here: a client that resets, vanishes or takes nothing is ordinary, and a
    /// panic, which has told of itself on stderr, is not to end the thread of other connections.
    pub(crate) fn serve(&self, newcomer: Newcomer, buffer: &mut ReadBuffer) {
        let _place = newcomer.place;
        let session = Box::new(self.options.session(newcomer.caller));
        let mut conversation = Conversation {
            server: self,
            client: None,
            kept: None,
            socket: newcomer.socket,
            buffer,
            phase: PhaseClock::default(),
            is_endless: false,
            writes: 0,
            over_by: None,
            is_finishing: false,
        };
        if newcomer.caller.service == Service::Push {
            conversation.go_on_without_end(&session);
        }
        let _ = catch_unwind(AssertUnwindSafe(|| conversation.run(session)));
    }
}

/// A connection and the socket it is served on, its session apart.
struct Conversation<'a> {
    server: &'a Server,
    /// Once it is in the relay: where the session lies while this thread reads.
    client: Option<Arc<Client>>,
    /// From its first wait for a further request on.
    kept: Option<Kept<'a>>,
    socket: TimedSocket,
    buffer: &'a mut ReadBuffer,
    phase: PhaseClock,
    /// Whether what is said has no end of its own, a push stream or a WebSocket. A stop waits for
    /// no client that does not take the rest of it.
    is_endless: bool,
    /// Since it last listened.
    writes: usize,
    /// By when a client that is too slow for the others must have taken all there is.
    over_by: Option<Instant>,
    is_finishing: bool,
}

impl Conversation<'_> {
    fn run(mut self, mut session: Box<Session>) -> io::Result<()> {
        loop {
            if self.server.stop.is_asked() && !self.is_finishing {
                self.finish(&mut session)?;
            }
            match session.need(&clock::date()) {
                Need::Input { phase, limit } => match self.listen(session, phase, limit)? {
                    Some(mine) => session = mine,
                    None => return self.linger(),
                },
                Need::Output => self.write(&mut session)?,
                Need::Pause(Pause::Wait(time)) => self.pause(time),
                Need::Pause(Pause::Work(time)) => work(time),
                Need::Time => session.tell_time(Instant::now(), clock::since_1970()),
                Need::Admission => self.admit(&mut session),
                Need::Deliver(parcel) => {
                    self.phase.reset();
                    parcel.deliver();
                }
                Need::Close { linger: true } => return self.linger(),
                // Before the close, which may be a reset and would then throw away what is held back.
                Need::Close { linger: false } => return self.socket.shut_writing(),
            }
        }
    }

    /// Prepares for the end once the stop is asked for. What has come by now is taken: a request
    /// that was sent before the stop is still answered.
    fn finish(&mut self, session: &mut Session) -> io::Result<()> {
        self.is_finishing = true;
        match self.socket.read_now(self.buffer)? {
            Received::Bytes => session.receive(self.buffer.bytes()),
            Received::End => session.end_of_input(),
            Received::TimedOut => {}
        }
        session.finish();
        Ok(())
    }

    /// Lets a WebSocket client in, if the model has a thread for it.
    fn admit(&mut self, session: &mut Session) {
        if !self.server.holds_clients {
            return session.decline(Refusal::ONE_AT_A_TIME, &clock::date());
        }
        let client = Client::new(self.socket.share(), &self.server.laggards);
        let waker = Waker::from(Arc::clone(&client));
        match session.admit(&self.server.options.relay, waker, &clock::date()) {
            Admitted::Refused => return,
            Admitted::Alone => {}
            Admitted::Seated => self.client = Some(client),
        }
        self.go_on_without_end(session);
    }

    fn go_on_without_end(&mut self, session: &Session) {
        self.is_endless = true;
        let timeout = session.write_timeout(self.server.options.write_timeout);
        self.socket.limit_writes(timeout);
    }

    /// Waits for input. The session of a client of the relay is lent to others meanwhile; `None`
    /// means that they have found its end.
    fn listen(
        &mut self,
        mut session: Box<Session>,
        phase: Phase,
        limit: Duration,
    ) -> io::Result<Option<Box<Session>>> {
        let is_between_requests = session.has_answered() && phase == Phase::Idle;
        if (is_between_requests || self.is_endless) && !self.begin_idling(phase) {
            return Ok(Some(session));
        }
        self.writes = 0;
        let deadline = Deadline::new(self.phase.began(phase, Instant::now), limit);
        let Some(client) = &self.client else {
            let received = self.socket.read(self.buffer, &deadline)?;
            self.hear(received, &mut session);
            return Ok(Some(session));
        };
        if let Err(mine) = client.lend(session) {
            return Ok(Some(mine));
        }
        let received = self.socket.read(self.buffer, &deadline);
        let Some((mut session, was_written)) = client.take_back() else {
            return Ok(None);
        };
        if was_written {
            self.phase.reset();
        }
        match received? {
            // The client has taken something, and its time runs anew.
            Received::TimedOut if was_written => {}
            received => self.hear(received, &mut session),
        }
        Ok(Some(session))
    }

    fn hear(&mut self, received: Received, session: &mut Session) {
        match received {
            Received::Bytes => session.receive(self.buffer.bytes()),
            Received::End => session.end_of_input(),
            Received::TimedOut => session.timed_out(&clock::date()),
        }
        if let Some(kept) = &self.kept {
            kept.end_idling();
        }
    }

    /// `false` means that the stop is asked for.
    fn begin_idling(&mut self, phase: Phase) -> bool {
        let connections = &self.server.kept;
        let kept = self
            .kept
            .get_or_insert_with(|| connections.enter(self.socket.share()));
        // A WebSocket client may be in the middle of much.
        if !self.is_endless || (phase == Phase::Idle && !self.buffer.was_filled()) {
            self.buffer.shrink();
        }
        kept.begin_idling()
    }

    /// A request's pause is part of its answer; one between two messages ends with the server.
    fn pause(&self, time: Duration) {
        match self.is_endless {
            true => drop(self.server.stop.wait(time)),
            false => thread::sleep(time),
        }
    }

    fn write(&mut self, session: &mut Session) -> io::Result<()> {
        if let Some(line) = session.take_log_line() {
            access_log::write(SERVER, line);
        }
        let more = session.is_followed_at_once();
        let count = self.socket.write(session.output(), more)?;
        // The first wait in vain may have begun before the stop, and only leads to it being heard
        // of. Nobody is cut before what is left has been shortened and offered for a whole wait.
        let is_cut = count == 0 && self.is_endless && self.is_finishing;
        session.wrote(count);
        if is_cut || self.is_overdue(session) {
            return Err(ErrorKind::TimedOut.into());
        }
        self.phase.reset();
        self.writes += 1;
        match self.writes > 1 && session.hears_meanwhile() {
            true => self.hear_meanwhile(session),
            false => Ok(()),
        }
    }

    /// Whether one that is too slow for the others has had the write timeout for what is left, as
    /// little as it took of it at a time.
    fn is_overdue(&mut self, session: &Session) -> bool {
        if !session.is_too_slow() {
            return false;
        }
        let now = Instant::now();
        now >= *self
            .over_by
            .get_or_insert(now + self.server.options.write_timeout)
    }

    /// A WebSocket client to whom others speak all the time may have something to say too.
    fn hear_meanwhile(&mut self, session: &mut Session) -> io::Result<()> {
        match self.socket.read_now(self.buffer)? {
            Received::TimedOut => {}
            received => self.hear(received, session),
        }
        Ok(())
    }

    /// Reads and throws away what the client still sends. It is told that the answer is over,
    /// so most close at once.
    ///
    /// There is nothing to read on, and so no linger, where a stop has ended the reads (see
    /// [`crate::kept`]): who is still talking then gets a reset behind the last word.
    fn linger(mut self) -> io::Result<()> {
        self.socket.shut_writing()?;
        let deadline = Deadline::new(Instant::now(), LINGER_TIME_MAX);
        while self.socket.read(self.buffer, &deadline)? == Received::Bytes {}
        Ok(())
    }
}
