//! Parts of a test, each as Locust's numbers and as our record.

use std::time::Duration;

use super::protocol::Beginning;
use super::report::{Asked, Report, Window};
use super::users::Users;
use crate::engine::Summary;
use crate::plan::Plan;
use crate::record::{self, Context, Part};
use crate::run;
use crate::shard::{Membership, plan_hash};

/// Makes one part after another of what a load hands over.
pub(super) struct Parts<'a> {
    plan: &'a Plan,
    context: &'a Context,
    records: run::Parts,
    /// The name that the master knew the worker by when the test began.
    worker: String,
    sequence: u64,
    /// Where the last part ended.
    until: Duration,
}

impl<'a> Parts<'a> {
    /// The load of `plan` is about to begin.
    pub(super) fn begin(plan: &'a Plan, context: &'a Context, worker: String) -> Self {
        Self {
            plan,
            context,
            records: run::Parts::begin(plan),
            worker,
            sequence: 0,
            until: Duration::ZERO,
        }
    }

    pub(super) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// What is known of `part`, in which there were `users` in the end.
    pub(super) fn report(&mut self, part: &Summary, users: u64, is_last: bool) -> Report {
        let window = Window {
            began_at: part.began_at,
            from: self.until,
            to: Duration::from_nanos(part.elapsed_ns).max(self.until),
        };
        self.until = window.to;
        let asked = Asked {
            method: self.plan.scenario.method.as_str(),
            name: &self.plan.target.url.path,
        };
        // Which of them are of which class, only the protocol knows.
        let mut report = Report::of(&part.recorder, asked, &window, Users::default());
        report.record = self.record(part, users, is_last);
        report
    }

    /// On one line.
    fn record(&mut self, part: &Summary, users: u64, is_last: bool) -> Option<String> {
        let mut record = self.records.record(self.plan, self.context, part);
        // The plan's own are all that there could be.
        record.plan.connections = users;
        record.plan.concurrency = users;
        record.plan.max_in_flight = record.plan.max_in_flight.map(|_| users);
        if let Some(shard) = &mut record.shard {
            shard.part = Some(Part {
                worker: self.worker.clone(),
                sequence: self.sequence,
                is_last,
            });
        }
        self.sequence += 1;
        serde_json::to_string(&record).ok()
    }
}

/// What all workers of a test say of it.
pub(super) fn membership(beginning: &Beginning, plan: &Plan) -> Membership {
    let spawn = &beginning.spawn;
    let whole = |connections: u64| {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let mut whole = plan.clone();
        whole.load.connections = connections.max(1);
        whole.load.threads = 1;
        whole
    };
    Membership {
        index: beginning.index,
        of: None,
        run_id: spawn
            .options
            .run_id()
            // Then nobody puts together what several workers say.
            .unwrap_or_else(|| format!("locust-{:.3}", spawn.at_s)),
        // Users come and go, and a worker that joins late may find another number of them.
        plan_hash: plan_hash(&whole(1)),
        plan: Box::new(record::settings(&whole(beginning.share.of))),
        scheduler: Some("locust"),
        start_at: None,
    }
}
