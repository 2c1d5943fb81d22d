//! Where lanes take requests and hand in what became of them.
//!
//! A lane makes one request at a time: on a connection of its own, or as a stream of one. Lanes
//! are tasks of an asynchronous runtime, or threads that a blocking client keeps until it has an
//! answer. Neither can borrow what its worker counts in, and a thread that is blocked cannot be
//! called back at the end of the run. So they share this desk: the worker books its news a few
//! times a second (`foreman`), and what is handed in after the desk has closed is not counted.

mod schedule;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker, ready};
use std::time::Duration;

use schedule::{Arrival, Schedule};

use super::arrivals::Arrivals;
use super::budget::Budget;
use super::control::Clock;
use super::firsts::Firsts;
use super::news::{Ended, Handshake, News, Started};
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
    /// In open loop.
    schedule: Option<Schedule>,
    /// By lane, the request that has begun and not ended.
    under_way: Vec<Option<Timing>>,
    /// Whether the requests that were under way when the measured part began were taken from the
    /// budget.
    is_measuring: bool,
    is_closed: bool,
    /// Connections that were opened and have not met the end of a request.
    fresh_connections: u64,
    news: News,
    firsts: Firsts,
}

impl Desk {
    /// For so many lanes, whose requests begin as others end unless `arrivals` say when.
    pub(super) fn new(
        clock: Clock,
        budget: Budget,
        turns: Turns,
        arrivals: Option<Arrivals>,
        lanes: usize,
    ) -> Self {
        let state = State {
            budget,
            turns,
            schedule: arrivals.map(|arrivals| Schedule::new(arrivals, lanes)),
            under_way: vec![None; lanes],
            is_measuring: false,
            is_closed: false,
            fresh_connections: 0,
            news: News::default(),
            firsts: Firsts::default(),
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub(super) fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// Lets a request begin on `lane`, which has none; `None` if none is left. If one may begin
    /// later, `waker` is woken then.
    pub(super) fn poll_begin(&self, lane: usize, waker: &Waker) -> Poll<Option<Timing>> {
        let (mut state, now_ns) = self.state_now();
        if state.is_closed {
            return Poll::Ready(None);
        }
        let arrival = match &mut state.schedule {
            Some(schedule) => ready!(schedule.poll(lane, waker, now_ns)),
            None => state.budget.take(now_ns).then_some(Arrival {
                intended_ns: now_ns,
                had_to_wait: false,
            }),
        };
        let begun = arrival.map(|arrival| state.begin(lane, arrival, now_ns));
        Poll::Ready(begun)
    }

    /// In open loop, calls lanes for the requests that have come due. The time by which they have.
    pub(super) fn call(&self) -> u64 {
        let (mut state, now_ns) = self.state_now();
        if let Some(schedule) = &mut state.schedule {
            schedule.call(now_ns);
        }
        now_ns
    }

    /// In open loop, when the next request comes due.
    pub(super) fn calls_at_ns(&self) -> Option<u64> {
        let (mut state, now_ns) = self.state_now();
        state.schedule.as_mut()?.calls_at_ns(now_ns)
    }

    /// The request of `lane` has ended. If there is a time, the lane should rest for it.
    pub(super) fn end(
        &self,
        lane: usize,
        mut timing: Timing,
        result: Result<Answer, Cause>,
    ) -> Option<Duration> {
        let (mut state, now_ns) = self.state_now();
        timing.ended_ns = now_ns;
        // None at the end of the run, which has cancelled it.
        state.under_way[lane].take()?;
        let is_unsent = result.is_err_and(Cause::is_before_the_request);
        let had_connection = !is_unsent || timing.connected_ns > timing.started_ns;
        let is_reused = had_connection && !state.is_first_of_a_connection();
        state.news.ended.push(Ended {
            timing,
            result,
            is_reused,
        });
        let failures_end_the_run = state.budget.failures_end_the_run(state.is_measuring);
        (is_unsent && !failures_end_the_run).then_some(REST)
    }

    /// A connection was opened, in so many nanoseconds.
    pub(super) fn connected(&self, took_ns: u64) {
        let (mut state, _) = self.state_now();
        state.news.connects_ns.push(took_ns);
    }

    /// It was secured. What was agreed upon is kept of the first.
    pub(super) fn secured(&self, handshake: Handshake, agreed: impl FnOnce() -> record::Tls) {
        let (mut state, _) = self.state_now();
        state.news.handshakes.push(handshake);
        state.firsts.tls.get_or_insert_with(agreed);
    }

    /// It is ready for its first request.
    pub(super) fn is_ready(&self) {
        self.state().fresh_connections += 1;
    }

    /// A handshake failed, for this reason; the first of the run is kept.
    pub(super) fn not_secured(&self, error: impl FnOnce() -> String) {
        self.state().firsts.tls_error.get_or_insert_with(error);
    }

    /// The server ended a connection.
    pub(super) fn closed_by_peer(&self) {
        let (mut state, _) = self.state_now();
        state.news.closed_by_peer += 1;
    }

    /// Bytes went out. When they did.
    pub(super) fn sent(&self, bytes: usize) -> u64 {
        let (mut state, now_ns) = self.state_now();
        state.news.bytes.sent += bytes as u64;
        now_ns
    }

    /// Bytes came in. When they did.
    pub(super) fn received(&self, bytes: usize) -> u64 {
        let (mut state, now_ns) = self.state_now();
        state.news.bytes.received += bytes as u64;
        now_ns
    }

    /// Bytes of an answer's body were among them.
    pub(super) fn received_body(&self, bytes: usize) {
        let (mut state, _) = self.state_now();
        state.news.bytes.received_body += bytes as u64;
    }

    /// An answer's head has come; the first of the run is kept.
    pub(super) fn head(&self, head: impl FnOnce() -> Vec<u8>) {
        self.state().firsts.head.get_or_insert_with(head);
    }

    /// What has happened since this was last asked.
    pub(super) fn news(&self) -> News {
        let (mut state, _) = self.state_now();
        let backlog_max = state.schedule.as_mut().map_or(0, Schedule::backlog_max);
        News {
            is_measured: state.is_measuring,
            backlog_max,
            ..std::mem::take(&mut state.news)
        }
    }

    /// What happened for the first time, once it is wanted.
    pub(super) fn firsts(&self) -> Firsts {
        std::mem::take(&mut self.state().firsts)
    }

    /// Lets no other request begin, and tells which are under way; they will not be handed in.
    pub(super) fn close(&self) -> Vec<Timing> {
        let mut state = self.state();
        state.is_closed = true;
        if let Some(schedule) = &state.schedule {
            schedule.wake_all();
        }
        let under_way = state.under_way.iter_mut();
        under_way.filter_map(Option::take).collect()
    }

    /// In open loop, how many requests had come due by `now_ns` and have not begun.
    pub(super) fn not_begun(&self, now_ns: u64) -> u64 {
        let schedule = &mut self.state().schedule;
        schedule
            .as_mut()
            .map_or(0, |schedule| schedule.not_begun(now_ns))
    }

    /// What lanes share, and the time at which they have it: nobody has it later and knows an
    /// earlier one.
    fn state_now(&self) -> (MutexGuard<'_, State>, u64) {
        let mut state = self.state();
        let now_ns = self.now_ns();
        state.look_at_time(now_ns);
        (state, now_ns)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A lane that panics is reported when it is joined; until then the others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, lane: usize, arrival: Arrival, now_ns: u64) -> Timing {
        let Arrival {
            intended_ns,
            had_to_wait,
        } = arrival;
        let timing = Timing {
            intended_ns,
            ..Timing::starting(now_ns, self.turns.next())
        };
        self.under_way[lane] = Some(timing);
        if self.schedule.is_some() {
            self.news.started.push(Started {
                intended_ns,
                started_ns: now_ns,
                had_to_wait,
            });
        }
        timing
    }

    /// What is under way when the measured part begins belongs to it; what lanes have handed in by
    /// then does not, and so that the two are told apart, nothing that counts is handed in without
    /// a look at time.
    fn look_at_time(&mut self, now_ns: u64) {
        if !self.is_measuring && now_ns >= self.budget.span.measured_from_ns {
            self.is_measuring = true;
            self.news.begin_measuring();
            let under_way = self.under_way.iter().flatten().count() as u64;
            match &mut self.schedule {
                None => self.budget.take_under_way(under_way),
                Some(schedule) => {
                    schedule.begin_measuring(self.budget.span.measured_from_ns, under_way);
                }
            }
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
mod tests;
