//! The bytes of the requests, built before the run: a worker only points at them.

use std::borrow::Cow;

use crate::plan::Plan;

/// Ready to be sent.
pub(super) struct Requests {
    /// For each of the plan's paths.
    each: Vec<Vec<u8>>,
    /// The first, as often as there can be requests on one connection: if there is one path only,
    /// any number of requests is one write.
    repeated: Vec<u8>,
}

impl Requests {
    pub(super) fn build(plan: &Plan) -> Self {
        let paths = plan.scenario.paths.list().iter();
        let each: Vec<_> = paths
            .map(|path| plan.scenario.request(&plan.target, path))
            .collect();
        Self {
            repeated: each[0].repeat(plan.load.pipeline),
            each,
        }
    }

    /// The bytes of requests for `paths`, one after another.
    pub(super) fn batch(&self, mut paths: impl ExactSizeIterator<Item = usize>) -> Cow<'_, [u8]> {
        let count = paths.len();
        match (self.each.as_slice(), count) {
            ([only], _) => Cow::Borrowed(&self.repeated[..count * only.len()]),
            (each, 1) => Cow::Borrowed(paths.next().map_or(&[], |path| &each[path])),
            (each, _) => Cow::Owned(paths.flat_map(|path| &each[path]).copied().collect()),
        }
    }
}
