//! What one client has done so far: written by its threads, read by who takes the samples.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::message::Message;
use super::numbering::Errors;

/// Of one client. Numbers stand for themselves, so no order between them is promised; each is right
/// once the client's threads have ended.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    received: AtomicU64,
    processed: AtomicU64,
    /// Of the message begun last, when it was begun, and one more; 0 before the first.
    age_ns_and_one: AtomicU64,
    worked_ns: AtomicU64,
    worked_ns_max: AtomicU64,
    gaps: AtomicU64,
    missing: AtomicU64,
    repeated: AtomicU64,
}

/// A gauge read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    pub(super) received: u64,
    pub(super) processed: u64,
    pub(super) age: Option<Duration>,
    pub(super) worked: Duration,
    pub(super) worked_max: Duration,
    pub(super) errors: Errors,
}

impl Gauge {
    pub(super) fn receive(&self, messages: u64, errors: Errors) {
        self.received.fetch_add(messages, Relaxed);
        self.gaps.store(errors.gaps, Relaxed);
        self.missing.store(errors.missing, Relaxed);
        self.repeated.store(errors.repeated, Relaxed);
    }

    /// The work on this message begins.
    pub(super) fn begin(&self, message: Message) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ns = now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
        let age_ns = now_ns.saturating_sub(message.sent_ns);
        self.age_ns_and_one.store(age_ns.saturating_add(1), Relaxed);
    }

    /// The work on so many messages has ended.
    pub(super) fn end(&self, messages: u64) {
        self.processed.fetch_add(messages, Relaxed);
    }

    /// The work on one of them took so long.
    pub(super) fn worked(&self, time: Duration) {
        let time_ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.worked_ns.fetch_add(time_ns, Relaxed);
        self.worked_ns_max.fetch_max(time_ns, Relaxed);
    }

    pub(super) fn read(&self) -> Reading {
        // What is received and processed between the two is left to the next reading, so that no more
        // seems to be held than is.
        let received = self.received.load(Relaxed);
        let processed = self.processed.load(Relaxed).min(received);
        let age_ns_and_one = self.age_ns_and_one.load(Relaxed);
        Reading {
            received,
            processed,
            age: age_ns_and_one.checked_sub(1).map(Duration::from_nanos),
            worked: Duration::from_nanos(self.worked_ns.load(Relaxed)),
            worked_max: Duration::from_nanos(self.worked_ns_max.load(Relaxed)),
            errors: Errors {
                gaps: self.gaps.load(Relaxed),
                missing: self.missing.load(Relaxed),
                repeated: self.repeated.load(Relaxed),
            },
        }
    }
}

impl Reading {
    /// Messages that were read and are not done.
    pub(super) fn held(&self) -> u64 {
        self.received - self.processed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_and_not_done_is_held() {
        let gauge = Gauge::default();
        gauge.receive(5, Errors::default());
        gauge.end(2);
        assert_eq!(gauge.read().held(), 3);
    }

    #[test]
    fn there_is_an_age_once_a_message_was_begun() {
        let gauge = Gauge::default();
        assert_eq!(gauge.read().age, None);
        gauge.begin(Message {
            number: 0,
            sent_ns: u64::MAX,
        });
        // Sent in the future, as a clock that was set back has it.
        assert_eq!(gauge.read().age, Some(Duration::ZERO));
    }
}
