//! Where lanes take requests and hand in what became of them.
//!
//! A lane makes one request at a time: on a connection of its own, or as a stream of one. Lanes
//! are tasks of an asynchronous runtime, or threads that a blocking client keeps until it has an
//! answer. Neither can borrow what its worker counts in, and a thread that is blocked cannot be
//! called back at the end of the run. So they share this desk: the worker books its news a few
//! times a second (`foreman`), and what is handed in after the desk has closed is not counted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::budget::Budget;
use super::control::Clock;
use super::news::{Ended, Handshake, News};
use super::turns::Turns;
use crate::http1::Answer;
use crate::outcome::Cause;
use crate::record;
use crate::recorder::Timing;

/// How long a lane rests after a request that failed before it was sent, unless requests end the
/// run: trying again without a pause would only count failures as fast as the CPU can.
const REST: Duration = Duration::from_millis(50);

/// A worker's desk; clones are the same one.
#[derive(Clone)]
pub(super) struct Desk {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

struct State {
    budget: Budget,
    turns: Turns,
    /// By lane, the request that has begun and not ended.
    under_way: Vec<Option<Timing>>,
    /// Whether the requests that were under way when the measured part began were taken from the
    /// budget.
    is_measuring: bool,
    is_closed: bool,
    has_head: bool,
    has_tls: bool,
    has_tls_error: bool,
    /// Connections that were begun and have not met the end of a request.
    fresh_connections: u64,
    news: News,
}

impl Desk {
    /// For so many lanes.
    pub(super) fn new(clock: Clock, budget: Budget, turns: Turns, lanes: usize) -> Self {
        let state = State {
            budget,
            turns,
            under_way: vec![None; lanes],
            is_measuring: false,
            is_closed: false,
            has_head: false,
            has_tls: false,
            has_tls_error: false,
            fresh_connections: 0,
            news: News::default(),
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub(super) fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// Lets a request begin on `lane`; `None` if none is left.
    pub(super) fn begin(&self, lane: usize) -> Option<Timing> {
        let now_ns = self.now_ns();
        let mut state = self.state();
        state.look_at_time(now_ns);
        if state.is_closed || !state.budget.take(now_ns) {
            return None;
        }
        let timing = Timing::starting(now_ns, state.turns.next());
        state.under_way[lane] = Some(timing);
        Some(timing)
    }

    /// The request of `lane` has ended. If there is a time, the lane should rest for it.
    pub(super) fn end(
        &self,
        lane: usize,
        mut timing: Timing,
        result: Result<Answer, Cause>,
    ) -> Option<Duration> {
        timing.ended_ns = self.now_ns();
        let mut state = self.state();
        state.look_at_time(timing.ended_ns);
        // None at the end of the run, which has cancelled it.
        state.under_way[lane].take()?;
        let is_unsent = result.is_err_and(Cause::is_before_the_request);
        let is_reused = !state.is_first_of_a_connection() && !is_unsent;
        state.news.ended.push(Ended {
            timing,
            result,
            is_reused,
        });
        let failures_end_the_run = state.is_measuring && state.budget.is_counted();
        (is_unsent && !failures_end_the_run).then_some(REST)
    }

    /// A connection is being opened for a request.
    pub(super) fn connecting(&self) {
        self.state().fresh_connections += 1;
    }

    /// It was opened, in so many nanoseconds.
    pub(super) fn connected(&self, took_ns: u64) {
        self.state().news.connects_ns.push(took_ns);
    }

    /// It was secured. What was agreed upon is kept of the first.
    pub(super) fn secured(&self, handshake: Handshake, agreed: impl FnOnce() -> record::Tls) {
        let mut state = self.state();
        state.news.handshakes.push(handshake);
        if !state.has_tls {
            state.has_tls = true;
            state.news.first_tls = Some(agreed());
        }
    }

    /// A handshake failed, for this reason; the first of the run is kept.
    pub(super) fn not_secured(&self, error: impl FnOnce() -> String) {
        let mut state = self.state();
        if !state.has_tls_error {
            state.has_tls_error = true;
            state.news.first_tls_error = Some(error());
        }
    }

    /// The server ended a connection.
    pub(super) fn closed_by_peer(&self) {
        self.state().news.closed_by_peer += 1;
    }

    /// Bytes went out.
    pub(super) fn sent(&self, bytes: usize) {
        self.state().news.bytes.sent += bytes as u64;
    }

    /// Bytes came in.
    pub(super) fn received(&self, bytes: usize) {
        self.state().news.bytes.received += bytes as u64;
    }

    /// Bytes of an answer's body were among them.
    pub(super) fn received_body(&self, bytes: usize) {
        self.state().news.bytes.received_body += bytes as u64;
    }

    /// An answer's head has come; the first of the run is kept.
    pub(super) fn head(&self, head: impl FnOnce() -> Vec<u8>) {
        let mut state = self.state();
        if !state.has_head {
            state.has_head = true;
            state.news.first_head = Some(head());
        }
    }

    /// What has happened since this was last asked.
    pub(super) fn news(&self) -> News {
        std::mem::take(&mut self.state().news)
    }

    /// Lets no other request begin, and tells which are under way; they will not be handed in.
    pub(super) fn close(&self) -> Vec<Timing> {
        let mut state = self.state();
        state.is_closed = true;
        let under_way = state.under_way.iter_mut();
        under_way.filter_map(Option::take).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A lane that panics is reported when it is joined; until then the others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is under way when the measured part begins belongs to it.
    fn look_at_time(&mut self, now_ns: u64) {
        if !self.is_measuring && now_ns >= self.budget.measured_from_ns {
            self.is_measuring = true;
            let under_way = self.under_way.iter().flatten().count();
            self.budget.take_under_way(under_way as u64);
        }
    }

    /// Not all clients tell which connection a request went over; but each is begun for one.
    fn is_first_of_a_connection(&mut self) -> bool {
        let is_first = self.fresh_connections > 0;
        self.fresh_connections -= u64::from(is_first);
        is_first
    }
}

#[cfg(test)]
mod tests;
