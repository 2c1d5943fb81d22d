//! The bytes of the requests, built before the run: a worker only points at them.

use crate::plan::Plan;

/// Ready to be sent.
pub(super) struct Requests {
    request_bytes: usize,
    /// As often as there can be requests on one connection, so that any number of them is one
    /// write.
    repeated: Vec<u8>,
}

impl Requests {
    pub(super) fn build(plan: &Plan) -> Self {
        let request = plan.scenario.request(&plan.target);
        Self {
            request_bytes: request.len(),
            repeated: request.repeat(plan.load.pipeline),
        }
    }

    /// The bytes of `count` requests.
    pub(super) fn batch(&self, count: usize) -> &[u8] {
        &self.repeated[..count * self.request_bytes]
    }
}
