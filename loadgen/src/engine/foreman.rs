//! A worker whose requests are made by lanes: it books what they hand in at the desk, and looks
//! after time.

use std::time::Duration;

use super::arrivals::Arrivals;
use super::budget::Span;
use super::control::{Control, nanoseconds};
use super::crew::Job;
use super::desk::Desk;
use super::ledger::{Ledger, Report};
use super::news::Ended;
use super::turns::Turns;

/// Time between two bookings, and at most between two looks at the signal.
const BOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) struct Foreman<'a> {
    index: usize,
    control: &'a Control,
    span: Span,
    ledger: Ledger<'a>,
    desk: Desk,
    /// When news are booked next, unless the measured part begins before.
    book_at_ns: u64,
}

impl<'a> Foreman<'a> {
    /// Of so many lanes.
    pub(super) fn new(job: Job<'a>, lanes: usize) -> Self {
        let turns = Turns::of_worker(job.plan, job.index);
        let arrivals = Arrivals::of_worker(job.plan, job.index);
        let desk = Desk::new(job.clock, job.budget, turns, arrivals, lanes);
        let mut foreman = Self {
            index: job.index,
            control: job.control,
            span: job.span,
            ledger: job.ledger,
            desk,
            book_at_ns: 0,
        };
        foreman.look();
        foreman
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }

    pub(super) fn is_measuring(&self) -> bool {
        self.ledger.is_measuring()
    }

    /// Until the next look is due.
    pub(super) fn time_to_look(&self) -> Duration {
        let at_ns = self.span.next_ns(self.is_measuring());
        let at_ns = at_ns.min(self.book_at_ns);
        let at_ns = at_ns.min(self.desk.calls_at_ns().unwrap_or(u64::MAX));
        Duration::from_nanos(at_ns.saturating_sub(self.desk.now_ns()))
    }

    /// Looks at time, in open loop calling lanes for what has come due, and books news when that is
    /// due. True if the run is over.
    pub(super) fn look(&mut self) -> bool {
        let now_ns = self.desk.call();
        let begins_to_measure = !self.is_measuring() && now_ns >= self.span.measured_from_ns;
        // Not whenever something comes due: lanes wait for the desk meanwhile.
        if begins_to_measure || now_ns >= self.book_at_ns {
            self.book_at_ns = now_ns + nanoseconds(BOOK_EVERY);
            self.book();
            let (ended, failed) = self.ledger.ended_and_failed();
            self.control.publish(self.index, ended, failed);
        }
        self.control.is_interrupted() || self.span.is_over(now_ns)
    }

    /// Cancels what is still under way, and hands over the counts.
    pub(super) fn report(mut self) -> Report {
        let under_way = self.desk.close();
        self.book();
        self.ledger.firsts(self.desk.firsts());
        let is_interrupted = self.control.is_interrupted();
        let ended_ns = self.ledger.ended_ns(self.desk.now_ns(), is_interrupted);
        for mut timing in under_way {
            timing.ended_ns = ended_ns;
            self.ledger.issued(false);
            self.ledger.cancelled(&timing);
        }
        self.ledger.unsent(self.desk.not_begun(ended_ns));
        self.ledger.report(ended_ns)
    }

    /// Enters the desk's news, beginning to count where the measured part begins.
    fn book(&mut self) {
        let news = self.desk.news();
        let mut started = news.started.as_slice();
        let mut ended = news.ended.as_slice();
        if !self.ledger.is_measuring() {
            let measured_from_ns = self.span.measured_from_ns;
            let (before, after) = ended
                .split_at(ended.partition_point(|ended| ended.timing.ended_ns < measured_from_ns));
            before.iter().for_each(|ended| self.enter(ended));
            ended = after;
            started = &started
                [started.partition_point(|started| started.started_ns < measured_from_ns)..];
            if news.is_measured {
                // A request is entered whole when it ends, also one that is under way now.
                self.ledger.begin_measuring(0);
            }
        }
        let ledger = &mut self.ledger;
        for started in started {
            ledger.started(started.intended_ns, started.started_ns, started.had_to_wait);
        }
        ledger.backlog(news.backlog_max);
        news.connects_ns
            .iter()
            .for_each(|&took_ns| ledger.connected(took_ns));
        for handshake in &news.handshakes {
            ledger.secured(handshake.took_ns, handshake.is_resumed);
        }
        ledger.closed_by_peer(news.closed_by_peer);
        ledger.sent_bytes(news.bytes.sent as usize);
        ledger.received(news.bytes.received as usize);
        ledger.received_body(news.bytes.received_body);
        ended.iter().for_each(|ended| self.enter(ended));
    }

    fn enter(&mut self, ended: &Ended) {
        self.ledger.issued(ended.is_reused);
        match &ended.result {
            Ok(answer) => self.ledger.answered(answer, &ended.timing),
            Err(cause) => self.ledger.failed(*cause, &ended.timing),
        }
    }
}
