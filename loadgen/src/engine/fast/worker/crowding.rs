//! What a crowd adds: connections that come and go, and counts that are handed over meanwhile.

use super::Worker;
use crate::engine::crowd::{Crowd, Wish};
use crate::engine::fast::driver::Driver;
use crate::engine::fast::slot::Phase;

/// Which of a worker's slots are used: all of them, if nobody says otherwise.
#[derive(Debug)]
pub(super) struct Attendance {
    /// Slots below this are used.
    used: usize,
    /// From here on slots are parked. Those in between end what is under way on them.
    pub(super) occupied: usize,
    /// When the worker was told to end what is under way, and nothing else.
    pub(super) left_ns: Option<u64>,
}

impl Attendance {
    pub(super) fn of(used: usize) -> Self {
        Self {
            used,
            occupied: used,
            left_ns: None,
        }
    }
}

impl<'a, D: Driver<'a>> Worker<'a, D> {
    /// Does what whoever controls the run has asked for since the last tick.
    pub(super) fn follow_crowd(&mut self) {
        let Some(crowd) = self.job.control.crowd() else {
            return;
        };
        if self.arrivals.is_some() {
            // What has come due and has a connection does not wait for whoever goes now.
            self.begin_arrived();
        }
        let now_ns = self.job.clock.now_ns();
        self.hand_over(crowd, now_ns);
        if self.attendance.left_ns.is_none()
            && let Some(wish) = crowd.wish()
        {
            match wish.is_leaving {
                true => self.leave(now_ns),
                false => self.admit(crowd, wish, now_ns),
            }
        }
        self.park_ended();
        if self.attendance.left_ns.is_some() && self.attendance.occupied == 0 {
            self.active = 0;
        }
    }

    /// Hands over what was counted, if somebody asks for it.
    fn hand_over(&mut self, crowd: &Crowd, now_ns: u64) {
        let Some(empty) = crowd.asked(self.job.index) else {
            return;
        };
        let handed = self.job.ledger.hand_over(empty, now_ns);
        crowd.hand(self.job.index, handed);
        if let Some(arrivals) = &mut self.arrivals {
            // They have waited in the part before, and will in the next.
            self.job.ledger.backlog(arrivals.waiting(now_ns));
        }
    }

    /// Lets as many users in as there are to be, or lets some go.
    fn admit(&mut self, crowd: &Crowd, wish: Wish, now_ns: u64) {
        let users = crowd.of_worker(wish.users, self.job.index);
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.follow(users, now_ns);
        }
        let before = self.attendance.used;
        match users.here < before {
            true => self.let_go(users.here),
            false => (before..users.here).for_each(|slot| self.let_in(slot)),
        }
        self.attendance.used = users.here;
        self.attendance.occupied = self.attendance.occupied.max(users.here);
    }

    fn leave(&mut self, now_ns: u64) {
        self.attendance.left_ns = Some(now_ns);
        self.let_go(0);
        self.attendance.used = 0;
        if let Some(arrivals) = &mut self.arrivals {
            self.job.ledger.unsent(arrivals.leave(now_ns));
        }
    }

    /// No request begins any more on slots from `used` on.
    fn let_go(&mut self, used: usize) {
        for state in &mut self.slots[used..self.attendance.used] {
            // As if it were on both lists, so that nobody puts it there.
            state.is_ready = true;
            state.is_roomy = true;
        }
        self.ready.retain(|&slot| slot < used);
        self.roomy.retain(|&slot| slot < used);
    }

    /// Requests may begin on the slot.
    fn let_in(&mut self, slot: usize) {
        let state = &mut self.slots[slot];
        if state.phase == Phase::Done {
            return;
        }
        state.is_ready = false;
        state.is_roomy = false;
        match state.phase {
            // It can be used when that has come about.
            Phase::Closing => {}
            // It had not ended when its user came back.
            _ if state.is_under_way() => self.offer_room(slot),
            _ => self.make_ready(slot),
        }
    }

    /// Closes the connections that nobody uses any more.
    fn park_ended(&mut self) {
        let Attendance { used, occupied, .. } = self.attendance;
        let mut last = used;
        for slot in used..occupied {
            let state = &self.slots[slot];
            if state.is_under_way() {
                last = slot + 1;
            } else if !matches!(state.phase, Phase::Parked | Phase::Done) {
                self.close(slot);
                self.slots[slot].phase = Phase::Parked;
            }
        }
        self.attendance.occupied = last;
    }
}
