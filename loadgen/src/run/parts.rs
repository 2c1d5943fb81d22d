//! Records of what a run hands over while it lasts.

use super::Samples;
use crate::engine::Summary;
use crate::plan::Plan;
use crate::record::{self, Context, Record};
use crate::system::environment::Environment;

/// One record for each part of a run whose [`Crowd`](crate::engine::Crowd) hands over what was
/// counted, and one for the rest. What the machine has paid is counted from part to part.
pub struct Parts {
    environment: Environment,
    /// At the end of the last part.
    last: Samples,
}

impl Parts {
    /// The run of `plan` is about to begin.
    #[must_use]
    pub fn begin(plan: &Plan) -> Self {
        Self {
            environment: Environment::read(),
            last: Samples::take(plan, &[]),
        }
    }

    /// The record of what [`Crowd::collect`](crate::engine::Crowd::collect) came to, or, for the
    /// last part, of the summary that [`run`](crate::run::run) has returned: the record that comes
    /// with it counts the whole run's costs, and only the last part's requests.
    ///
    /// All of them have the run's beginning as `started_at`, and `elapsed_s` since then.
    pub fn record(&mut self, plan: &Plan, context: &Context, part: &Summary) -> Record {
        let now = Samples::take(plan, &[]);
        let mut measured = now.since(&self.last, self.environment.clone());
        measured.started_at = part.began_at + plan.warmup;
        self.last = now;
        record::build_part(plan, context, part, &measured)
    }
}
