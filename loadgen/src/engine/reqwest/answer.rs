//! What is counted of an answer, whichever client reads it.
//!
//! reqwest shows no bytes but those of bodies. Heads are counted as they would be written, which
//! is what servers send that do not pad them; the framing of chunks is not counted, nor are
//! interim answers, nor an answer that does not come to its end of head.

use super::cause::{cause, reason};
use crate::engine::desk::Desk;
use crate::engine::messages::Head;
use crate::http1::{Answer, BodyCheck};
use crate::outcome::Cause;
use crate::plan::Plan;
use crate::recorder::Timing;

/// What the lanes of a worker count alike.
#[derive(Clone)]
pub(super) struct Reading {
    desk: Desk,
    is_head: bool,
    expected_body: Option<Vec<u8>>,
    /// Length of each of the plan's requests.
    request_bytes: Vec<usize>,
}

impl Reading {
    pub(super) fn new(plan: &Plan, desk: &Desk) -> Self {
        let paths = plan.scenario.paths.list().iter();
        Self {
            desk: desk.clone(),
            is_head: plan.scenario.method.is_head(),
            expected_body: plan.expect.body.clone(),
            request_bytes: paths
                .map(|path| plan.scenario.request(&plan.target, path).len())
                .collect(),
        }
    }

    /// The request of `timing` was made: an answer's head has come, or it failed before.
    pub(super) fn made<R>(
        &self,
        timing: &mut Timing,
        made: Result<R, ::reqwest::Error>,
    ) -> Result<R, Cause> {
        let made = made.map_err(|error| self.failed(&error));
        let failed = made.as_ref().err().copied();
        if !failed.is_some_and(Cause::is_before_the_request) {
            self.desk.sent(self.request_bytes[timing.path]);
        }
        timing.first_byte_ns = made.is_ok().then(|| self.desk.now_ns());
        made
    }

    fn failed(&self, error: &::reqwest::Error) -> Cause {
        let cause = cause(error, false);
        if cause == Cause::TlsHandshake {
            self.desk.not_secured(|| reason(error));
        }
        cause
    }

    /// An answer's head has come.
    pub(super) fn head(&self, head: Head<'_>) -> Result<(), Cause> {
        self.desk.received(head.bytes());
        self.desk.head(|| head.to_bytes());
        match head.switches_protocols() {
            true => Err(Cause::MalformedResponse),
            false => Ok(()),
        }
    }

    /// The next part of its body has come.
    pub(super) fn body(&self, check: &mut BodyCheck, data: &[u8]) {
        self.desk.received(data.len());
        self.desk.received_body(data.len());
        check.take(self.expected_body.as_deref(), data);
    }

    /// Its body has ended.
    pub(super) fn answer(&self, head: Head<'_>, body: &BodyCheck) -> Answer {
        head.answer(self.is_head, body, self.expected_body.as_deref())
    }
}
