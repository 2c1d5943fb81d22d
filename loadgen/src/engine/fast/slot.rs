//! One of a worker's connections, and the request that is under way on it.

use crate::http1::{Answer, Question, ResponseReader};
use crate::outcome::Cause;
use crate::recorder::Timing;

/// Where a slot's request is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none, and none will follow.
    Done,
    /// There is none, and the next will begin once all that has happened is worked off.
    #[default]
    Due,
    /// There is none until the next tick: one failed at once, and trying again without a pause
    /// would only count failures as fast as the CPU can.
    HeldBack,
    /// Its connection is being opened.
    Connecting,
    /// It is being written.
    Sending,
    /// Its answer is awaited or read.
    Receiving,
    /// It has ended; the server's close is awaited, so that TIME_WAIT and its use of a port are
    /// the server's, as they are with ab.
    Closing,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) phase: Phase,
    pub(super) reader: ResponseReader,
    pub(super) timing: Timing,
    /// Whether there is a connection that can take another request.
    pub(super) is_open: bool,
}

impl Slot {
    /// A request begins.
    pub(super) fn begin(&mut self, now_ns: u64) {
        self.reader.reset();
        self.timing = Timing {
            started_ns: now_ns,
            connected_ns: now_ns,
            sent_ns: now_ns,
            first_byte_ns: None,
            ended_ns: now_ns,
        };
    }

    /// Whether a request has begun and not ended.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(
            self.phase,
            Phase::Connecting | Phase::Sending | Phase::Receiving
        )
    }

    /// Takes bytes that came for the request under way.
    pub(super) fn hear(&mut self, question: Question<'_>, bytes: &[u8], now_ns: u64) -> Heard {
        if !self.is_under_way() {
            return Heard::Nothing;
        }
        self.timing.first_byte_ns.get_or_insert(now_ns);
        let mut rest = bytes;
        match self.reader.read(question, &mut rest) {
            Ok(None) => Heard::Nothing,
            Ok(Some(answer)) if !rest.is_empty() && answer.keep_alive => Heard::Surplus,
            Ok(Some(answer)) => Heard::Answer(answer),
            Err(cause) => Heard::Broken(cause),
        }
    }
}

/// What the bytes that came amount to.
pub(super) enum Heard {
    /// Not yet an answer.
    Nothing,
    /// An answer, whole.
    Answer(Answer),
    /// An answer with bytes behind it on a connection that is to be used again: whatever they
    /// are, they must not be taken for the next answer.
    Surplus,
    /// No answer.
    Broken(Cause),
}
