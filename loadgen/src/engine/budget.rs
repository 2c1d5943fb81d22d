//! Whether another request may begin.

use crate::engine::control::nanoseconds;
use crate::plan::Plan;

/// When a run is what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Where the measured part begins.
    pub(super) measured_from_ns: u64,
    /// When the run ends, whatever is under way.
    pub(super) deadline_ns: Option<u64>,
}

/// One worker's share of the plan's count and time.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) span: Span,
    /// Requests of the measured part that may still begin.
    pub(super) remaining: Option<u64>,
    /// Whether a schedule says when requests begin, and how many.
    pub(super) is_scheduled: bool,
}

impl Span {
    pub(super) fn of(plan: &Plan) -> Self {
        let measured_from_ns = nanoseconds(plan.warmup);
        let duration_ns = plan.stop.duration.map(nanoseconds);
        Self {
            measured_from_ns,
            deadline_ns: duration_ns.map(|duration| measured_from_ns.saturating_add(duration)),
        }
    }

    /// Whether time is up.
    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        self.deadline_ns
            .is_some_and(|deadline_ns| now_ns >= deadline_ns)
    }

    /// When time alone changes something next, whether or not the measured part has begun.
    pub(super) fn next_ns(&self, is_measuring: bool) -> u64 {
        match is_measuring {
            true => self.deadline_ns.unwrap_or(u64::MAX),
            false => self.measured_from_ns,
        }
    }
}

impl Budget {
    /// The share of worker `index`.
    pub(super) fn of_worker(plan: &Plan, index: usize) -> Self {
        let requests = plan.stop.requests;
        Self {
            span: Span::of(plan),
            remaining: requests.map(|requests| plan.load.requests_of(index, requests)),
            is_scheduled: plan.load.schedule().is_some(),
        }
    }

    /// Takes one request, if there is one to take at `now_ns`. Those of the warm-up are free.
    pub(super) fn take(&mut self, now_ns: u64) -> bool {
        if self.span.is_over(now_ns) {
            return false;
        }
        if now_ns < self.span.measured_from_ns {
            return true;
        }
        match &mut self.remaining {
            None => true,
            Some(0) => false,
            Some(remaining) => {
                *remaining -= 1;
                true
            }
        }
    }

    /// Takes the requests that are under way when the measured part begins.
    pub(super) fn take_under_way(&mut self, count: u64) {
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_sub(count);
        }
    }

    /// Whether requests that fail at once bring the run nearer to its end, so that they need not be
    /// held back.
    pub(super) fn failures_end_the_run(&self, is_measuring: bool) -> bool {
        // In open loop the schedule bounds them.
        self.is_scheduled || is_measuring && self.remaining.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        span: Span {
            measured_from_ns: 100,
            deadline_ns: Some(200),
        },
        remaining: Some(2),
        is_scheduled: false,
    };

    #[test]
    fn requests_of_the_warm_up_are_not_counted() {
        let mut budget = BUDGET;
        assert!((0..10).all(|now_ns| budget.take(now_ns)));
        assert!(budget.take(100) && budget.take(150));
        assert!(!budget.take(151));
    }

    #[test]
    fn nothing_begins_after_the_deadline() {
        let mut budget = BUDGET;
        assert!(budget.take(199));
        assert!(!budget.take(200));
    }
}
