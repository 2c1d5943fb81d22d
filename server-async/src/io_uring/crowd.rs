//! The connections of a loop, each with its time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use server_common::options::Options;
use server_common::overloaded;

use super::connection::{Connection, Turn};
use super::door::Newcomer;
use super::ring::Ring;
use crate::cli::SERVER;
use crate::crew::Ties;
use crate::places::Places;
use crate::post::Post;
use crate::slots::{Key, Slots};
use crate::timers::Timers;

/// Most connections that linger after a refusal at a time. Those beyond are closed at once: they
/// may miss the reason, which is better than that the server runs out of descriptors.
const REFUSED_MAX: usize = 1024;

/// What the connections of a loop share, and they themselves.
pub(super) struct Crowd {
    pub(super) ring: Ring,
    /// The present, as of the last wait or work.
    now: Instant,
    /// The last wait's end. Nobody's time is up that was not then: what has come since, while one
    /// connection worked, is told of by the next wait.
    waited: Instant,
    /// By slot: first those of `others`, then the connections'.
    timers: Timers,
    others: u32,
    pub(super) connections: Slots<Member>,
    pub(super) places: Places,
    /// By which connections, here and in other loops, have those of this loop called.
    pub(super) post: Arc<Post>,
    /// Whether a place has been given back that somebody may wait for.
    pub(super) has_place_again: bool,
    refused: usize,
    options: Options,
    is_finishing: bool,
}

/// A connection that is served, or hears that it is not.
pub(super) struct Member {
    connection: Connection,
    standing: Standing,
}

/// Whether a connection is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has taken a place.
    Served,
    Refused,
}

/// Whose time is up.
pub(super) enum Due {
    Connection(Key),
    Other(u32),
}

impl Crowd {
    /// Nobody yet. `others` may have times too.
    pub(super) fn new(ring: Ring, others: u32, ties: Ties, options: Options) -> Self {
        let now = Instant::now();
        Self {
            ring,
            now,
            waited: now,
            timers: Timers::default(),
            others,
            connections: Slots::new(),
            places: ties.places,
            post: ties.post,
            has_place_again: false,
            refused: 0,
            options,
            is_finishing: false,
        }
    }

    /// Looks at the clock after a wait.
    pub(super) fn has_waited(&mut self) {
        self.now = Instant::now();
        self.waited = self.now;
    }

    /// The present, as of the last wait or work.
    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Serves a connection, or refuses it.
    pub(super) fn enter(&mut self, newcomer: Newcomer, standing: Standing) {
        match standing {
            Standing::Served => self.serve(newcomer),
            Standing::Refused => self.refuse(newcomer),
        }
    }

    fn serve(&mut self, newcomer: Newcomer) {
        let own = self.insert(newcomer, Standing::Served);
        self.tend(own, |connection, turn| {
            connection.introduce(own);
            connection.go_on(turn);
        });
    }

    fn refuse(&mut self, newcomer: Newcomer) {
        if self.refused == REFUSED_MAX {
            return;
        }
        let Some(answer) = overloaded::answer(SERVER, newcomer.caller, &self.options) else {
            return;
        };
        self.refused += 1;
        let own = self.insert(newcomer, Standing::Refused);
        self.tend(own, |connection, turn| {
            connection.introduce(own);
            connection.refuse(&answer, turn);
        });
    }

    fn insert(&mut self, newcomer: Newcomer, standing: Standing) -> Key {
        let Newcomer { socket, caller } = newcomer;
        self.connections.insert(Member {
            connection: Connection::new(socket, caller, &self.options),
            standing,
        })
    }

    /// Does something to a connection, unless it is gone, and sees to what follows for its slot.
    ///
    /// A panic, which has told of itself on stderr, is not to end the loop of other connections.
    pub(super) fn tend(&mut self, own: Key, what: impl FnOnce(&mut Connection, &mut Turn<'_>)) {
        let Some(Member { connection, .. }) = self.connections.get_mut(own) else {
            return;
        };
        let mut turn = Turn {
            ring: &mut self.ring,
            options: &self.options,
            post: &self.post,
            now: self.now,
            is_finishing: self.is_finishing,
        };
        if catch_unwind(AssertUnwindSafe(|| what(connection, &mut turn))).is_err() {
            connection.close(&mut turn);
        }
        self.now = turn.now;
        let timer = self.others + own.slot;
        match connection.deadline() {
            Some(deadline) => self.timers.at(deadline, timer),
            None => self.timers.cancel(timer),
        }
        if connection.is_over() {
            self.leave(own);
        }
    }

    fn leave(&mut self, own: Key) {
        match self.connections.remove(own).map(|member| member.standing) {
            Some(Standing::Served) => {
                self.places.give_back();
                self.has_place_again = true;
            }
            Some(Standing::Refused) => self.refused -= 1,
            None => {}
        }
    }

    /// Does something to all connections.
    pub(super) fn tend_all(&mut self, what: impl Fn(&mut Connection, &mut Turn<'_>)) {
        for own in self.connections.keys() {
            self.tend(own, &what);
        }
    }

    /// Ends each connection with the answer under way; those that wait for a next request now.
    pub(super) fn finish(&mut self) {
        self.is_finishing = true;
        self.tend_all(Connection::finish);
    }

    /// Notes when one of the others is to be called.
    pub(super) fn call_after(&mut self, pause: Duration, other: u32) {
        self.timers.at(self.now + pause, other);
    }

    /// How long nothing is due.
    pub(super) fn patience(&self) -> Option<Duration> {
        let next = self.timers.next()?;
        Some(next.saturating_duration_since(self.now))
    }

    /// Somebody whose time is up.
    pub(super) fn next_due(&mut self) -> Option<Due> {
        loop {
            let timer = self.timers.pop_due(self.waited)?;
            match timer.checked_sub(self.others) {
                None => return Some(Due::Other(timer)),
                Some(slot) => {
                    if let Some(own) = self.connections.key(slot) {
                        return Some(Due::Connection(own));
                    }
                }
            }
        }
    }
}
