//! One connection from its first byte to its last: what is done, and what follows.

use std::mem;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown, send, shutdown};
use server_common::listener::Caller;
use server_common::options::{Options, WRITE_WAITS, write_wait};
use server_common::phase_clock::PhaseClock;
use server_common::work::work;
use server_common::{access_log, clock};
use wire::connection::Need;
use wire::reader::Phase;
use wire::relay::DELIVERIES_PER_TURN_MAX;
use wire::route::Pause;

use super::lent::LentSession;
use super::operation::{Operation, only};
use super::ring::Ring;
use crate::cli::SERVER;
use crate::post::Post;
use crate::slots::Key;

/// How long a connection that is given up is read on, so that its last answer arrives
/// (RFC 9112 §9.6): some round trips to the far side of the world.
const LINGER_TIME_MAX: Duration = Duration::from_secs(1);

/// How much may come while an answer is under way before receiving is given up until it is sent.
/// What comes until the kernel has heard of that is kept too: at most what it had of this client
/// already. The rest waits with the kernel, and so does the client.
const HELD_BYTES_MAX: usize = 16 * 1024;

/// What a connection may use in one turn of the loop.
pub(super) struct Turn<'a> {
    pub(super) ring: &'a mut Ring,
    pub(super) options: &'a Options,
    /// By which connections have themselves and others called.
    pub(super) post: &'a Arc<Post>,
    pub(super) now: Instant,
    /// Whether each connection is to end with the answer under way.
    pub(super) is_finishing: bool,
}

/// A connection and the session that is held on it.
pub(super) struct Connection {
    own: Key,
    /// Until it is closed.
    socket: Option<OwnedFd>,
    session: LentSession,
    state: State,
    receiving: Receiving,
    /// What came while the session could not take it.
    held: Vec<u8>,
    /// Whether the client has shut its writing side.
    input: Input,
    phase: PhaseClock,
    /// When the state has lasted too long, or long enough.
    deadline: Option<Instant>,
    /// How often in a row the client has taken nothing for a part of the write timeout.
    waits_in_vain: u32,
    /// By when one that is too slow for the others must have taken all there is.
    over_by: Option<Instant>,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Input,
    Output,
    Pause,
    /// Its turn, for which it has let others go first.
    Turn,
    /// That the client hears the last answer, and closes.
    Linger,
    /// That operations complete which have been given up.
    Closed,
}

/// What the kernel receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiving {
    /// Nothing, and nothing has been asked for yet.
    NotYet,
    Nothing,
    /// What comes next, or all that comes.
    Input,
    /// What comes until it has heard that it need not.
    GivenUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Open,
    /// The session does not know yet.
    Ended,
    EndTold,
}

impl Connection {
    /// A connection just accepted.
    pub(super) fn new(socket: OwnedFd, caller: Caller, options: &Options) -> Self {
        let session = options.session(caller);
        Self {
            own: only(0),
            socket: Some(socket),
            session: LentSession::new(session),
            state: State::Input,
            receiving: Receiving::NotYet,
            held: Vec::new(),
            input: Input::Open,
            phase: PhaseClock::default(),
            deadline: None,
            waits_in_vain: 0,
            over_by: None,
        }
    }

    /// Tells it the name under which it is found.
    pub(super) fn introduce(&mut self, own: Key) {
        self.own = own;
    }

    /// When [`Self::time_is_up`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether it is closed and nothing more will complete.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Closed && !self.is_receiving() && !self.session.is_lent()
    }

    /// Goes on until something must be waited for.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>) {
        let mut deliveries = 0;
        while let Some(session) = self.session.get() {
            if turn.is_finishing {
                session.finish();
            }
            match session.need(&clock::date()) {
                Need::Input { phase, limit } => {
                    if !self.take_held() {
                        return self.receive_until(phase, limit, turn);
                    }
                }
                Need::Output => return self.send(turn),
                Need::Pause(Pause::Wait(time)) => {
                    // From its own beginning: others may have worked since the last wait.
                    self.wait_for(State::Pause, Instant::now() + time);
                    return;
                }
                // Every other connection of the loop waits for it: that is what such work does to
                // a loop, and what `/cpu` is there to show.
                Need::Pause(Pause::Work(time)) => {
                    work(time);
                    turn.now = Instant::now();
                }
                Need::Time => session.tell_time(Instant::now(), clock::since_1970()),
                Need::Admission => {
                    let waker = turn.post.waker(self.own);
                    session.admit(&turn.options.relay, waker, &clock::date());
                }
                Need::Deliver(parcel) => {
                    self.phase.reset();
                    deliveries += parcel.audience();
                    parcel.deliver();
                    if deliveries >= DELIVERIES_PER_TURN_MAX {
                        return self.let_others_go(turn);
                    }
                }
                Need::Close { linger: true } => return self.linger(turn),
                Need::Close { linger: false } => {
                    // Before the close, which may be a reset and would then throw away what is
                    // held back. By the ring it would take a thread of the kernel's.
                    if let Some(socket) = &self.socket {
                        let _ = shutdown(socket, Shutdown::Write);
                    }
                    return self.close(turn);
                }
            }
        }
    }

    /// Bytes have come, or none: the client has shut its writing side; or the kernel has ceased to
    /// receive, and says why.
    pub(super) fn received(
        &mut self,
        result: Result<&[u8], Errno>,
        is_more: bool,
        turn: &mut Turn<'_>,
    ) {
        if !is_more {
            self.receiving = Receiving::Nothing;
        }
        match (result, self.state) {
            (_, State::Closed) => {}
            (Ok([]), State::Linger) => self.close(turn),
            (Ok([]), _) => {
                self.input = Input::Ended;
                self.go_on_if(State::Input, turn);
            }
            (Ok(bytes), State::Input) => {
                if let Some(session) = self.session.get() {
                    session.receive(bytes);
                }
                self.go_on(turn);
            }
            (Ok(_), State::Linger) => self.receive(turn),
            (Ok(bytes), State::Output | State::Pause | State::Turn) => self.hold(bytes, turn),
            // There was no buffer, or the kernel had been told to give up.
            (Err(Errno::NOBUFS | Errno::CANCELED | Errno::INTR | Errno::AGAIN), _) => {
                if matches!(self.state, State::Input | State::Linger) {
                    self.receive(turn);
                }
            }
            // The client has reset the connection.
            (Err(_), _) => self.close(turn),
        }
    }

    /// What was to be sent has been, as far as the client takes it; or sending was given up.
    pub(super) fn sent(&mut self, result: Result<u32, Errno>, turn: &mut Turn<'_>) {
        self.session.take_back(result.unwrap_or(0));
        if self.state == State::Closed {
            return;
        }
        if self.is_overdue(turn) {
            return self.close(turn);
        }
        match result {
            Ok(1..) => {
                self.waits_in_vain = 0;
                self.phase.reset();
                self.hear(turn);
                self.go_on(turn);
            }
            Ok(0) | Err(Errno::CANCELED | Errno::INTR | Errno::AGAIN) => {
                self.waits_in_vain += 1;
                match self.waits_in_vain < WRITE_WAITS {
                    true => self.go_on(turn),
                    false => self.close(turn),
                }
            }
            Err(_) => self.close(turn),
        }
    }

    /// The deadline has come.
    pub(super) fn time_is_up(&mut self, turn: &mut Turn<'_>) {
        self.deadline = None;
        match self.state {
            State::Input => {
                if let Some(session) = self.session.get() {
                    session.timed_out(&clock::date());
                }
                self.go_on(turn);
            }
            State::Pause => self.go_on(turn),
            // To be asked for anew, which takes up whatever room there is by now: the kernel
            // itself goes on only when a third of the socket's buffer is free.
            State::Output => turn.ring.cancel(Operation::Send.of(self.own)),
            State::Linger => self.close(turn),
            State::Turn | State::Closed => {}
        }
    }

    /// Others have sent it something, by the relay, or let it have its turn. While it is busy it
    /// looks for mail by itself, next.
    pub(super) fn called(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.state, State::Input | State::Turn) {
            self.go_on(turn);
        }
    }

    /// The server stops: whoever waits for a request has had its last answer.
    pub(super) fn finish(&mut self, turn: &mut Turn<'_>) {
        let soon = turn.now + LINGER_TIME_MAX;
        match self.state {
            State::Input => self.go_on(turn),
            // One that may take its time will be granted less once its session is back.
            State::Output if self.deadline.is_some_and(|deadline| deadline > soon) => {
                // The wait ends by our own doing, and what is granted from here on is granted anew.
                self.waits_in_vain = 0;
                self.time_is_up(turn);
            }
            _ => {}
        }
    }

    /// Closes the connection without a word. What is under way is given up, and completes yet.
    pub(super) fn close(&mut self, turn: &mut Turn<'_>) {
        self.state = State::Closed;
        self.deadline = None;
        self.held = Vec::new();
        self.stop_receiving(turn);
        if self.session.is_lent() {
            turn.ring.cancel(Operation::Send.of(self.own));
        }
        if let Some(socket) = self.socket.take() {
            turn.ring.close(socket, Operation::Silent.of(self.own));
        }
    }

    /// Sends `bytes`, as far as the socket takes them at once, as the only answer, and lingers.
    pub(super) fn refuse(&mut self, bytes: &[u8], turn: &mut Turn<'_>) {
        if let Some(socket) = &self.socket {
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            // Fails if the client has gone, which is seen by receiving.
            let _ = send(socket, bytes, flags);
        }
        self.linger(turn);
    }

    fn go_on_if(&mut self, state: State, turn: &mut Turn<'_>) {
        if self.state == state {
            self.go_on(turn);
        }
    }

    /// Hands the session what was held for it; whether there was something.
    fn take_held(&mut self) -> bool {
        let Some(session) = self.session.get() else {
            return false;
        };
        if !self.held.is_empty() {
            session.receive(&mem::take(&mut self.held));
            return true;
        }
        if self.input == Input::Ended {
            self.input = Input::EndTold;
            session.end_of_input();
            return true;
        }
        false
    }

    /// Takes what a client says that is spoken to all the time, and whose input is therefore never
    /// waited for.
    ///
    /// It is when it has taken something: a client that says much and takes nothing is not read,
    /// waits therefore, and is cut off after the write timeout like any other. So are two that do
    /// so to each other.
    fn hear(&mut self, turn: &mut Turn<'_>) {
        if self.session.get().is_some_and(|it| it.hears_meanwhile()) {
            self.take_held();
            if self.input == Input::Open {
                self.receive(turn);
            }
        }
    }

    /// Whether one that is too slow for the others has had the write timeout for what is left, as
    /// little as it took of it at a time.
    fn is_overdue(&mut self, turn: &Turn<'_>) -> bool {
        let Some(session) = self.session.get() else {
            return false;
        };
        if !session.is_too_slow() {
            return false;
        }
        let limit = turn.now + session.write_timeout(turn.options.write_timeout);
        turn.now >= *self.over_by.get_or_insert(limit)
    }

    fn let_others_go(&mut self, turn: &mut Turn<'_>) {
        self.state = State::Turn;
        self.deadline = None;
        turn.post.note(self.own);
    }

    fn hold(&mut self, bytes: &[u8], turn: &mut Turn<'_>) {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= HELD_BYTES_MAX {
            self.stop_receiving(turn);
        }
    }

    fn receive_until(&mut self, phase: Phase, limit: Duration, turn: &mut Turn<'_>) {
        if self.input == Input::EndTold {
            // Nothing that it waits for can come.
            return self.close(turn);
        }
        let began = self.phase.began(phase, || turn.now);
        self.wait_for(State::Input, began + limit);
        self.receive(turn);
    }

    /// Has the kernel receive if it does not.
    ///
    /// The first bytes are received by themselves: many connections have but one request, and
    /// there is nothing to give up then. After that all that comes is.
    fn receive(&mut self, turn: &mut Turn<'_>) {
        let Some(socket) = &self.socket else {
            return;
        };
        let token = Operation::Receive.of(self.own);
        match self.receiving {
            Receiving::NotYet => turn.ring.receive_once(socket, token),
            Receiving::Nothing => turn.ring.receive(socket, token),
            Receiving::Input | Receiving::GivenUp => return,
        }
        self.receiving = Receiving::Input;
    }

    fn stop_receiving(&mut self, turn: &mut Turn<'_>) {
        if self.receiving == Receiving::Input {
            self.receiving = Receiving::GivenUp;
            turn.ring.cancel(Operation::Receive.of(self.own));
        }
    }

    fn is_receiving(&self) -> bool {
        matches!(self.receiving, Receiving::Input | Receiving::GivenUp)
    }

    fn send(&mut self, turn: &mut Turn<'_>) {
        let (Some(socket), Some(session)) = (&self.socket, self.session.get()) else {
            return;
        };
        if let Some(line) = session.take_log_line() {
            access_log::write(SERVER, line);
        }
        let write_timeout = session.write_timeout(turn.options.write_timeout);
        let token = Operation::Send.of(self.own);
        self.session.send(socket, token, turn.ring);
        let wait = write_wait(write_timeout);
        self.wait_for(State::Output, turn.now + wait);
    }

    /// Reads and throws away what the client still sends. It is told that the answer is over, so
    /// most close at once.
    fn linger(&mut self, turn: &mut Turn<'_>) {
        self.held = Vec::new();
        let is_told = |socket| shutdown(socket, Shutdown::Write).is_ok();
        if self.input != Input::Open || !self.socket.as_ref().is_some_and(is_told) {
            return self.close(turn);
        }
        self.wait_for(State::Linger, turn.now + LINGER_TIME_MAX);
        self.receive(turn);
    }

    fn wait_for(&mut self, state: State, deadline: Instant) {
        self.state = state;
        self.deadline = Some(deadline);
    }
}
