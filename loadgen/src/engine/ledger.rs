//! What one worker counts, whatever its engine: each request passes [`Ledger::issued`] once and
//! [`Ledger::ended`] once.

use std::mem;
use std::sync::OnceLock;
use std::time::Duration;

use super::budget::Span;
use super::crowd::Handed;
use super::firsts::Firsts;
use super::live::Live;
use super::samples::{Sample, Sampler};
use crate::http1::Answer;
use crate::outcome::{Cause, Outcome};
use crate::plan::Plan;
use crate::record::{Bytes, Tls};
use crate::recorder::{Recorder, Timing};
use crate::system::thread_cpu::{BusyShare, ThreadBusy};

/// A worker's counts. Nothing is counted before the measured part begins.
pub(super) struct Ledger<'a> {
    plan: &'a Plan,
    recorder: Recorder,
    /// Body length of the first answer of the run, whichever worker gets it.
    first_length: &'a OnceLock<u64>,
    firsts: Firsts,
    last_ended_ns: u64,
    /// Bytes that were counted as sent and were not, and are to be taken back.
    unsent_bytes: u64,
    /// Requests that have ended, and those of them that have failed, in what was handed over.
    handed_over: (u64, u64),
    /// Of the thread, since the measured part began.
    busy: Option<ThreadBusy>,
    /// Told of each request, for whoever watches.
    live: Live<'a>,
    /// Keeps each request, for whoever collects them.
    sampler: Option<Sampler>,
}

/// What a worker has done.
pub(super) struct Report {
    pub(super) recorder: Recorder,
    pub(super) ended_ns: u64,
    pub(super) busy: BusyShare,
    pub(super) firsts: Firsts,
    pub(super) samples_wait: Option<Duration>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        measured_from_ns: u64,
        first_length: &'a OnceLock<u64>,
        live: Live<'a>,
        sampler: Option<Sampler>,
    ) -> Self {
        Self {
            plan,
            recorder: Recorder::of_plan(plan),
            first_length,
            firsts: Firsts::default(),
            last_ended_ns: measured_from_ns,
            unsent_bytes: 0,
            handed_over: (0, 0),
            busy: None,
            live,
            sampler,
        }
    }

    /// Whether the measured part has begun: what ends from now on is counted.
    pub(super) fn is_measuring(&self) -> bool {
        self.busy.is_some()
    }

    /// The measured part begins, with so many requests under way.
    ///
    /// They belong to it: a request is counted where it ends. Counting only what also began there
    /// would leave out the answers of a slow server that the first seconds are full of, and show
    /// it as slower than it is.
    pub(super) fn begin_measuring(&mut self, under_way: u64) {
        self.busy = Some(ThreadBusy::start());
        self.recorder.requests.issued += under_way;
    }

    /// A request begins, on a connection that has served one before or on another.
    pub(super) fn issued(&mut self, is_reused: bool) {
        if self.is_measuring() {
            self.recorder.issued();
            self.recorder.connections.reused += u64::from(is_reused);
        }
    }

    /// In open loop, a request begins that was to begin at `intended_ns`, and had to wait for a
    /// connection or not.
    pub(super) fn started(&mut self, intended_ns: u64, started_ns: u64, had_to_wait: bool) {
        if self.is_measuring() {
            self.recorder.started(intended_ns, started_ns, had_to_wait);
        }
    }

    /// In open loop, so many requests wait for a connection.
    pub(super) fn backlog(&mut self, requests: u64) {
        if self.is_measuring() {
            self.recorder.backlog(requests);
        }
    }

    /// In open loop, so many requests were to begin and had not when the run ended.
    pub(super) fn unsent(&mut self, requests: u64) {
        if self.is_measuring() {
            self.recorder.unsent(requests);
        }
    }

    /// A connection was opened, in so many nanoseconds.
    pub(super) fn connected(&mut self, took_ns: u64) {
        if self.is_measuring() {
            self.recorder.connected(took_ns);
        }
    }

    /// A connection was secured, in so many nanoseconds, by resuming a session or anew.
    pub(super) fn secured(&mut self, took_ns: u64, is_resumed: bool) {
        if self.is_measuring() {
            self.recorder.secured(took_ns, is_resumed);
        }
    }

    /// Keeps what the first handshake agreed upon.
    pub(super) fn first_tls(&mut self, agreed: impl FnOnce() -> Option<Tls>) {
        if self.firsts.tls.is_none() {
            self.firsts.tls = agreed();
        }
    }

    /// Keeps what was wrong with the first handshake that failed.
    pub(super) fn first_tls_error(&mut self, error: impl FnOnce() -> Option<String>) {
        if self.firsts.tls_error.is_none() {
            self.firsts.tls_error = error();
        }
    }

    /// Keeps why the first proxy would not lead to the server.
    pub(super) fn first_proxy_error(&mut self, reason: &str) {
        let first = &mut self.firsts.proxy_error;
        first.get_or_insert_with(|| reason.to_owned());
    }

    /// Keeps what the first server did that is not WebSocket, or ended it.
    pub(super) fn first_websocket_error(&mut self, reason: &str) {
        let first = &mut self.firsts.websocket_error;
        first.get_or_insert_with(|| reason.to_owned());
    }

    /// So many bytes of requests are on their way to the kernel.
    pub(super) fn sent_bytes(&mut self, bytes: usize) {
        if self.is_measuring() {
            self.recorder.bytes.sent += bytes as u64;
        }
    }

    /// So many of them have not got there, and will not.
    pub(super) fn unsent_bytes(&mut self, bytes: usize) {
        if self.is_measuring() {
            self.unsent_bytes += bytes as u64;
        }
    }

    /// What was counted before the last hand-over is taken back from what was counted since.
    fn take_back_unsent(&mut self) {
        let sent = &mut self.recorder.bytes.sent;
        let taken = self.unsent_bytes.min(*sent);
        *sent -= taken;
        self.unsent_bytes -= taken;
    }

    /// Bytes came that answer a request.
    pub(super) fn received(&mut self, bytes: usize) {
        if self.is_measuring() {
            self.recorder.bytes.received += bytes as u64;
        }
    }

    /// Bytes of an answer's body were among them.
    pub(super) fn received_body(&mut self, bytes: u64) {
        if self.is_measuring() {
            self.recorder.bytes.received_body += bytes;
        }
    }

    /// All of that at once.
    pub(super) fn traffic(&mut self, traffic: Bytes) {
        if self.is_measuring() {
            self.recorder.bytes += traffic;
        }
    }

    /// The server ended so many connections.
    pub(super) fn closed_by_peer(&mut self, connections: u64) {
        if self.is_measuring() {
            self.recorder.connections.closed_by_peer += connections;
        }
    }

    /// Keeps the first head that arrives: `bytes` begin with it.
    pub(super) fn first_head(&mut self, bytes: &[u8]) {
        if self.firsts.head.is_none() {
            self.firsts.head = Some(head_of(bytes));
        }
    }

    /// An answer arrived whole: was it the right one?
    pub(super) fn answered(&mut self, answer: &Answer, timing: &Timing) {
        if self.is_measuring() {
            self.recorder.answered(answer);
        }
        let first_length = *self.first_length.get_or_init(|| answer.body_bytes);
        let outcome = match self.plan.expect.judge(answer, first_length) {
            Some(cause) => Outcome::Failed(cause),
            None => Outcome::Succeeded,
        };
        self.ended(outcome, timing, Some(answer));
    }

    /// A message went to and fro.
    pub(super) fn succeeded(&mut self, timing: &Timing) {
        self.ended(Outcome::Succeeded, timing, None);
    }

    /// A request failed.
    pub(super) fn failed(&mut self, cause: Cause, timing: &Timing) {
        self.ended(Outcome::Failed(cause), timing, None);
    }

    /// The run ended while a request was under way.
    pub(super) fn cancelled(&mut self, timing: &Timing) {
        self.ended(Outcome::Cancelled, timing, None);
    }

    fn ended(&mut self, outcome: Outcome, timing: &Timing, answer: Option<&Answer>) {
        self.last_ended_ns = timing.ended_ns;
        if self.is_measuring() {
            self.recorder.ended(outcome, timing);
            let latency_ns = timing.ended_ns.saturating_sub(timing.intended_ns);
            self.live.ended(outcome, latency_ns);
            if let Some(sampler) = &mut self.sampler {
                sampler.take(Sample {
                    timing: *timing,
                    outcome,
                    answer: answer.copied(),
                });
            }
        }
    }

    /// How many requests have ended, and how many of them have failed.
    pub(super) fn ended_and_failed(&self) -> (u64, u64) {
        let requests = self.recorder.requests;
        let (ended, failed) = self.handed_over;
        (ended + requests.ended(), failed + requests.failed)
    }

    /// Keeps the firsts of those who make this worker's requests.
    pub(super) fn firsts(&mut self, firsts: Firsts) {
        self.firsts = firsts;
    }

    /// When the run ended for a worker that has no more to do: now, if time is up or a signal came,
    /// else, all its requests being made, with the last of them. How many are left does not tell
    /// that: a worker that was kept from its core finds all of them refused, and none under way.
    pub(super) fn ended_ns(&self, now_ns: u64, is_interrupted: bool) -> u64 {
        match is_interrupted || Span::of(self.plan).is_over(now_ns) {
            true => now_ns,
            false => self.last_ended_ns,
        }
    }

    /// Hands over what was counted until `now_ns`, and goes on with an `empty` recorder.
    pub(super) fn hand_over(&mut self, empty: Box<Recorder>, now_ns: u64) -> Handed {
        self.handed_over = self.ended_and_failed();
        self.take_back_unsent();
        let mut recorder = empty;
        mem::swap(&mut self.recorder, &mut recorder);
        let busy = self.busy.as_mut().map(ThreadBusy::restart);
        Handed {
            recorder,
            at_ns: now_ns,
            busy: busy.unwrap_or_default(),
            firsts: self.firsts.clone(),
            first_length: self.first_length.get().copied(),
        }
    }

    /// Hands over what was counted until `ended_ns`.
    pub(super) fn report(mut self, ended_ns: u64) -> Report {
        self.take_back_unsent();
        Report {
            recorder: self.recorder,
            ended_ns,
            busy: self.busy.map(|busy| busy.share()).unwrap_or_default(),
            firsts: self.firsts,
            samples_wait: self.sampler.map(Sampler::finish),
        }
    }
}

/// The head at the front of `bytes`, or all of them if its end is not among them.
fn head_of(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    bytes[..end.map_or(bytes.len(), |end| end + 4)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    #[test]
    fn bytes_that_were_not_sent_are_in_no_part_though_they_were_handed_over() {
        let plan = cli::plan_of("http://127.0.0.1:1/").unwrap();
        let first_length = OnceLock::new();
        let mut ledger = Ledger::new(&plan, 0, &first_length, Live::default(), None);
        ledger.sent_bytes(1000);
        ledger.unsent_bytes(600);
        ledger.begin_measuring(0);
        let mut part = |sent, unsent| {
            ledger.sent_bytes(sent);
            ledger.unsent_bytes(unsent);
            let empty = Box::new(Recorder::of_plan(&plan));
            ledger.hand_over(empty, 0).recorder.bytes.sent
        };
        assert_eq!(
            [part(100, 10), part(20, 50), part(100, 0), part(5, 0)],
            [90, 0, 70, 5]
        );
    }
}
