//! How connections come about: some at a time, each answered before another takes its place.

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Token};

use super::beginning::{Beginning, Reached, Turn};
use super::bytes::{has_ended, open};
use super::conversation::Conversation;
use super::keeper::{Connection, EVENTS_MAX, Keeper, Stage};
use super::{Kind, Missed, Opening};
use crate::engine::failure::{self, Phase};
use crate::engine::socket::Hop;
use crate::outcome::Cause;
use crate::plan::{Plan, StatusSet};
use crate::system::limits::open_files_limit;

/// Connections that are being opened at a time, so that no accept queue is longer; the usual one
/// holds 128.
const OPENING_MAX: usize = 64;

/// Longest that opening all of them may take.
const OPENING_LONGEST: Duration = Duration::from_secs(60);

/// How often a signal is looked for, and what takes too long.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How often a UNIX socket with a full accept queue is tried again: nothing tells when it has room.
const TRY_EVERY: Duration = Duration::from_millis(1);

/// Attempts between two looks for a signal, if each fails at once.
const ATTEMPTS_MAX: usize = 1000;

/// Descriptors that the rest of the program has, at most, beside the load's connections.
const DESCRIPTORS_OF_OTHERS: usize = 128;

/// Why a connection is not held.
#[derive(Clone, Copy)]
enum Loss {
    Failed(Cause),
    /// It was answered, and the server closes.
    NotKept,
}

impl From<Cause> for Loss {
    fn from(cause: Cause) -> Self {
        Self::Failed(cause)
    }
}

/// What came of an attempt to connect.
enum Attempt {
    Begun(Connection),
    /// The server has no room for another just now.
    Later,
}

impl Keeper<'_> {
    /// Opens all. The first that takes longer than the connect timeout shows a server that takes no
    /// more: no other is begun then. A signal ends it early.
    pub(super) fn open_all(&mut self, interrupted: &AtomicBool) -> Opening {
        let began = Instant::now();
        let limit = self.plan.connect_timeout;
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut result = Opening::default();
        let mut is_stalled = false;
        let mut blocked_since: Option<Instant> = None;
        loop {
            let is_over = interrupted.load(Ordering::Relaxed) || began.elapsed() > OPENING_LONGEST;
            if is_over {
                self.expire(Duration::ZERO, &mut result);
            } else if !is_stalled {
                self.begin_some(&mut blocked_since, &mut result);
            }
            let is_begun = self.connections.len() == self.plan.background.connections();
            if self.opening.is_empty() && (is_over || is_stalled || is_begun) {
                break;
            }
            let wait = blocked_since.map_or(LOOK_EVERY, |_| TRY_EVERY);
            self.wait(&mut events, Some(wait));
            for event in &events {
                self.advance(event.token(), &mut result);
            }
            is_stalled |= self.expire(limit, &mut result);
            is_stalled |= blocked_since.is_some_and(|since| since.elapsed() > limit);
        }
        for place in self.connections.len()..self.plan.background.connections() {
            result.missed(self.kind(place)).not_tried += 1;
        }
        result.took = began.elapsed();
        result
    }

    /// Begins to open as many as may be at a time. `blocked_since` is when the server had no room.
    fn begin_some(&mut self, blocked_since: &mut Option<Instant>, result: &mut Opening) {
        let wanted = self.plan.background.connections();
        let until = wanted.min(self.connections.len() + ATTEMPTS_MAX);
        let room = room(self.plan);
        while self.opening.len() < OPENING_MAX && self.connections.len() < until {
            let place = self.connections.len();
            let begun = match place < room {
                true => self.reach(place, Instant::now()),
                false => Err(Cause::NoFileDescriptor),
            };
            match begun {
                Ok(Attempt::Later) => {
                    blocked_since.get_or_insert_with(Instant::now);
                    return;
                }
                Ok(Attempt::Begun(connection)) => {
                    self.connections.push(Some(connection));
                    self.opening.push(place);
                }
                Err(cause) => {
                    self.connections.push(None);
                    result.lose(self.kind(place), cause.into());
                }
            }
            *blocked_since = None;
        }
    }

    /// Begins to connect, to the destination that could be reached last, else to the next one.
    fn reach(&mut self, place: usize, began: Instant) -> Result<Attempt, Cause> {
        if self.plan.target.route.destinations.is_empty() {
            return Err(Cause::Dns);
        }
        let first = Turn {
            began,
            destination: self.destination,
            attempts: 1,
        };
        let attempted = self.attempt(place, first);
        attempted.or_else(|cause| self.reach_another(place, first, cause))
    }

    /// Tries the destinations that were not tried yet, after one that failed for `cause`.
    fn reach_another(
        &mut self,
        place: usize,
        mut turn: Turn,
        cause: Cause,
    ) -> Result<Attempt, Cause> {
        let destinations = self.plan.target.route.destinations.len();
        let mut attempted = Err(cause);
        while attempted.is_err() && turn.attempts < destinations {
            turn = Turn {
                destination: (turn.destination + 1) % destinations,
                attempts: turn.attempts + 1,
                ..turn
            };
            attempted = self.attempt(place, turn);
        }
        attempted
    }

    fn attempt(&mut self, place: usize, turn: Turn) -> Result<Attempt, Cause> {
        let (kind, route) = (self.kind(place), &self.plan.target.route);
        let destination = &route.destinations[turn.destination];
        let hop = Hop {
            destination,
            source: route.sources.in_turn(destination, self.attempts),
            buffer_bytes: route.buffer_bytes,
        };
        self.attempts += 1;
        let socket = match open(&hop, kind) {
            Ok(socket) => socket,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Attempt::Later),
            Err(error) => return Err(failure::cause(Phase::Connecting, &error)),
        };
        let mut conversation = Conversation::new(&self.setup)?;
        conversation.speak(&self.setup, self.requests.of(kind))?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry
            .register(&mut SourceFd(&socket.as_raw_fd()), Token(place), interest)
            .map_err(|_| Cause::Other)?;
        let beginning = Beginning {
            turn,
            is_connected: false,
            conversation,
        };
        Ok(Attempt::Begun(Connection {
            socket,
            stage: Stage::Opening(Box::new(beginning)),
        }))
    }

    /// Takes a connection, of which the kernel has told something, as far as it goes.
    fn advance(&mut self, token: Token, result: &mut Opening) {
        let Token(place) = token;
        let kind = self.kind(place);
        let Some(Some(connection)) = self.connections.get_mut(place) else {
            return;
        };
        let Stage::Opening(beginning) = &mut connection.stage else {
            return self.notice(token);
        };
        let (socket, request) = (&connection.socket, self.requests.of(kind));
        let advanced = beginning.advance(kind, socket, &self.setup, request, &mut self.buffer);
        let ended = match advanced {
            Ok(None) => return,
            Ok(Some(reached)) => self.settle(place, &reached),
            Err(cause) => self.try_elsewhere(place, cause),
        };
        if let Err(loss) = ended {
            result.lose(kind, loss);
        }
    }

    /// A connection has come to what it is opened for; it is held if that is to last.
    fn settle(&mut self, place: usize, reached: &Reached) -> Result<(), Loss> {
        let Some((socket, mut beginning)) = self.take(place) else {
            return Ok(());
        };
        if !is_good(self.plan, reached.status) {
            return Err(Cause::UnexpectedStatus.into());
        }
        if !reached.keep_alive {
            return Err(Loss::NotKept);
        }
        self.destination = beginning.turn.destination;
        let kind = self.kind(place);
        let stage = match kind {
            // Its end may have come with the answer, and is no news then.
            Kind::Idle if has_ended(&socket, &mut self.buffer) => return Err(Loss::NotKept),
            Kind::Idle => Stage::Silent,
            Kind::SlowReader => {
                // What there is to read is no news to it.
                let mut source = SourceFd(&socket.as_raw_fd());
                let left = self.poll.registry().deregister(&mut source);
                left.map_err(|_| Cause::Other)?;
                if reached.is_whole {
                    beginning.conversation.begin_again();
                }
                Stage::Reading(Box::new(beginning.conversation))
            }
        };
        self.connections[place] = Some(Connection { socket, stage });
        self.shared.of(kind).fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A connection has failed for `cause`: if it was not even open, another destination may do.
    fn try_elsewhere(&mut self, place: usize, cause: Cause) -> Result<(), Loss> {
        let Some((_, beginning)) = self.take(place) else {
            return Ok(());
        };
        if beginning.is_connected {
            return Err(cause.into());
        }
        match self.reach_another(place, beginning.turn, cause)? {
            Attempt::Begun(connection) => {
                self.connections[place] = Some(connection);
                self.opening.push(place);
                Ok(())
            }
            Attempt::Later => Err(cause.into()),
        }
    }

    /// Takes a connection out of those that are being opened.
    fn take(&mut self, place: usize) -> Option<(socket2::Socket, Box<Beginning>)> {
        self.opening.retain(|&opening| opening != place);
        let Connection { socket, stage } = self.connections[place].take()?;
        match stage {
            Stage::Opening(beginning) => Some((socket, beginning)),
            Stage::Silent | Stage::Reading(_) => None,
        }
    }

    /// Gives up those that have taken as long as `limit`. Whether there was one.
    fn expire(&mut self, limit: Duration, result: &mut Opening) -> bool {
        let has_expired = |place: &usize| match &self.connections[*place] {
            Some(Connection {
                stage: Stage::Opening(beginning),
                ..
            }) => beginning.has_taken(limit),
            _ => false,
        };
        let expired: Vec<usize> = self.opening.iter().copied().filter(has_expired).collect();
        for &place in &expired {
            if let Some((_, beginning)) = self.take(place) {
                let cause = failure::timeout(beginning.phase());
                result.lose(self.kind(place), cause.into());
            }
        }
        !expired.is_empty()
    }
}

impl Opening {
    fn missed(&mut self, kind: Kind) -> &mut Missed {
        match kind {
            Kind::Idle => &mut self.idle,
            Kind::SlowReader => &mut self.slow_readers,
        }
    }

    fn lose(&mut self, kind: Kind, loss: Loss) {
        let missed = self.missed(kind);
        match loss {
            Loss::Failed(cause) => missed.failures[cause] += 1,
            Loss::NotKept => missed.not_kept += 1,
        }
    }
}

/// How many connections leave descriptors for the load.
fn room(plan: &Plan) -> usize {
    let others = plan.load.connections + DESCRIPTORS_OF_OTHERS;
    open_files_limit().map_or(usize::MAX, |limit| limit.saturating_sub(others))
}

/// Whether an answer is one, and not a refusal.
fn is_good(plan: &Plan, status: u16) -> bool {
    StatusSet::not_an_error().contains(status) || plan.expect.statuses.contains(status)
}
