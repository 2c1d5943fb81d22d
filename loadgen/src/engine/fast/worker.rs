//! A worker: when a request begins, how it ends, and what comes next.

mod securing;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use super::driver::{Driver, Event, Progress, Then};
use super::requests::Requests;
use super::slot::{Flight, Heard, Phase, Slot};
use super::transport::{Setup, Transport};
use crate::engine::arrivals::Arrivals;
use crate::engine::control::nanoseconds;
use crate::engine::crew::Job;
use crate::engine::failure;
use crate::engine::ledger::Report;
use crate::engine::socket::{ATTEMPT_LONGEST, CLOSING_LONGEST, Hop};
use crate::engine::turns::Turns;
use crate::http1::Question;
use crate::outcome::Cause;
use crate::plan::Plan;
use crate::recorder::Timing;

/// Longest time between two looks at timeouts, the deadline and the signal.
const TICK_LONGEST: Duration = Duration::from_millis(50);

/// Shortest time between them: what epoll's timeout can tell apart.
const TICK_SHORTEST: Duration = Duration::from_millis(1);

/// How long before a start a worker that spins stops sleeping: what waking up takes at worst on a
/// machine that is not crowded.
const SPIN_LONGEST: Duration = Duration::from_micros(100);

/// Ticks within a request's timeout: it is kept to a twentieth.
const TICKS_PER_TIMEOUT: u32 = 20;

pub(super) struct Worker<'a, D> {
    job: Job<'a>,
    driver: D,
    requests: &'a Requests,
    turns: Turns,
    /// When requests are to begin, in open loop.
    arrivals: Option<Arrivals>,
    /// How long before each of them it stays awake.
    spin: Duration,
    /// When there was a free connection again after there had been none.
    free_since_ns: u64,
    slots: Vec<Slot>,
    /// For each slot, what lies between its connection and HTTP.
    transports: Vec<Transport>,
    setup: Setup<'a>,
    /// Slots that can take another request, each once.
    ready: VecDeque<usize>,
    /// In open loop, slots that were seen to have room beside the requests under way on them.
    roomy: VecDeque<usize>,
    /// Slots that are not done.
    active: usize,
    tick: Duration,
    next_tick_ns: u64,
    /// Whether the server is left to close connections first. One that once did not is not.
    server_closes: bool,
    /// The destination that could be reached last.
    destination: usize,
    /// How many connections were begun: they take local addresses in turn.
    connections: usize,
}

impl<'a, D: Driver<'a>> Worker<'a, D> {
    pub(super) fn new(job: Job<'a>, driver: D, requests: &'a Requests) -> Self {
        let plan = job.plan;
        let slots = plan.load.connections_of(job.index);
        Self {
            tick: (plan.connect_timeout / TICKS_PER_TIMEOUT).clamp(TICK_SHORTEST, TICK_LONGEST),
            next_tick_ns: 0,
            active: slots,
            slots: (0..slots).map(|_| Slot::default()).collect(),
            transports: (0..slots).map(|_| Transport::default()).collect(),
            setup: Setup::of(plan),
            ready: (0..slots).collect(),
            roomy: VecDeque::new(),
            server_closes: true,
            destination: 0,
            connections: 0,
            turns: Turns::of_worker(plan, job.index),
            arrivals: Arrivals::of_worker(plan, job.index),
            spin: match plan.load.schedule() {
                Some(schedule) if schedule.spin => SPIN_LONGEST,
                _ => Duration::ZERO,
            },
            free_since_ns: 0,
            requests,
            driver,
            job,
        }
    }

    pub(super) fn run(mut self) -> Report {
        loop {
            let now_ns = self.job.clock.now_ns();
            if self.is_over(now_ns) {
                break;
            }
            self.begin_ready();
            if self.active == 0 {
                break;
            }
            if let Err(error) = self.driver.wait(self.time_to_wait(now_ns)) {
                // Only a defect of ours makes waiting impossible; end every request as failed.
                self.fail_all(&error);
                break;
            }
            if self.handle_events() {
                break;
            }
        }
        self.report()
    }

    /// Looks after what no event tells of, as often as is due. True if the run is over.
    fn is_over(&mut self, now_ns: u64) -> bool {
        self.look_at_time(now_ns);
        self.job.budget.is_over(now_ns) || (now_ns >= self.next_tick_ns && self.tick(now_ns))
    }

    /// Begins to count when the measured part begins.
    fn look_at_time(&mut self, now_ns: u64) {
        if self.job.ledger.is_measuring() || now_ns < self.job.budget.measured_from_ns {
            return;
        }
        let under_way: usize = self.slots.iter().map(|slot| slot.flights.len()).sum();
        self.job.ledger.begin_measuring(under_way as u64);
        match &mut self.arrivals {
            None => self.job.budget.take_under_way(under_way as u64),
            Some(arrivals) => {
                let warmup_ends_ns = self.job.budget.measured_from_ns.checked_sub(1);
                let waiting = warmup_ends_ns.map_or(0, |ends_ns| arrivals.waiting(ends_ns));
                arrivals.replace(under_way as u64 + waiting);
            }
        }
    }

    /// Until the next thing that no event tells of.
    fn time_to_wait(&self, now_ns: u64) -> Duration {
        // Without a free connection an arrival waits for an answer, not for its time.
        let has_place = !self.ready.is_empty() || !self.roomy.is_empty();
        let arrivals = self.arrivals.as_ref().filter(|_| has_place);
        let start_ns = arrivals.and_then(Arrivals::peek_ns);
        let to_start = start_ns.map(|start_ns| self.time_to_start(start_ns));
        self.time_to_tick(now_ns)
            .min(to_start.unwrap_or(Duration::MAX))
    }

    /// How long the worker may sleep before a start.
    fn time_to_start(&self, start_ns: u64) -> Duration {
        // By a clock of its own: requests were written since the last look.
        let left_ns = start_ns.saturating_sub(self.job.clock.now_ns());
        Duration::from_nanos(left_ns).saturating_sub(self.spin)
    }

    fn time_to_tick(&self, now_ns: u64) -> Duration {
        let budget = &self.job.budget;
        let at_ns = match self.job.ledger.is_measuring() {
            true => budget.deadline_ns.unwrap_or(u64::MAX),
            false => budget.measured_from_ns,
        };
        Duration::from_nanos(at_ns.min(self.next_tick_ns).saturating_sub(now_ns))
    }

    /// Acts on everything that has happened. True if the run is over: one connection whose bytes
    /// never end must not keep the others from their time limits.
    fn handle_events(&mut self) -> bool {
        let question = question(self.job.plan);
        loop {
            let Some((slot, event)) = self.driver.next() else {
                return false;
            };
            let now_ns = self.job.clock.now_ns();
            let state = &mut self.slots[slot];
            let transport = &mut self.transports[slot];
            let ledger = &mut self.job.ledger;
            match event {
                Event::Progress(progress) => self.advance(slot, progress, now_ns, now_ns),
                Event::Received { bytes, then } => {
                    let heard = state.hear(transport, question, bytes, then, now_ns, ledger);
                    let heard = self.reply(slot, heard);
                    let ended = then == Then::Ended || self.is_left(slot);
                    self.settle(slot, heard, ended, now_ns);
                }
                Event::Ended => {
                    let heard = state.hear_end(transport, question, now_ns, ledger);
                    self.settle(slot, heard, true, now_ns);
                }
                Event::Failed(error) => self.break_off(slot, &error, now_ns),
            }
            if self.is_over(now_ns) {
                return true;
            }
        }
    }

    /// Begins the requests that are due.
    ///
    /// Not each as soon as the answer before it is read, but when everything that has arrived is:
    /// no answer then waits to be read, and its time goes on, while requests are written. It is
    /// also cheaper, for both sides find more to do at a time.
    fn begin_ready(&mut self) {
        let count = match &self.arrivals {
            None => self.ready.len(),
            Some(_) => return self.begin_arrived(),
        };
        for _ in 0..count {
            self.begin_next();
        }
    }

    /// In open loop, begins the requests whose time has come, as far as there are connections.
    fn begin_arrived(&mut self) {
        while self.has_place()
            && let Some(arrivals) = &self.arrivals
        {
            let is_not_due = |start_ns| start_ns > self.job.clock.now_ns();
            if arrivals.peek_ns().is_some_and(is_not_due) {
                return;
            }
            self.begin_next();
        }
    }

    /// Begins requests on the slot that is next.
    fn begin_next(&mut self) {
        // The one that was used last, in open loop: a few connections then do the work of a small
        // rate, as in a client's pool, and the others are not opened at all.
        let slot = match &self.arrivals {
            None => self.ready.pop_front(),
            Some(_) => self.ready.pop_back().or_else(|| self.roomy.pop_front()),
        };
        if let Some(slot) = slot {
            let state = &mut self.slots[slot];
            match state.is_ready {
                true => state.is_ready = false,
                false => state.is_roomy = false,
            }
            self.begin(slot);
        }
    }

    /// Whether there is a connection for another request.
    fn has_place(&mut self) -> bool {
        while let Some(&slot) = self.roomy.front()
            && self.ready.is_empty()
            && !self.slots[slot].has_room(self.job.plan.load.pipeline)
        {
            self.slots[slot].is_roomy = false;
            self.roomy.pop_front();
        }
        !self.ready.is_empty() || !self.roomy.is_empty()
    }

    /// Begins as many requests on the slot's connection as there is room for, more if they fail at
    /// once, and none if none is left.
    fn begin(&mut self, slot: usize) {
        loop {
            let now_ns = self.job.clock.now_ns();
            self.look_at_time(now_ns);
            let count = self.take(slot, now_ns);
            if count == 0 {
                return match self.are_more_to_come() {
                    true => self.make_ready(slot),
                    false => self.retire(slot),
                };
            }
            let sent = match self.slots[slot].is_open {
                true => self.send(slot, count, now_ns),
                false => self.connect(slot, now_ns),
            };
            let Err(cause) = sent else {
                return self.offer_room(slot);
            };
            self.fail(slot, cause, self.job.clock.now_ns());
            if !self.failures_end_the_run() {
                return self.hold_back(slot);
            }
            self.close(slot);
        }
    }

    /// Whether requests will begin that may not begin now.
    fn are_more_to_come(&self) -> bool {
        let arrivals = self.arrivals.as_ref();
        !self.job.control.is_interrupted() && arrivals.is_some_and(|left| left.peek_ns().is_some())
    }

    /// Lets requests begin on the slot, as many as there is room and time for; how many did.
    fn take(&mut self, slot: usize, now_ns: u64) -> usize {
        if self.job.control.is_interrupted() {
            return 0;
        }
        match self.arrivals.is_some() {
            true => usize::from(self.take_arrival(slot, now_ns)),
            false => self.take_all(slot, now_ns),
        }
    }

    /// In open loop, lets the next request begin, if its time has come.
    fn take_arrival(&mut self, slot: usize, now_ns: u64) -> bool {
        let is_due = |start_ns: &u64| *start_ns <= now_ns;
        let arrivals = self.arrivals.as_mut();
        let due = arrivals.filter(|arrivals| arrivals.peek_ns().as_ref().is_some_and(is_due));
        let Some(intended_ns) = due.and_then(Arrivals::pop) else {
            return false;
        };
        let state = &mut self.slots[slot];
        let had_to_wait = intended_ns < self.free_since_ns;
        let ledger = &mut self.job.ledger;
        ledger.issued(state.is_open || state.is_under_way());
        ledger.started(intended_ns, now_ns, had_to_wait);
        let timing = Timing {
            intended_ns,
            ..Timing::starting(now_ns, self.turns.next())
        };
        state.flights.push_back(Flight { timing });
        true
    }

    /// In closed loop, lets requests begin until the slot is full or none is left.
    fn take_all(&mut self, slot: usize, now_ns: u64) -> usize {
        let state = &mut self.slots[slot];
        let before = state.flights.len();
        while state.flights.len() < self.job.plan.load.pipeline && self.job.budget.take(now_ns) {
            let is_reused = state.is_open || state.is_under_way();
            self.job.ledger.issued(is_reused);
            let timing = Timing::starting(now_ns, self.turns.next());
            state.flights.push_back(Flight { timing });
        }
        state.flights.len() - before
    }

    /// There is no request left for the slot; its last answers may be on their way.
    fn retire(&mut self, slot: usize) {
        if !self.slots[slot].is_under_way() {
            self.close(slot);
            self.slots[slot].phase = Phase::Done;
            self.active -= 1;
        }
    }

    /// Whether requests that fail at once bring the run nearer to its end.
    fn failures_end_the_run(&self) -> bool {
        // In open loop the schedule bounds them.
        self.arrivals.is_some() || self.job.ledger.is_measuring() && self.job.budget.is_counted()
    }

    /// Sends the last `count` of the slot's requests on a connection that is open: the write is
    /// where they start.
    fn send(&mut self, slot: usize, count: usize, now_ns: u64) -> Result<(), Cause> {
        self.slots[slot].phase = Phase::Sending;
        let progress = self.send_requests(slot, count)?;
        let sent_ns = match self.job.plan.ab_times {
            true => self.job.clock.now_ns(),
            // Only ab's waiting time is counted from here.
            false => now_ns,
        };
        self.advance(slot, progress, now_ns, sent_ns);
        Ok(())
    }

    /// Opens a connection for the slot's requests, to the destination that could be reached last,
    /// else to the next one.
    fn connect(&mut self, slot: usize, now_ns: u64) -> Result<(), Cause> {
        self.slots[slot].connects(self.destination);
        let attempted = self.attempt(slot, now_ns);
        attempted.or_else(|cause| self.attempt_others(slot, cause, now_ns))
    }

    /// Tries the slot's destination, and the write at once: on a quick network it is open by then.
    fn attempt(&mut self, slot: usize, now_ns: u64) -> Result<(), Cause> {
        let route = &self.job.plan.target.route;
        let state = &mut self.slots[slot];
        let destination = route
            .destinations
            .get(state.destination)
            .ok_or(Cause::Dns)?;
        state.attempts += 1;
        state.queued_bytes = 0;
        state.attempted_ns = now_ns;
        let hop = Hop {
            destination,
            source: in_turn(&route.sources, self.connections).copied(),
            buffer_bytes: route.buffer_bytes,
        };
        self.connections += 1;
        let connected = self.driver.connect(slot, hop);
        connected.map_err(|error| self.cause(slot, &error))?;
        let connected_ns = self.job.clock.now_ns();
        let progress = self.send_opening(slot)?;
        self.advance(slot, progress, connected_ns, self.job.clock.now_ns());
        Ok(())
    }

    /// Tries those that were not tried yet, after one that failed for `cause`. The requests have
    /// not been written to any, so they are still the same.
    fn attempt_others(&mut self, slot: usize, cause: Cause, now_ns: u64) -> Result<(), Cause> {
        let mut attempted = Err(cause);
        while attempted.is_err() && self.has_another_destination(slot) {
            self.close(slot);
            let state = &mut self.slots[slot];
            state.destination =
                (state.destination + 1) % self.job.plan.target.route.destinations.len();
            attempted = self.attempt(slot, now_ns);
        }
        attempted
    }

    /// Whether a connection that could not be opened can be tried elsewhere.
    fn has_another_destination(&self, slot: usize) -> bool {
        let state = &self.slots[slot];
        let destinations = self.job.plan.target.route.destinations.len();
        state.phase == Phase::Connecting && state.is_under_way() && state.attempts < destinations
    }

    /// Hands the slot's last `count` requests to the driver.
    fn send_requests(&mut self, slot: usize, count: usize) -> Result<Progress, Cause> {
        let flights = &self.slots[slot].flights;
        let last = flights.range(flights.len() - count..);
        let bytes = self.requests.batch(last.map(|flight| flight.timing.path));
        self.job.ledger.sent_bytes(bytes.len());
        let bytes = self.transports[slot].seal(bytes);
        self.send_bytes(slot, bytes)
    }

    fn send_bytes(&mut self, slot: usize, bytes: Cow<'a, [u8]>) -> Result<Progress, Cause> {
        self.slots[slot].queued_bytes += bytes.len();
        let sent = self.driver.send(slot, bytes);
        sent.map_err(|error| self.cause(slot, &error))
    }

    /// What an error of the slot's connection means for its requests.
    fn cause(&mut self, slot: usize, error: &io::Error) -> Cause {
        let state = &self.slots[slot];
        if state.phase == Phase::Connecting && self.driver.unsent_bytes(slot) < state.queued_bytes {
            // Whoever took a byte was there: the connection broke as soon as it was open.
            let now_ns = self.job.clock.now_ns();
            self.advance(slot, Progress::Sending, now_ns, now_ns);
        }
        failure::cause(self.slots[slot].phase_of_requests(), error)
    }

    /// The requests have come further on their way out: their connection was open at
    /// `connected_ns`, if it is open now, and by `sent_ns` all was written that is written.
    fn advance(&mut self, slot: usize, progress: Progress, connected_ns: u64, sent_ns: u64) {
        let state = &mut self.slots[slot];
        if state.phase == Phase::Connecting && progress != Progress::Connecting {
            self.destination = state.destination;
            state.is_open = self.transports[slot].is_plain();
            state.phase = match state.is_open {
                true => Phase::Sending,
                false => Phase::Securing,
            };
            if let Some(oldest) = state.flights.front() {
                self.job
                    .ledger
                    .connected(connected_ns - oldest.timing.started_ns);
            }
            for flight in &mut state.flights {
                flight.timing.connected_ns = connected_ns;
            }
            self.offer_room(slot);
        }
        let state = &mut self.slots[slot];
        if state.phase == Phase::Sending && progress == Progress::Sent {
            state.phase = Phase::Receiving;
            for flight in &mut state.flights {
                flight.timing.sent_ns.get_or_insert(sent_ns);
            }
        }
    }

    /// Acts on what was heard, and on the connection's end if that was heard too.
    fn settle(&mut self, slot: usize, heard: Heard, ended: bool, now_ns: u64) {
        if ended {
            self.job.ledger.closed_by_peer();
        }
        match heard {
            Heard::Nothing => {}
            Heard::Answer if self.job.plan.scenario.keep_alive => {
                match self.slots[slot].is_under_way() && self.arrivals.is_some() {
                    true => self.offer_room(slot),
                    false => self.make_ready(slot),
                }
            }
            Heard::Answer | Heard::Last => {
                self.fail(slot, Cause::ClosedBeforeResponse, now_ns);
                let is_unasked = matches!(self.slots[slot].phase, Phase::Idle | Phase::Done);
                if ended || is_unasked || !self.server_closes {
                    self.go_on(slot);
                } else {
                    self.slots[slot].phase = Phase::Closing;
                }
            }
            Heard::Broken(cause) => {
                self.fail(slot, cause, now_ns);
                self.go_on(slot);
            }
        }
    }

    /// The connection has failed; a request that had its answer by then has not.
    fn break_off(&mut self, slot: usize, error: &io::Error, now_ns: u64) {
        let is_connecting = self.slots[slot].phase == Phase::Connecting;
        let cause = self.cause(slot, error);
        let Err(cause) = self.attempt_others(slot, cause, now_ns) else {
            return;
        };
        self.fail(slot, cause, now_ns);
        if is_connecting && !self.failures_end_the_run() {
            self.hold_back(slot);
        } else {
            self.go_on(slot);
        }
    }

    /// Ends what is under way on the slot: the request that is being answered with `cause`, those
    /// behind it as far as that concerns them.
    fn fail(&mut self, slot: usize, cause: Cause, now_ns: u64) {
        let mut cause = cause;
        while self.slots[slot].is_under_way() {
            let flight = self.slots[slot].land(now_ns);
            self.job.ledger.failed(cause, &flight.timing);
            cause = cause.of_those_behind();
        }
    }

    /// On to the next request, on another connection.
    fn go_on(&mut self, slot: usize) {
        self.close(slot);
        self.make_ready(slot);
    }

    /// The slot can take its next requests, once all that has happened is worked off.
    fn make_ready(&mut self, slot: usize) {
        if self.slots[slot].is_ready {
            return;
        }
        if self.arrivals.is_some() && self.ready.is_empty() && self.roomy.is_empty() {
            self.have_free_connection();
        }
        let state = &mut self.slots[slot];
        state.is_ready = true;
        if !state.is_under_way() {
            state.phase = Phase::Idle;
        }
        self.ready.push_back(slot);
    }

    /// In open loop, lets a connection with requests under way take another if all have some.
    fn offer_room(&mut self, slot: usize) {
        let state = &mut self.slots[slot];
        let has_room = state.has_room(self.job.plan.load.pipeline);
        if self.arrivals.is_none() || !has_room || state.is_roomy {
            return;
        }
        state.is_roomy = true;
        if self.ready.is_empty() && self.roomy.is_empty() {
            self.have_free_connection();
        }
        self.roomy.push_back(slot);
    }

    /// In open loop, arrivals that found no connection may begin now.
    fn have_free_connection(&mut self) {
        self.free_since_ns = self.job.clock.now_ns();
        if let Some(arrivals) = &mut self.arrivals {
            let waiting = arrivals.waiting(self.free_since_ns);
            self.job.ledger.backlog(waiting);
        }
    }

    /// Leaves the slot empty until the next tick.
    fn hold_back(&mut self, slot: usize) {
        self.close(slot);
        self.slots[slot].phase = Phase::HeldBack;
    }

    fn close(&mut self, slot: usize) {
        let unsent_bytes = self.driver.unsent_bytes(slot);
        let unsent_bytes = self.transports[slot].requests_in(unsent_bytes);
        self.job.ledger.unsent_bytes(unsent_bytes);
        self.say_farewell(slot);
        self.slots[slot].is_open = false;
        self.driver.close(slot);
    }

    /// Looks after what no event tells of: time. True if the run is over.
    fn tick(&mut self, now_ns: u64) -> bool {
        self.next_tick_ns = now_ns + nanoseconds(self.tick);
        let (ended, failed) = self.job.ledger.ended_and_failed();
        self.job.control.publish(self.job.index, ended, failed);
        if self.job.control.is_interrupted() {
            return true;
        }
        for slot in 0..self.slots.len() {
            self.check_time(slot, now_ns);
        }
        false
    }

    /// `now_ns` is the tick's: what began since then began later.
    fn check_time(&mut self, slot: usize, now_ns: u64) {
        let state = &self.slots[slot];
        let is_over =
            |from_ns: u64, limit: Duration| now_ns.saturating_sub(from_ns) >= nanoseconds(limit);
        match (state.phase, state.flights.front()) {
            (Phase::HeldBack, _) => self.go_on(slot),
            (Phase::Closing, _) => {
                if is_over(state.ended_ns, CLOSING_LONGEST) {
                    self.server_closes = false;
                    self.go_on(slot);
                }
            }
            (phase, Some(oldest)) => {
                let limit = match phase {
                    Phase::Connecting | Phase::Securing => self.job.plan.connect_timeout,
                    _ => self.job.plan.timeout,
                };
                if is_over(oldest.timing.started_ns, limit) {
                    let cause = failure::timeout(state.phase_of_requests());
                    self.fail(slot, cause, now_ns);
                    self.go_on(slot);
                } else if self.has_another_destination(slot)
                    && is_over(state.attempted_ns, ATTEMPT_LONGEST)
                {
                    let error = io::ErrorKind::TimedOut.into();
                    self.break_off(slot, &error, now_ns);
                }
            }
            (_, None) => {}
        }
    }

    fn fail_all(&mut self, error: &io::Error) {
        let now_ns = self.job.clock.now_ns();
        for slot in 0..self.slots.len() {
            let cause = self.cause(slot, error);
            self.fail(slot, cause, now_ns);
        }
    }

    /// Cancels what is still under way, and hands over the counts.
    ///
    /// A run that was stopped ends now, one that made all its requests with the last of them.
    fn report(mut self) -> Report {
        let ended_ns = match self.active {
            0 => self.job.ledger.last_ended_ns(),
            _ => self.job.clock.now_ns(),
        };
        for slot in 0..self.slots.len() {
            while self.slots[slot].is_under_way() {
                let flight = self.slots[slot].land(ended_ns);
                self.job.ledger.cancelled(&flight.timing);
            }
            self.close(slot);
        }
        if let Some(arrivals) = &mut self.arrivals {
            let unsent = arrivals.waiting(ended_ns);
            self.job.ledger.unsent(unsent);
        }
        self.job.ledger.report(ended_ns)
    }
}

fn question(plan: &Plan) -> Question<'_> {
    Question {
        is_head: plan.scenario.method.is_head(),
        expected_body: plan.expect.body.as_deref(),
    }
}

/// The element whose turn it is, if there is any.
fn in_turn<T>(elements: &[T], turn: usize) -> Option<&T> {
    elements.get(turn.checked_rem(elements.len())?)
}
