//! Reports that no master is known to have taken.

use super::Test;
use crate::locust::report::Report;

/// At most three: the one that was sent last, the one that was asked for when the load was told to
/// end, and the last one of that load.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    kept: Vec<Kept>,
    /// The test that goes on, whose reports they are.
    test: Option<Test>,
}

#[derive(Clone, Debug)]
struct Kept {
    test: Option<Test>,
    report: Report,
    /// The heartbeat that was sent after it, on this connection.
    beat: Option<u64>,
}

impl Outbox {
    /// From now on reports are of this test.
    pub(super) fn begin(&mut self, test: Test) {
        self.test = Some(test);
    }

    pub(super) fn keep(&mut self, report: Report) {
        self.kept.push(Kept {
            test: self.test.clone(),
            report,
            beat: None,
        });
    }

    /// What is to be sent before heartbeat `beat`: all that was not on this connection.
    pub(super) fn send(&mut self, beat: u64) -> Vec<Report> {
        let unsent = self.kept.iter_mut().filter(|kept| kept.beat.is_none());
        unsent
            .map(|kept| {
                kept.beat = Some(beat);
                kept.report.clone()
            })
            .collect()
    }

    /// So many heartbeats have come back: what was sent before them has arrived.
    pub(super) fn taken(&mut self, echoes: u64) {
        let is_taken = |kept: &Kept| kept.beat.is_some_and(|beat| beat <= echoes);
        self.kept.retain(|kept| !is_taken(kept));
    }

    /// What was sent may have arrived or not.
    pub(super) fn connection_is_lost(&mut self) {
        for kept in &mut self.kept {
            kept.beat = None;
        }
    }

    /// Of reports of other tests than `test` that were not sent only our records go on; what that
    /// means, in a line.
    pub(super) fn keep_records_of_all_but(&mut self, test: &Test) -> Option<String> {
        let is_other = |kept: &&mut Kept| {
            let is_same = kept.test.as_ref().is_none_or(|own| own.is(test));
            !is_same && kept.beat.is_none() && kept.report.requests() > 0
        };
        let others = self.kept.iter_mut().filter(is_other);
        let requests: u64 = others
            .map(|kept| {
                let requests = kept.report.requests();
                kept.report.forget_locusts_numbers();
                requests
            })
            .sum();
        (requests > 0).then(|| {
            format!(
                "the master has begun another test meanwhile, so Locust's own numbers miss {requests} \
                 requests of the one before; its record has them"
            )
        })
    }

    /// Drops all; says so in a line.
    pub(super) fn drop_all(&mut self) -> Option<String> {
        let kept = std::mem::take(&mut self.kept);
        let requests: u64 = kept.iter().map(|kept| kept.report.requests()).sum();
        let test = kept
            .last()?
            .test
            .as_ref()
            .and_then(|test| test.run_id.as_deref());
        let of_test = test.map(|id| format!(" of test {id}")).unwrap_or_default();
        (requests > 0).then(|| {
            format!(
                "the last report{of_test} may be lost, with {requests} requests: no master has said \
                 that it has it"
            )
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}
