//! One connection, a little at a time: as far as it can go without waiting.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown};
use server_common::listener::{Caller, Service};
use server_common::options::Options;
use server_common::phase_clock::PhaseClock;
use server_common::work::work;
use server_common::{access_log, clock, overloaded};
use wire::connection::Need;
use wire::date::Date;
use wire::relay::DELIVERIES_PER_TURN_MAX;
use wire::route::Pause;
use wire::session::Session;

use super::poller::Interest;
use crate::cli::SERVER;
use crate::post::Post;
use crate::slots::Key;

/// How long a connection that is given up is read on, so that its last answer arrives
/// (RFC 9112 §9.6): some round trips to the far side of the world.
const LINGER_TIME_MAX: Duration = Duration::from_secs(1);

/// Room for one read. Uploads come in pieces of this size; what is not touched takes no memory.
const READ_BYTES_MAX: usize = 64 * 1024;

/// What one write may take, in bytes: of a large answer no more than of the pattern at a time.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// Writes, or reads of what is thrown away, before others have their turn. A megabyte of a large
/// answer, or so many answers to requests that came at once, take less than a millisecond, which
/// is as long as anybody else has to wait for it.
const STEPS_PER_TURN_MAX: u32 = 16;

/// The name of a connection that has not been told its own.
const NOBODY: Key = Key {
    slot: 0,
    generation: 0,
};

/// A connected socket, what has been said on it, and what it waits for.
#[derive(Debug)]
pub(super) struct Connection {
    own: Key,
    pub(super) socket: OwnedFd,
    /// As the poller has it.
    pub(super) watched: Option<Interest>,
    /// Whether it has no place and is only to hear so.
    pub(super) is_refused: bool,
    session: Session,
    phase: PhaseClock,
    state: State,
    /// When the wait is over.
    until: Instant,
    /// While the socket has no room: by when it must take something. Turns in which the client is
    /// heard in between change nothing about that.
    room_by: Option<Instant>,
}

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing has been asked of its socket.
    New,
    /// It may have something to do, and waits for its turn.
    Turn,
    Input,
    Output,
    /// The pause that its request has asked for.
    Pause,
    /// Its last answer is written, and what comes is thrown away.
    Linger,
}

/// Why a connection is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Its descriptor is ready.
    Ready,
    /// The time is up that was asked for.
    Due,
    /// It has its turn again, or for the first time.
    Turn,
    /// Others have sent it something, by the relay.
    Mail,
    /// The server is to stop.
    Stop,
}

/// What is to be done for a connection once it cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// To be called when its descriptor is ready, or at that moment.
    Ready(Interest, Instant),
    /// To be called at that moment. Whether the descriptor is watched meanwhile is nothing to it.
    Moment(Instant),
    /// Not to be called for its descriptor, which is ready and must wait.
    Silence,
    /// To be called after others.
    Turn,
    /// What was wanted before.
    Nothing,
    /// To be dropped, and the socket with it.
    Close,
}

/// What connections share, of which one at a time is called.
pub(super) struct Desk {
    pub(super) options: Options,
    /// The present, as of the last wait or work.
    pub(super) now: Instant,
    date: Date,
    /// Whether new connections, too, get one answer only.
    pub(super) is_finishing: bool,
    /// By which connections have others called.
    pub(super) post: Arc<Post>,
    buffer: Vec<u8>,
}

impl Desk {
    pub(super) fn new(options: Options, post: Arc<Post>) -> Self {
        Self {
            options,
            now: Instant::now(),
            date: clock::date(),
            is_finishing: false,
            post,
            buffer: Vec::with_capacity(READ_BYTES_MAX),
        }
    }

    /// Looks at the clock, once for all connections that are called next.
    pub(super) fn look_at_the_clock(&mut self) {
        self.now = Instant::now();
        self.date = clock::date();
    }
}

impl Connection {
    /// A connection just accepted, to be called for its first turn.
    pub(super) fn new(socket: OwnedFd, caller: Caller, desk: &Desk) -> Self {
        let mut session = desk.options.session(caller);
        if desk.is_finishing {
            session.finish();
        }
        Self {
            own: NOBODY,
            socket,
            watched: None,
            is_refused: false,
            session,
            phase: PhaseClock::default(),
            state: match caller.service {
                Service::Http => State::New,
                // Is not read from.
                Service::Push => State::Turn,
            },
            until: desk.now,
            room_by: None,
        }
    }

    /// A connection just accepted that is not to be served: it is told so, if that can be said at
    /// once, and to be called for its first turn, in which what it has sent is thrown away. With
    /// unread bytes the close would be a reset, which may destroy the answer.
    ///
    /// `None` if nothing can be said; it is closed.
    pub(super) fn refused(socket: OwnedFd, caller: Caller, desk: &Desk) -> Option<Self> {
        let answer = overloaded::answer(SERVER, caller, &desk.options)?;
        send(&socket, &answer, SendFlags::NOSIGNAL | SendFlags::MORE).ok()?;
        shutdown(&socket, Shutdown::Write).ok()?;
        let mut connection = Self::new(socket, caller, desk);
        connection.is_refused = true;
        connection.wait(State::Linger, desk.now + LINGER_TIME_MAX);
        Some(connection)
    }

    /// Tells it the name under which it is found.
    pub(super) fn introduce(&mut self, own: Key) {
        self.own = own;
    }

    /// Goes on as far as possible.
    ///
    /// Its errors end here: a client that resets, vanishes or takes nothing is ordinary.
    pub(super) fn go_on(&mut self, cause: Cause, desk: &mut Desk) -> Want {
        self.try_go_on(cause, desk).unwrap_or(Want::Close)
    }

    fn try_go_on(&mut self, cause: Cause, desk: &mut Desk) -> io::Result<Want> {
        match (self.state, cause) {
            (State::New, _) => {
                self.read(desk)?;
                self.serve(desk)
            }
            (State::Input, Cause::Ready) => match self.read(desk)? {
                true => self.serve(desk),
                false => Ok(Want::Nothing),
            },
            // What came while others were served has come in time.
            (State::Input, Cause::Due) => {
                if !self.read(desk)? {
                    self.session.timed_out(&desk.date);
                }
                self.serve(desk)
            }
            // What has come by now is taken: a request that was sent before the stop is answered.
            (State::Input, Cause::Stop) => {
                self.read(desk)?;
                self.session.finish();
                self.serve(desk)
            }
            // There may be less to write now, and room for that.
            (State::Output, Cause::Stop) => {
                self.session.finish();
                let soon = self.write_limit(desk);
                self.room_by = self.room_by.map(|by| by.min(soon));
                self.serve(desk)
            }
            (_, Cause::Stop) => {
                self.session.finish();
                Ok(Want::Nothing)
            }
            (State::Output, Cause::Ready) | (State::Turn, Cause::Turn) => {
                self.hear(desk)?;
                self.serve(desk)
            }
            (State::Output | State::Pause, Cause::Due) | (State::Input, Cause::Mail) => {
                self.serve(desk)
            }
            (State::Pause, Cause::Ready) => Ok(Want::Silence),
            (State::Linger, Cause::Ready | Cause::Turn) => self.linger(desk),
            (State::Linger, Cause::Due) => Ok(Want::Close),
            // It has been called since, or will be, and looks for mail then.
            (State::Turn, _) | (_, Cause::Turn | Cause::Mail) => Ok(Want::Nothing),
        }
    }

    /// Takes what has come, in one read; `false` if that is nothing.
    fn read(&mut self, desk: &mut Desk) -> io::Result<bool> {
        desk.buffer.clear();
        match recv(
            &self.socket,
            spare_capacity(&mut desk.buffer),
            RecvFlags::empty(),
        ) {
            Ok((0, _)) => self.session.end_of_input(),
            Ok(_) => self.session.receive(&desk.buffer),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Takes what a client says that is spoken to all the time, and whose input is therefore never
    /// waited for.
    ///
    /// It is when it has taken something, or may have: a client that says much and takes nothing is
    /// not read, waits therefore, and is cut off after the write timeout like any other. So are
    /// two that do so to each other.
    fn hear(&mut self, desk: &mut Desk) -> io::Result<()> {
        if self.session.hears_meanwhile() {
            self.read(desk)?;
        }
        Ok(())
    }

    fn serve(&mut self, desk: &mut Desk) -> io::Result<Want> {
        let mut steps_left = STEPS_PER_TURN_MAX;
        let mut deliveries = 0;
        while steps_left > 0 && deliveries < DELIVERIES_PER_TURN_MAX {
            match self.session.need(&desk.date) {
                Need::Input { phase, limit } => {
                    let until = self.phase.began(phase, || desk.now) + limit;
                    return Ok(self.wait(State::Input, until));
                }
                Need::Output => match self.write()? {
                    true => steps_left -= 1,
                    false => return Ok(self.wait_for_room(desk)),
                },
                Need::Pause(Pause::Wait(time)) => {
                    // From its own beginning: others may have worked since the last wait.
                    return Ok(self.wait(State::Pause, Instant::now() + time));
                }
                Need::Pause(Pause::Work(time)) => {
                    work(time);
                    desk.look_at_the_clock();
                    // Its answer goes out, but the others have waited long enough.
                    steps_left = 1;
                }
                Need::Time => self.session.tell_time(Instant::now(), clock::since_1970()),
                Need::Admission => {
                    let waker = desk.post.waker(self.own);
                    self.session.admit(&desk.options.relay, waker, &desk.date);
                }
                Need::Deliver(parcel) => {
                    self.phase.reset();
                    deliveries += parcel.audience();
                    parcel.deliver();
                }
                Need::Close { linger: true } => {
                    shutdown(&self.socket, Shutdown::Write)?;
                    self.wait(State::Linger, desk.now + LINGER_TIME_MAX);
                    return self.linger(desk);
                }
                Need::Close { linger: false } => {
                    // Before the close, which may be a reset and would then throw away what is
                    // held back.
                    shutdown(&self.socket, Shutdown::Write)?;
                    return Ok(Want::Close);
                }
            }
        }
        self.state = State::Turn;
        Ok(Want::Turn)
    }

    /// Writes some of the output; `false` if there is no room for any of it.
    fn write(&mut self) -> io::Result<bool> {
        if let Some(line) = self.session.take_log_line() {
            access_log::write(SERVER, line);
        }
        let mut flags = SendFlags::NOSIGNAL;
        // What does not fill a segment leaves together with what follows, a body or the end.
        flags.set(SendFlags::MORE, self.session.is_followed_at_once());
        let output = self.session.output();
        let output = &output[..output.len().min(WRITE_BYTES_MAX)];
        match send(&self.socket, output, flags) {
            Ok(count) => self.session.wrote(count),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        self.phase.reset();
        // One that is too slow for the others has had its time, and gets no more for a little.
        if self.room_by.is_some() && !self.session.is_too_slow() {
            self.room_by = None;
        }
        Ok(true)
    }

    /// The time begins anew whenever the client has taken something. When it is up, a write is
    /// tried before: a socket has room for bytes long before it is said to be ready for output.
    fn wait_for_room(&mut self, desk: &Desk) -> Want {
        let until = match self.room_by {
            Some(by) if by <= desk.now => return Want::Close,
            Some(by) => by,
            None => *self.room_by.insert(self.write_limit(desk)),
        };
        self.wait(State::Output, until)
    }

    fn write_limit(&self, desk: &Desk) -> Instant {
        desk.now + self.session.write_timeout(desk.options.write_timeout)
    }

    fn wait(&mut self, state: State, until: Instant) -> Want {
        self.state = state;
        self.until = until;
        match state {
            State::Output => Want::Ready(Interest::Output, until),
            State::Pause => Want::Moment(until),
            _ => Want::Ready(Interest::Input, until),
        }
    }

    /// Reads and throws away what the client still sends. It is told that the answer is over,
    /// so most close at once.
    fn linger(&mut self, desk: &mut Desk) -> io::Result<Want> {
        for _ in 0..STEPS_PER_TURN_MAX {
            desk.buffer.clear();
            match recv(
                &self.socket,
                spare_capacity(&mut desk.buffer),
                RecvFlags::empty(),
            ) {
                Ok((0, _)) => return Ok(Want::Close),
                Ok(_) => {}
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Want::Ready(Interest::Input, self.until))
    }
}

#[cfg(test)]
mod tests;
