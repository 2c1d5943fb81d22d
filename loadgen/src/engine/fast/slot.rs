//! One of a worker's connections, and the requests that are under way on it.

use std::collections::VecDeque;

use super::driver::Then;
use super::tls::Tls;
use super::transport::Transport;
use crate::engine::failure;
use crate::engine::ledger::Ledger;
use crate::http1::{Question, ResponseReader};
use crate::outcome::Cause;
use crate::recorder::Timing;

/// What a slot is busy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing, and nothing will follow.
    Done,
    /// Nothing, until its next request begins.
    #[default]
    Idle,
    /// Nothing until the next tick: a request failed at once, and trying again without a pause
    /// would only count failures as fast as the CPU can.
    HeldBack,
    /// Nothing, until somebody uses it.
    Parked,
    /// Its connection is being opened.
    Connecting,
    /// It is open to a proxy, and a way through is asked for.
    Tunnelling,
    /// It is open, and being secured.
    Securing,
    /// Requests are being written.
    Sending,
    /// Answers are awaited or read.
    Receiving,
    /// Its requests have ended; the server's close is awaited, so that TIME_WAIT and its use of a
    /// port are the server's, as they are with ab.
    Closing,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) phase: Phase,
    /// Requests that have begun and not ended, in the order in which they were sent, which is that
    /// of their answers.
    pub(super) flights: VecDeque<Timing>,
    reader: ResponseReader,
    /// Whether there is a connection that can take another request.
    pub(super) is_open: bool,
    /// Whether the worker knows that it can take another request, or that it must not.
    pub(super) is_ready: bool,
    /// Whether the worker knows that it has room beside the requests under way on it, or that
    /// nothing may be put there.
    pub(super) is_roomy: bool,
    /// Which of the destinations it is connected to, or tries to be.
    pub(super) destination: usize,
    /// How many destinations were tried for the requests under way.
    pub(super) attempts: usize,
    /// When the last of them was.
    pub(super) attempted_ns: u64,
    /// When its last request ended.
    pub(super) ended_ns: u64,
}

/// What is to become of a connection after what was heard on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It goes on.
    Nothing,
    /// It goes on, and may take another request.
    Answer,
    /// It is of no use after its last answer; requests behind that will have none.
    Last,
    /// The request that is being answered has failed, and with it the connection.
    Broken(Cause),
}

impl Slot {
    /// One that is used, or not yet.
    pub(super) fn of(is_used: bool) -> Self {
        let phase = match is_used {
            true => Phase::Idle,
            false => Phase::Parked,
        };
        Self {
            phase,
            ..Self::default()
        }
    }

    /// Whether a request has begun and not ended.
    pub(super) fn is_under_way(&self) -> bool {
        !self.flights.is_empty()
    }

    /// Whether another request can be sent behind those that are under way.
    pub(super) fn has_room(&self, pipeline: usize) -> bool {
        self.is_open && self.is_under_way() && self.flights.len() < pipeline
    }

    /// How far the requests under way have come.
    pub(super) fn phase_of_requests(&self) -> failure::Phase {
        match self.phase {
            Phase::Connecting | Phase::Tunnelling => failure::Phase::Connecting,
            Phase::Securing => failure::Phase::Securing,
            Phase::Sending => failure::Phase::Sending,
            _ => failure::Phase::Receiving,
        }
    }

    /// A connection begins, on which nothing has been read.
    pub(super) fn connects(&mut self, destination: usize) {
        self.reader.reset();
        self.phase = Phase::Connecting;
        self.destination = destination;
        self.attempts = 0;
    }

    /// Takes bytes that came, and what is known of what follows them.
    pub(super) fn hear(
        &mut self,
        transport: &mut Transport,
        question: Question<'_>,
        bytes: &[u8],
        then: Then,
        now_ns: u64,
        ledger: &mut Ledger<'_>,
    ) -> Heard {
        let heard = match transport {
            Transport::Plain => self.read_answers(question, bytes, now_ns, ledger),
            Transport::Tunnel(tunnel) => match tunnel.hear(bytes) {
                Ok(()) => Heard::Nothing,
                Err(reason) => no_way_through(&reason, ledger),
            },
            Transport::Tls(tls) => self.read_sealed(tls, question, bytes, now_ns, ledger),
        };
        match heard {
            // With Then::Failed the error that follows is the cause.
            Heard::Nothing | Heard::Answer if then == Then::Ended || transport.has_ended() => {
                self.hear_end(transport, question, now_ns, ledger)
            }
            heard => heard,
        }
    }

    /// The server has said that no more will come: an answer may end so.
    pub(super) fn hear_end(
        &mut self,
        transport: &mut Transport,
        question: Question<'_>,
        now_ns: u64,
        ledger: &mut Ledger<'_>,
    ) -> Heard {
        let is_cut = transport.is_cut();
        if self.flights.is_empty() {
            return Heard::Last;
        }
        if self.phase == Phase::Tunnelling {
            return no_way_through("the proxy ended the connection", ledger);
        }
        if self.phase == Phase::Securing {
            let error = "the server ended the connection in the middle of it";
            ledger.first_tls_error(|| Some(error.to_owned()));
            return Heard::Broken(Cause::TlsHandshake);
        }
        match self.reader.end_of_stream(question) {
            Ok(_) if is_cut => Heard::Broken(Cause::ClosedMidResponse),
            Ok(answer) => {
                let flight = self.land(now_ns);
                ledger.answered(&answer, &flight);
                Heard::Last
            }
            Err(cause) => Heard::Broken(cause),
        }
    }

    /// Takes bytes that came in TLS.
    fn read_sealed(
        &mut self,
        tls: &mut Tls,
        question: Question<'_>,
        bytes: &[u8],
        now_ns: u64,
        ledger: &mut Ledger<'_>,
    ) -> Heard {
        let mut rest = bytes;
        let mut heard = Heard::Nothing;
        loop {
            match tls.open(&mut rest) {
                Ok(None) => return heard,
                Ok(Some(plaintext)) => {
                    match self.read_answers(question, plaintext, now_ns, ledger) {
                        Heard::Nothing => {}
                        Heard::Answer => heard = Heard::Answer,
                        end => return end,
                    }
                }
                Err(cause) => {
                    ledger.first_tls_error(|| tls.error());
                    return Heard::Broken(cause);
                }
            }
        }
    }

    fn read_answers(
        &mut self,
        question: Question<'_>,
        bytes: &[u8],
        now_ns: u64,
        ledger: &mut Ledger<'_>,
    ) -> Heard {
        ledger.first_head(bytes);
        if self.is_under_way() {
            ledger.received(bytes.len());
        }
        let mut rest = bytes;
        let mut heard = Heard::Nothing;
        while !rest.is_empty() {
            let Some(flight) = self.flights.front_mut() else {
                // Whatever follows the last answer must not be taken for the next one.
                return Heard::Last;
            };
            flight.first_byte_ns.get_or_insert(now_ns);
            let body_bytes_before = self.reader.body_bytes();
            let read = self.reader.read(question, &mut rest);
            ledger.received_body(self.reader.body_bytes() - body_bytes_before);
            let answer = match read {
                Ok(Some(answer)) => answer,
                Ok(None) => break,
                Err(cause) => return Heard::Broken(cause),
            };
            let is_last = self.flights.len() == 1;
            if is_last && answer.keep_alive && !rest.is_empty() {
                return Heard::Broken(Cause::MalformedResponse);
            }
            // An answer to half a request leaves the other half in the way.
            let is_sent = !is_last || self.phase == Phase::Receiving;
            let flight = self.land(now_ns);
            ledger.answered(&answer, &flight);
            self.reader.reset();
            if !answer.keep_alive || !is_sent {
                return Heard::Last;
            }
            heard = Heard::Answer;
        }
        heard
    }

    /// The oldest request ends.
    pub(super) fn land(&mut self, now_ns: u64) -> Timing {
        let mut flight = self.flights.pop_front().expect("a request is under way");
        flight.ended_ns = now_ns;
        self.ended_ns = now_ns;
        flight
    }
}

/// A proxy would not lead to the server.
fn no_way_through(reason: &str, ledger: &mut Ledger<'_>) -> Heard {
    ledger.first_proxy_error(reason);
    Heard::Broken(Cause::ConnectRefused)
}
