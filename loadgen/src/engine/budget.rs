//! Whether another request may begin.

use crate::engine::control::nanoseconds;
use crate::plan::Plan;

/// One worker's share of the plan's count and time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Requests of the measured part that may still begin.
    pub(super) remaining: Option<u64>,
    /// Where the measured part begins.
    pub(super) measured_from_ns: u64,
    /// When the run ends, whatever is under way.
    pub(super) deadline_ns: Option<u64>,
}

impl Budget {
    /// The share of worker `index`.
    pub(super) fn of_worker(plan: &Plan, index: usize) -> Self {
        let measured_from_ns = nanoseconds(plan.warmup);
        let duration_ns = plan.stop.duration.map(nanoseconds);
        Self {
            remaining: plan
                .stop
                .requests
                .map(|requests| plan.load.requests_of(index, requests)),
            measured_from_ns,
            deadline_ns: duration_ns.map(|duration| measured_from_ns.saturating_add(duration)),
        }
    }

    /// Takes one request, if there is one to take at `now_ns`. Those of the warm-up are free.
    pub(super) fn take(&mut self, now_ns: u64) -> bool {
        if self.is_over(now_ns) {
            return false;
        }
        if now_ns < self.measured_from_ns {
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

    /// Whether time is up.
    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        self.deadline_ns
            .is_some_and(|deadline_ns| now_ns >= deadline_ns)
    }

    /// Whether requests end the run, so that one that fails at once need not be held back.
    pub(super) fn is_counted(&self) -> bool {
        self.remaining.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        remaining: Some(2),
        measured_from_ns: 100,
        deadline_ns: Some(200),
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
