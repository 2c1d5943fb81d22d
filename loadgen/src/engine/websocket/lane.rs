//! A thread for a pair, on sockets that block.

use std::thread;
use std::time::Duration;

use super::connection::{BUFFER_BYTES, Connection, Stop};
use super::failed::Failed;
use super::line::Line;
use super::pair::{Next, Pair};
use crate::engine::control::nanoseconds;
use crate::engine::crew::Job;
use crate::engine::failure::{self, Phase};
use crate::engine::ledger::Report;
use crate::engine::ticks::Ticks;
use crate::outcome::Cause;
use crate::recorder::Timing;

pub(super) struct Lane<'a> {
    line: Line<'a>,
    pair: Pair,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    watch: Watch<'a>,
}

/// Time, and what is counted in it.
struct Watch<'a> {
    job: Job<'a>,
    /// Of the round trip under way.
    timing: Option<Timing>,
    /// How long that may take, or the opening of its connections.
    limit: Duration,
    ticks: Ticks,
}

impl<'a> Lane<'a> {
    /// The pair of the worker whose job it is.
    pub(super) fn new(job: Job<'a>, line: Line<'a>) -> Self {
        Self {
            pair: Pair::new(job.index, &line.shape),
            line,
            connections: Vec::new(),
            buffer: vec![0; BUFFER_BYTES],
            watch: Watch {
                timing: None,
                limit: job.plan.timeout,
                ticks: Ticks::of(job.plan),
                job,
            },
        }
    }

    pub(super) fn run(mut self) -> Report {
        let mut is_stopped = false;
        while !is_stopped && let Some(now_ns) = self.watch.may_begin() {
            match self.trip(now_ns) {
                Ok(()) => self.succeed(),
                Err(Stop::Failed(failed)) => self.fail(&failed),
                Err(Stop::Over) => is_stopped = true,
            }
        }
        self.report()
    }

    /// One round trip that begins now, on connections that are opened if they are not there.
    fn trip(&mut self, now_ns: u64) -> Result<(), Stop> {
        self.watch.begin(!self.connections.is_empty(), now_ns);
        if self.connections.is_empty() {
            self.open()?;
        }
        let mut sender = self.pair.begin();
        loop {
            let (kind, bytes) = self.pair.message();
            let connection = &mut self.connections[sender];
            connection.endpoint.send(kind, bytes);
            connection.flush(&mut |phase| self.watch.go_on(phase))?;
            match self.receive()? {
                Next::Send(next) => sender = next,
                Next::Done => return Ok(()),
            }
        }
    }

    /// Waits for the message that is under way.
    fn receive(&mut self) -> Result<Next, Stop> {
        let receiver = self.pair.awaits().unwrap_or_default();
        let connection = &mut self.connections[receiver];
        let patience = &mut |phase| self.watch.go_on(phase);
        let received = connection.receive(&mut self.buffer, patience);
        let message = received.map_err(|stop| match stop {
            Stop::Failed(failed) if failed.cause == Cause::ReadTimeout => {
                self.line.late(&connection.endpoint).into()
            }
            stop => stop,
        })?;
        let next = self.pair.hear(receiver, &message).map_err(Stop::from)?;
        Ok(next)
    }

    /// Opens the pair's connections. The round trip's time is that of its messages.
    fn open(&mut self) -> Result<(), Stop> {
        self.watch.limit = self.watch.job.plan.connect_timeout;
        let turn = self.line.turn();
        // While others had theirs the run may have ended.
        self.watch.go_on(Phase::Connecting)?;
        for _ in 0..self.line.shape.clients_of_pair() {
            self.connect()?;
        }
        drop(turn);
        for client in 0..self.connections.len() {
            self.establish(client)?;
        }
        self.watch.limit = self.watch.job.plan.timeout;
        let now_ns = self.watch.job.clock.now_ns();
        self.watch.timing = Some(Timing::starting(now_ns, 0));
        Ok(())
    }

    fn connect(&mut self) -> Result<(), Stop> {
        let endpoint = self.line.endpoint(self.watch.job.index)?;
        let (tick, clock) = (self.watch.ticks.every(), self.watch.job.clock);
        let began_ns = clock.now_ns();
        let patience = &mut |phase| self.watch.go_on(phase);
        let connection = Connection::open(&self.line, endpoint, tick, patience)?;
        self.watch.job.ledger.connected(clock.now_ns() - began_ns);
        self.connections.push(connection);
        Ok(())
    }

    /// Secures a connection, if it is to be, and switches it to WebSocket.
    fn establish(&mut self, client: usize) -> Result<(), Stop> {
        let connection = &mut self.connections[client];
        let began_ns = self.watch.job.clock.now_ns();
        let mut is_securing = true;
        loop {
            let opened = connection.opens(&mut self.buffer, &mut |phase| self.watch.go_on(phase));
            let job = &mut self.watch.job;
            let securing_ns = is_securing.then(|| job.clock.now_ns() - began_ns);
            let endpoint = &mut connection.endpoint;
            is_securing &= !self
                .line
                .note_opening(endpoint, securing_ns, &mut job.ledger);
            if opened? {
                return Ok(());
            }
        }
    }

    fn succeed(&mut self) {
        let timing = self.watch.land();
        self.book_traffic();
        if let Some(timing) = timing {
            self.watch.job.ledger.succeeded(&timing);
        }
    }

    /// The round trip has failed, and with it the pair's connections.
    fn fail(&mut self, failed: &Failed) {
        let timing = self.watch.land();
        self.book_traffic();
        failed.note(&mut self.watch.job.ledger);
        // While its connections are opened, it is that which takes its limit.
        let was_opening = self.pair.awaits().is_none();
        self.pair.give_up();
        if let Some(timing) = timing {
            self.watch.job.ledger.failed(failed.cause, &timing);
        }
        for connection in self.connections.drain(..) {
            let ended = u64::from(connection.has_ended);
            self.watch.job.ledger.closed_by_peer(ended);
            connection.close();
        }
        self.watch.limit = self.watch.job.plan.timeout;
        if was_opening && !self.watch.failures_end_the_run() {
            // Trying again without a pause would only count failures as fast as the CPU can.
            thread::sleep(self.watch.ticks.every());
        }
    }

    fn book_traffic(&mut self) {
        let ledger = &mut self.watch.job.ledger;
        for connection in &mut self.connections {
            ledger.traffic(connection.endpoint.take_traffic());
        }
    }

    /// Cancels what is still under way, and hands over the counts.
    fn report(mut self) -> Report {
        self.book_traffic();
        let ended_ns = self.watch.job.ended_ns();
        if let Some(mut timing) = self.watch.timing.take() {
            timing.ended_ns = ended_ns;
            self.watch.job.ledger.cancelled(&timing);
        }
        let report = self.watch.job.ledger.report(ended_ns);
        self.watch.job.rest.until_noted();
        self.connections.into_iter().for_each(Connection::close);
        report
    }
}

impl Watch<'_> {
    /// Now, if another round trip may begin.
    fn may_begin(&mut self) -> Option<u64> {
        let now_ns = self.job.clock.now_ns();
        self.look(now_ns);
        let may_begin = !self.job.control.is_interrupted() && self.job.budget.take(now_ns);
        may_begin.then_some(now_ns)
    }

    fn begin(&mut self, is_reused: bool, now_ns: u64) {
        self.job.ledger.issued(is_reused);
        self.timing = Some(Timing::starting(now_ns, 0));
    }

    /// The round trip under way ends. Only then may it turn out that the measured part, to which it
    /// belongs, has begun.
    fn land(&mut self) -> Option<Timing> {
        let ended_ns = self.job.clock.now_ns();
        self.look(ended_ns);
        let timing = self.timing.take();
        timing.map(|timing| Timing { ended_ns, ..timing })
    }

    /// Begins to count when the measured part begins, and tells now and then how far it has come.
    fn look(&mut self, now_ns: u64) {
        let ledger = &mut self.job.ledger;
        if !ledger.is_measuring() && now_ns >= self.job.span.measured_from_ns {
            let under_way = u64::from(self.timing.is_some());
            ledger.begin_measuring(under_way);
            self.job.budget.take_under_way(under_way);
        }
        if self.ticks.is_due(now_ns) {
            self.ticks.look(&self.job, now_ns);
        }
    }

    /// Whether to go on with what is under way in `phase`.
    fn go_on(&mut self, phase: Phase) -> Result<(), Stop> {
        let now_ns = self.job.clock.now_ns();
        self.look(now_ns);
        if self.job.span.is_over(now_ns) || self.job.control.is_interrupted() {
            return Err(Stop::Over);
        }
        let since_ns = self.timing.map_or(now_ns, |timing| timing.started_ns);
        match now_ns.saturating_sub(since_ns) >= nanoseconds(self.limit) {
            true => Err(failure::timeout(phase).into()),
            false => Ok(()),
        }
    }

    fn failures_end_the_run(&self) -> bool {
        let is_measuring = self.job.ledger.is_measuring();
        self.job.budget.failures_end_the_run(is_measuring)
    }
}
