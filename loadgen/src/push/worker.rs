//! Working on messages: the same for both clients.

use super::gauge::Gauge;
use super::message::{MESSAGE_BYTES, Message, messages};
use super::pace::Pace;
use super::plan::Plan;
use super::stop::Stop;

/// Who works on the messages of one client, on a thread of its own.
pub(super) struct Worker<'a> {
    pace: Pace,
    gauge: &'a Gauge,
    stop: &'a Stop,
}

impl<'a> Worker<'a> {
    /// To be called on the thread that works.
    pub(super) fn new(plan: &Plan, gauge: &'a Gauge, stop: &'a Stop) -> Self {
        Self {
            pace: Pace::new(plan.work, plan.delay),
            gauge,
            stop,
        }
    }

    /// Works on whole messages, and tells `done` of how many after each step. What the end of the
    /// run leaves over is not done.
    pub(super) fn process(&mut self, bytes: &[u8], has_waited: bool, mut done: impl FnMut(usize)) {
        if !self.pace.has_work() {
            // Read is done; the first, which is the oldest, stands for all.
            self.begin(messages(bytes).next());
            let count = bytes.len() / MESSAGE_BYTES;
            self.gauge.end(count as u64);
            return done(count);
        }
        for (index, message) in messages(bytes).enumerate() {
            if self.stop.is_set() {
                return;
            }
            self.begin(Some(message));
            let Some(time) = self.pace.work(has_waited && index == 0, self.stop) else {
                return;
            };
            self.gauge.worked(time);
            self.gauge.end(1);
            done(1);
        }
    }

    fn begin(&self, message: Option<&[u8; MESSAGE_BYTES]>) {
        if let Some(message) = message.and_then(Message::parse) {
            self.gauge.begin(message);
        }
    }
}
