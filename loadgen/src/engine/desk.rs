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
use super::turns::Turns;
use crate::http1::Answer;
use crate::outcome::Cause;
use crate::record::Bytes;
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
    /// Connections that were opened and have not carried a request to its end.
    fresh_connections: u64,
    news: News,
}

/// What has happened since somebody last asked.
#[derive(Default)]
pub(super) struct News {
    /// In the order of their ends.
    pub(super) ended: Vec<Ended>,
    /// How long each connection took that was opened.
    pub(super) connects_ns: Vec<u64>,
    pub(super) bytes: Bytes,
    pub(super) closed_by_peer: u64,
    /// The head of the first answer.
    pub(super) first_head: Option<Vec<u8>>,
}

/// A request that has ended.
pub(super) struct Ended {
    pub(super) timing: Timing,
    pub(super) result: Result<Answer, Cause>,
    /// Whether its connection had served another.
    pub(super) is_reused: bool,
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
        let is_reused = !is_unsent && !state.is_first_of_a_connection();
        state.news.ended.push(Ended {
            timing,
            result,
            is_reused,
        });
        let failures_end_the_run = state.is_measuring && state.budget.is_counted();
        (is_unsent && !failures_end_the_run).then_some(REST)
    }

    /// A connection was opened, in so many nanoseconds.
    pub(super) fn connected(&self, took_ns: u64) {
        let mut state = self.state();
        state.fresh_connections += 1;
        state.news.connects_ns.push(took_ns);
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

    /// Not all clients tell which connection a request went over; but each that was opened is the
    /// first one's only once.
    fn is_first_of_a_connection(&mut self) -> bool {
        let is_first = self.fresh_connections > 0;
        self.fresh_connections -= u64::from(is_first);
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: Answer = Answer {
        status: 200,
        body_bytes: 0,
        body_matches: true,
        keep_alive: true,
    };

    /// With two lanes, and the measured part beginning at `measured_from_ns`.
    fn desk(requests: Option<u64>, measured_from_ns: u64) -> Desk {
        let budget = Budget {
            remaining: requests,
            measured_from_ns,
            deadline_ns: None,
        };
        Desk::new(Clock::start(), budget, Turns::of_one(), 2)
    }

    #[test]
    fn requests_are_given_out_as_long_as_there_are_some() {
        let desk = desk(Some(2), 0);
        for _ in 0..2 {
            let timing = desk.begin(0).unwrap();
            assert_eq!(desk.end(0, timing, Ok(ANSWER)), None);
        }
        assert_eq!(desk.begin(0), None);
        assert_eq!(desk.news().ended.len(), 2);
        assert_eq!(desk.news().ended.len(), 0, "news are told once");
    }

    #[test]
    fn what_is_under_way_when_the_desk_closes_is_told_then_and_not_again() {
        let desk = desk(None, 0);
        let timing = desk.begin(1).unwrap();
        assert_eq!(desk.close(), [timing]);
        desk.end(1, timing, Ok(ANSWER));
        assert_eq!(desk.news().ended.len(), 0);
        assert_eq!(desk.begin(0), None);
    }

    #[test]
    fn a_connection_is_the_first_one_of_one_request_and_of_none_that_was_not_sent() {
        let desk = desk(None, 0);
        let end = |result| {
            let timing = desk.begin(0).unwrap();
            desk.end(0, timing, result);
        };
        end(Err(Cause::ConnectRefused));
        desk.connected(1);
        end(Err(Cause::ReadReset));
        end(Ok(ANSWER));
        let news = desk.news();
        let reused: Vec<bool> = news.ended.iter().map(|ended| ended.is_reused).collect();
        assert_eq!(reused, [false, false, true]);
        assert_eq!(news.connects_ns, [1]);
    }

    #[test]
    fn a_lane_rests_after_what_could_not_be_sent_unless_such_requests_end_the_run() {
        let rest = |desk: &Desk, cause| {
            let timing = desk.begin(0).unwrap();
            desk.end(0, timing, Err(cause))
        };
        assert_eq!(rest(&desk(None, 0), Cause::ConnectRefused), Some(REST));
        assert_eq!(rest(&desk(None, 0), Cause::ReadReset), None);
        assert_eq!(rest(&desk(Some(5), 0), Cause::ConnectRefused), None);
        let warm_up = desk(Some(5), u64::MAX);
        assert_eq!(rest(&warm_up, Cause::ConnectRefused), Some(REST));
    }
}
