//! When a worker's requests are to start in open loop: all that the schedule has for it, or what
//! falls to the users of a crowd.

use super::arrivals::Arrivals;
use super::control::Control;
use super::crowd::SharedArrivals;
use crate::plan::Plan;

/// The intended starts of a worker's requests, in order.
#[derive(Debug)]
pub(super) enum Starts {
    Own(Arrivals),
    Shared(Box<SharedArrivals>),
}

impl Starts {
    /// Those of worker `index`; `None` in closed loop.
    pub(super) fn of_worker(plan: &Plan, control: &Control, index: usize) -> Option<Self> {
        match control.crowd() {
            None => Arrivals::of_worker(plan, index).map(Self::Own),
            Some(_) => SharedArrivals::of_plan(plan).map(|all| Self::Shared(Box::new(all))),
        }
    }

    /// See [`Arrivals::peek_ns`].
    pub(super) fn peek_ns(&self) -> Option<u64> {
        match self {
            Self::Own(arrivals) => arrivals.peek_ns(),
            Self::Shared(arrivals) => arrivals.peek_ns(),
        }
    }

    /// See [`Arrivals::pop_due`].
    pub(super) fn pop_due(&mut self, now_ns: u64) -> Option<u64> {
        match self {
            Self::Own(arrivals) => arrivals.pop_due(now_ns),
            Self::Shared(arrivals) => arrivals.pop_due(now_ns),
        }
    }

    /// See [`Arrivals::waiting`].
    pub(super) fn waiting(&mut self, now_ns: u64) -> u64 {
        match self {
            Self::Own(arrivals) => arrivals.waiting(now_ns),
            Self::Shared(arrivals) => arrivals.waiting(now_ns),
        }
    }

    /// See [`Arrivals::begin_measuring`]. Users have no number of requests to keep to.
    pub(super) fn begin_measuring(&mut self, begins_ns: u64, under_way: u64) {
        if let Self::Own(arrivals) = self {
            arrivals.begin_measuring(begins_ns, under_way);
        }
    }

    /// Those that a crowd has a share of.
    pub(super) fn shared(&mut self) -> Option<&mut SharedArrivals> {
        match self {
            Self::Own(_) => None,
            Self::Shared(arrivals) => Some(arrivals),
        }
    }
}
