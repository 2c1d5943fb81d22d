//! A worker: when a request begins, how it ends, and what comes next.
//!
//! Each request passes [`Worker::begin`] once and [`Worker::end`] once; the counts follow.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use super::budget::Budget;
use super::driver::{Driver, Event, Progress, Then};
use super::failure;
use super::slot::{Heard, Phase, Slot};
use crate::engine::control::{Clock, Control, nanoseconds};
use crate::http1::{Answer, Question};
use crate::outcome::{Cause, Outcome};
use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::system::thread_cpu::ThreadBusy;

/// Longest time between two looks at timeouts, the deadline and the signal.
const TICK_LONGEST: Duration = Duration::from_millis(50);

/// Shortest time between them: what epoll's timeout can tell apart.
const TICK_SHORTEST: Duration = Duration::from_millis(1);

/// Ticks within a request's timeout: it is kept to a twentieth.
const TICKS_PER_TIMEOUT: u32 = 20;

/// How long the server is given to close a connection after its answer.
const CLOSING_LONGEST: Duration = Duration::from_millis(100);

/// What a worker is to do.
pub(super) struct Job<'a> {
    pub(super) index: usize,
    pub(super) plan: &'a Plan,
    pub(super) control: &'a Control,
    pub(super) clock: Clock,
    pub(super) budget: Budget,
    /// Body length of the first answer of the run, whichever worker gets it.
    pub(super) first_length: &'a OnceLock<u64>,
}

/// What a worker has done.
pub(super) struct Report {
    pub(super) recorder: Recorder,
    pub(super) ended_ns: u64,
    pub(super) cpu_share: f64,
    pub(super) first_head: Option<Vec<u8>>,
}

pub(super) struct Worker<'a, D> {
    job: Job<'a>,
    driver: D,
    slots: Vec<Slot>,
    /// Slots whose next request is due, each once.
    due: Vec<usize>,
    /// Slots that are not done.
    active: usize,
    recorder: Recorder,
    last_ended_ns: u64,
    tick: Duration,
    next_tick_ns: u64,
    busy: Option<ThreadBusy>,
    /// Whether the measured part has begun: what ends from now on is counted.
    is_measuring: bool,
    /// Whether the server is left to close connections first. One that once did not is not.
    server_closes: bool,
    first_head: Option<Vec<u8>>,
}

impl<'a, D: Driver> Worker<'a, D> {
    pub(super) fn new(job: Job<'a>, driver: D) -> Self {
        let plan = job.plan;
        let slots = plan.load.connections_of(job.index);
        Self {
            recorder: Recorder::new(job.budget.measured_from_ns, plan.ab_times),
            tick: (plan.timeout / TICKS_PER_TIMEOUT).clamp(TICK_SHORTEST, TICK_LONGEST),
            last_ended_ns: job.budget.measured_from_ns,
            next_tick_ns: 0,
            active: slots,
            slots: (0..slots).map(|_| Slot::default()).collect(),
            due: (0..slots).collect(),
            busy: None,
            is_measuring: false,
            server_closes: true,
            first_head: None,
            driver,
            job,
        }
    }

    pub(super) fn run(mut self) -> Report {
        if let Some(cores) = &self.job.plan.cores {
            // The plan knows that they are there; a worker that is kept from them still measures.
            let _ = cores.pin_this_thread();
        }
        loop {
            let now_ns = self.job.clock.now_ns();
            if self.is_over(now_ns) {
                break;
            }
            self.begin_due();
            if self.active == 0 {
                break;
            }
            if let Err(error) = self.driver.wait(self.time_to_tick(now_ns)) {
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
    ///
    /// What is under way then belongs to it: a request is counted where it ends. Counting only
    /// what also began there would leave out the answers of a slow server that the first seconds
    /// are full of, and show it as slower than it is.
    fn look_at_time(&mut self, now_ns: u64) {
        if self.is_measuring || now_ns < self.job.budget.measured_from_ns {
            return;
        }
        self.is_measuring = true;
        self.busy = Some(ThreadBusy::start());
        let under_way = self.slots.iter().filter(|slot| slot.is_under_way()).count() as u64;
        self.recorder.requests.issued += under_way;
        self.job.budget.take_under_way(under_way);
    }

    /// Until the next thing that no event tells of.
    fn time_to_tick(&self, now_ns: u64) -> Duration {
        let budget = &self.job.budget;
        let at_ns = match self.is_measuring {
            true => budget.deadline_ns.unwrap_or(u64::MAX),
            false => budget.measured_from_ns,
        };
        Duration::from_nanos(at_ns.min(self.next_tick_ns).saturating_sub(now_ns))
    }

    /// Acts on everything that has happened. True if the run is over: one connection whose bytes
    /// never end must not keep the others from their time limits.
    fn handle_events(&mut self) -> bool {
        loop {
            let Some((slot, event)) = self.driver.next() else {
                return false;
            };
            let now_ns = self.job.clock.now_ns();
            let state = &mut self.slots[slot];
            match event {
                Event::Progress(progress) => self.advance(slot, progress, now_ns, now_ns),
                // Whatever follows an answer must not be taken for the next one.
                Event::Received { .. } if state.phase == Phase::Due => self.close(slot),
                Event::Received { bytes, then } => {
                    if self.first_head.is_none() {
                        self.first_head = Some(head_of(bytes));
                    }
                    let is_heard = state.is_under_way();
                    let body_bytes_before = state.reader.body_bytes();
                    let heard = state.hear(question(self.job.plan), bytes, now_ns);
                    if self.is_measuring && is_heard {
                        let body_bytes = state.reader.body_bytes() - body_bytes_before;
                        self.recorder.received(bytes.len() as u64, body_bytes);
                    }
                    match (heard, then) {
                        // The error that follows is the cause.
                        (Heard::Nothing, Then::Failed) => {}
                        (heard, then) => self.settle(slot, heard, then != Then::Open, now_ns),
                    }
                }
                Event::Ended => self.settle(slot, Heard::Nothing, true, now_ns),
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
    fn begin_due(&mut self) {
        for index in 0..self.due.len() {
            self.begin(self.due[index]);
        }
        self.due.clear();
    }

    /// Begins the slot's next request, or more than one if they fail at once, unless none is left.
    fn begin(&mut self, slot: usize) {
        loop {
            let now_ns = self.job.clock.now_ns();
            self.look_at_time(now_ns);
            let state = &mut self.slots[slot];
            if self.job.control.is_interrupted() || !self.job.budget.take(now_ns) {
                state.phase = Phase::Done;
                state.is_open = false;
                self.driver.close(slot);
                self.active -= 1;
                return;
            }
            state.begin(now_ns);
            let is_reused = state.is_open;
            if self.is_measuring {
                self.recorder.issued();
                self.recorder.connections.reused += u64::from(is_reused);
            }
            let sent = match is_reused {
                true => self.send(slot, now_ns),
                false => self.connect_and_send(slot),
            };
            match sent {
                Ok(()) => return,
                Err(error) => {
                    let cause = failure::cause(self.slots[slot].phase, &error);
                    let now_ns = self.job.clock.now_ns();
                    self.end(slot, Outcome::Failed(cause), now_ns);
                    if !self.failures_end_the_run() {
                        return self.hold_back(slot);
                    }
                    self.close(slot);
                }
            }
        }
    }

    /// Whether requests that fail at once bring the run nearer to its end.
    fn failures_end_the_run(&self) -> bool {
        self.is_measuring && self.job.budget.is_counted()
    }

    /// Sends the request on a connection that is open: the write is where the request starts.
    fn send(&mut self, slot: usize, now_ns: u64) -> io::Result<()> {
        self.slots[slot].phase = Phase::Sending;
        let progress = self.driver.send(slot)?;
        let sent_ns = match self.job.plan.ab_times {
            true => self.job.clock.now_ns(),
            // Only ab's waiting time is counted from here.
            false => now_ns,
        };
        self.advance(slot, progress, now_ns, sent_ns);
        Ok(())
    }

    /// Opens a connection and tries the write at once: on a quick network it is open by then.
    fn connect_and_send(&mut self, slot: usize) -> io::Result<()> {
        self.slots[slot].phase = Phase::Connecting;
        self.driver.connect(slot)?;
        let connected_ns = self.job.clock.now_ns();
        let progress = self.driver.send(slot)?;
        self.advance(slot, progress, connected_ns, self.job.clock.now_ns());
        Ok(())
    }

    /// The request has come further on its way out: its connection was open at `connected_ns`, if
    /// it is open now, and by `sent_ns` all was written that is written.
    fn advance(&mut self, slot: usize, progress: Progress, connected_ns: u64, sent_ns: u64) {
        let state = &mut self.slots[slot];
        if state.phase == Phase::Connecting && progress != Progress::Connecting {
            state.timing.connected_ns = connected_ns;
            state.phase = Phase::Sending;
            state.is_open = true;
            if self.is_measuring {
                self.recorder
                    .connected(connected_ns - state.timing.started_ns);
            }
        }
        if state.phase == Phase::Sending && progress == Progress::Sent {
            state.timing.sent_ns = sent_ns;
            state.phase = Phase::Receiving;
        }
    }

    /// Acts on what was heard, and on the connection's end if that was heard too.
    fn settle(&mut self, slot: usize, heard: Heard, ended: bool, now_ns: u64) {
        let state = &mut self.slots[slot];
        if ended && self.is_measuring {
            self.recorder.connections.closed_by_peer += 1;
        }
        let heard = match heard {
            Heard::Nothing if ended && state.is_under_way() => {
                match state.reader.end_of_stream(question(self.job.plan)) {
                    Ok(answer) => Heard::Answer(answer),
                    Err(cause) => Heard::Broken(cause),
                }
            }
            heard => heard,
        };
        match heard {
            Heard::Nothing if ended => self.go_on(slot, false),
            Heard::Nothing => {}
            Heard::Broken(cause) => {
                self.end(slot, Outcome::Failed(cause), now_ns);
                self.go_on(slot, false);
            }
            Heard::Surplus => {
                self.end(slot, Outcome::Failed(Cause::MalformedResponse), now_ns);
                self.go_on(slot, false);
            }
            Heard::Answer(answer) => {
                // An answer to half a request leaves the other half in the way.
                let is_sent = state.phase == Phase::Receiving;
                self.conclude(slot, &answer, now_ns);
                let stays = is_sent && answer.keep_alive && self.job.plan.scenario.keep_alive;
                if ended || stays || !self.server_closes {
                    self.go_on(slot, stays && !ended);
                }
            }
        }
    }

    /// An answer arrived whole: was it the right one?
    fn conclude(&mut self, slot: usize, answer: &Answer, now_ns: u64) {
        if self.is_measuring {
            self.recorder.answered(answer);
        }
        let first_length = *self.job.first_length.get_or_init(|| answer.body_bytes);
        let outcome = match self.job.plan.expect.judge(answer, first_length) {
            Some(cause) => Outcome::Failed(cause),
            None => Outcome::Succeeded,
        };
        self.end(slot, outcome, now_ns);
    }

    /// The connection has failed; a request that had its answer by then has not.
    fn break_off(&mut self, slot: usize, error: &io::Error, now_ns: u64) {
        let phase = self.slots[slot].phase;
        if self.slots[slot].is_under_way() {
            self.end(slot, Outcome::Failed(failure::cause(phase, error)), now_ns);
        }
        if phase == Phase::Connecting && !self.failures_end_the_run() {
            self.hold_back(slot);
        } else {
            self.go_on(slot, false);
        }
    }

    /// Counts the request that was under way, once; what is left is to close its connection.
    fn end(&mut self, slot: usize, outcome: Outcome, now_ns: u64) {
        let state = &mut self.slots[slot];
        debug_assert!(state.is_under_way(), "a request ends once");
        state.phase = Phase::Closing;
        state.timing.ended_ns = now_ns;
        self.last_ended_ns = now_ns;
        if self.is_measuring {
            self.recorder.ended(outcome, &state.timing);
            self.recorder.bytes.sent += self.driver.sent_bytes(slot) as u64;
        }
    }

    /// On to the next request, on the same connection or another.
    fn go_on(&mut self, slot: usize, on_same_connection: bool) {
        if !on_same_connection {
            self.close(slot);
        }
        if self.slots[slot].phase != Phase::Due {
            self.slots[slot].phase = Phase::Due;
            self.due.push(slot);
        }
    }

    /// Leaves the slot empty until the next tick.
    fn hold_back(&mut self, slot: usize) {
        self.close(slot);
        self.slots[slot].phase = Phase::HeldBack;
    }

    fn close(&mut self, slot: usize) {
        self.slots[slot].is_open = false;
        self.driver.close(slot);
    }

    /// Looks after what no event tells of: time. True if the run is over.
    fn tick(&mut self, now_ns: u64) -> bool {
        self.next_tick_ns = now_ns + nanoseconds(self.tick);
        let requests = self.recorder.requests;
        let ended = requests.succeeded + requests.failed;
        self.job
            .control
            .publish(self.job.index, ended, requests.failed);
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
        match state.phase {
            Phase::Done | Phase::Due => {}
            Phase::HeldBack => self.go_on(slot, false),
            Phase::Closing => {
                if now_ns.saturating_sub(state.timing.ended_ns) >= nanoseconds(CLOSING_LONGEST) {
                    self.server_closes = false;
                    self.go_on(slot, false);
                }
            }
            phase => {
                if now_ns.saturating_sub(state.timing.started_ns)
                    >= nanoseconds(self.job.plan.timeout)
                {
                    self.end(slot, Outcome::Failed(failure::timeout(phase)), now_ns);
                    self.go_on(slot, false);
                }
            }
        }
    }

    fn fail_all(&mut self, error: &io::Error) {
        let now_ns = self.job.clock.now_ns();
        for slot in 0..self.slots.len() {
            if self.slots[slot].is_under_way() {
                let cause = failure::cause(self.slots[slot].phase, error);
                self.end(slot, Outcome::Failed(cause), now_ns);
            }
        }
    }

    /// Cancels what is still under way, and hands over the counts.
    ///
    /// A run that was stopped ends now, one that made all its requests with the last of them.
    fn report(mut self) -> Report {
        let ended_ns = match self.active {
            0 => self.last_ended_ns,
            _ => self.job.clock.now_ns(),
        };
        for slot in 0..self.slots.len() {
            if self.slots[slot].is_under_way() {
                self.end(slot, Outcome::Cancelled, ended_ns);
            }
        }
        Report {
            recorder: self.recorder,
            ended_ns,
            cpu_share: self.busy.map_or(0.0, |busy| busy.share()),
            first_head: self.first_head,
        }
    }
}

fn question(plan: &Plan) -> Question<'_> {
    Question {
        is_head: plan.scenario.method.is_head(),
        expected_body: plan.expect.body.as_deref(),
    }
}

/// The head at the front of `bytes`, or all of them if its end is not among them.
fn head_of(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    bytes[..end.map_or(bytes.len(), |end| end + 4)].to_vec()
}
