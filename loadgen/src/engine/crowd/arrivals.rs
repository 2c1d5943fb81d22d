//! When a worker's requests are to start in an open loop whose users come and go.
//!
//! A worker goes through all arrivals of the schedule and takes those that fall to its users. When
//! these change, that holds for what comes due from then on. What has come due before and waits
//! stays as it was, however often they change meanwhile: that is all that is kept of it, so that
//! here, too, waiting arrivals take no memory.

use std::collections::VecDeque;

use super::users::{Share, Users};
use crate::engine::arrivals::Arrivals;

/// The intended starts of some users' requests, in order.
#[derive(Clone, Debug)]
pub(in crate::engine) struct SharedArrivals {
    users: Users,
    /// The next arrival that is taken, if `next_ns` says when.
    next: Place,
    next_ns: Option<u64>,
    /// The first one to be taken that has not come due, as far as anybody asked, if some wait.
    not_due: Place,
    /// Arrivals to be taken from `next` up to `not_due`.
    waiting: u64,
    /// Of all arrivals, the first that had not come due when somebody followed last.
    ahead: Place,
    /// What is taken from where on, up to where the next one begins: the first of them holds at
    /// `next`, the last one from `ahead` on.
    spells: VecDeque<Spell>,
}

/// A place in the whole schedule.
#[derive(Clone, Debug)]
struct Place {
    index: u64,
    arrivals: Arrivals,
}

#[derive(Clone, Debug)]
struct Spell {
    from: Place,
    share: Share,
}

impl SharedArrivals {
    /// Of a whole schedule's, at first those of nobody.
    pub(in crate::engine) fn of(arrivals: Arrivals) -> Self {
        let first = Place { index: 0, arrivals };
        Self {
            users: Users::default(),
            next: first.clone(),
            next_ns: None,
            not_due: first.clone(),
            waiting: 0,
            ahead: first.clone(),
            spells: VecDeque::from([Spell {
                from: first,
                share: Share::default(),
            }]),
        }
    }

    /// From `now_ns` on, which must not go back, what falls to `users` is taken as it comes due.
    /// Nothing that was to start later may have been taken. The start of the next.
    pub(in crate::engine) fn follow(&mut self, users: Users, now_ns: u64) -> Option<u64> {
        while self.ahead.start_ns().is_some_and(|ns| ns <= now_ns) {
            self.ahead.pass();
        }
        if self.users != users {
            self.users = users;
            self.waiting(now_ns);
            self.spells.push_back(Spell {
                from: self.ahead.clone(),
                share: users.share(),
            });
            self.look_again();
        }
        self.next_ns
    }

    /// Nothing is taken any more; how many wait.
    pub(in crate::engine) fn leave(&mut self, now_ns: u64) -> u64 {
        let waiting = self.waiting(now_ns);
        self.spells.clear();
        self.next_ns = None;
        self.waiting = 0;
        waiting
    }

    /// The next one is taken, which there must be. The start of the one after it.
    pub(in crate::engine) fn pass(&mut self) -> Option<u64> {
        self.next.pass();
        self.seek_next();
        self.waiting = self.waiting.saturating_sub(1);
        self.next_ns
    }

    /// See [`Arrivals::waiting`].
    pub(in crate::engine) fn waiting(&mut self, now_ns: u64) -> u64 {
        let is_due = |start_ns| start_ns <= now_ns;
        if self.waiting == 0 {
            if !self.next_ns.is_some_and(is_due) {
                return 0;
            }
            self.not_due = self.next.clone();
        }
        while seek(&mut self.not_due, &self.spells).is_some_and(is_due) {
            self.not_due.pass();
            self.waiting += 1;
        }
        self.waiting
    }

    /// What has not come due is judged anew.
    fn look_again(&mut self) {
        if self.waiting == 0 {
            self.next = self.ahead.clone();
            self.seek_next();
        } else {
            self.not_due = self.ahead.clone();
        }
    }

    fn seek_next(&mut self) {
        self.next_ns = seek(&mut self.next, &self.spells);
        // Nobody looks back.
        while let Some(second) = self.spells.get(1)
            && second.from.index <= self.next.index
        {
            self.spells.pop_front();
        }
    }
}

/// Goes on to the next arrival that is to be taken; when it is to start, if there is one.
fn seek(place: &mut Place, spells: &VecDeque<Spell>) -> Option<u64> {
    loop {
        let holds = |spell: &Spell| spell.from.index <= place.index;
        let at = spells.iter().rposition(holds)?;
        let share = spells[at].share;
        let until = spells.get(at + 1);
        if share.is_empty() {
            *place = until?.from.clone();
            continue;
        }
        let is_within = |index| until.is_none_or(|until| index < until.from.index);
        while is_within(place.index) {
            let start_ns = place.start_ns()?;
            if share.has(place.index) {
                return Some(start_ns);
            }
            place.pass();
        }
    }
}

impl Place {
    /// When the arrival here is to start; `None` if there are no more.
    fn start_ns(&self) -> Option<u64> {
        self.arrivals.peek_ns()
    }

    fn pass(&mut self) {
        if self.arrivals.pop_due(u64::MAX).is_some() {
            self.index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter::from_fn;

    use proptest::prelude::*;

    use super::*;

    const RATE: f64 = 1000.0;

    fn schedule(requests: u64) -> Arrivals {
        Arrivals::at_rate(RATE, requests)
    }

    /// Takes all that has come due.
    fn take(arrivals: &mut SharedArrivals, now_ns: u64) -> Vec<u64> {
        from_fn(|| {
            let start_ns = arrivals.next_ns.filter(|&start_ns| start_ns <= now_ns)?;
            arrivals.pass();
            Some(start_ns)
        })
        .collect()
    }

    /// Who is here at which time, both in any unit of a worker's ticks.
    fn changes() -> impl Strategy<Value = Vec<(u64, usize, bool)>> {
        prop::collection::vec((0_u64..200, 0_usize..=10, any::<bool>()), 1..12)
    }

    proptest! {
        /// Two between whom all users are divided, anew each time.
        #[test]
        fn all_arrivals_are_taken_once_however_the_users_are_divided(
            changes in changes(),
            requests in 1_u64..2000,
        ) {
            let mut both = [SharedArrivals::of(schedule(requests)), SharedArrivals::of(schedule(requests))];
            let mut now_ns = 0;
            let mut taken = [Vec::new(), Vec::new()];
            let divide = |both: &mut [SharedArrivals; 2], here, now_ns| {
                let shares = [(here, 0), (10 - here, here)];
                for (arrivals, (here, first)) in both.iter_mut().zip(shares) {
                    arrivals.follow(Users { here, of: 10, first }, now_ns);
                }
            };
            // The first arrival comes due at the very beginning.
            let mut expected: Vec<u64> = from_fn({
                let mut all = schedule(requests);
                move || all.pop_due(u64::MAX)
            }).collect();
            expected.remove(0);
            divide(&mut both, 3, 0);
            for (later_ms, here, takes) in changes {
                now_ns += later_ms * 1_000_000 + 300_000;
                if takes {
                    for (arrivals, taken) in both.iter_mut().zip(&mut taken) {
                        taken.extend(take(arrivals, now_ns));
                    }
                }
                divide(&mut both, here, now_ns);
                let due = expected.iter().filter(|&&ns| ns <= now_ns).count();
                let waiting: u64 = both.iter_mut().map(|arrivals| arrivals.waiting(now_ns)).sum();
                let done: usize = taken.iter().map(Vec::len).sum();
                prop_assert_eq!(waiting as usize, due - done);
            }
            for (arrivals, taken) in both.iter_mut().zip(&mut taken) {
                taken.extend(take(arrivals, u64::MAX));
                prop_assert!(taken.is_sorted());
                prop_assert_eq!(arrivals.next_ns, None);
            }
            let mut all = taken.concat();
            all.sort_unstable();
            prop_assert_eq!(all, expected);
        }

        #[test]
        fn some_users_keep_their_share_of_the_rate(here in 1_usize..50, more in 0_usize..500) {
            let users = Users { here, of: here + more, first: 7 };
            let mut arrivals = SharedArrivals::of(schedule(10_000));
            arrivals.follow(users, 0);
            let taken = take(&mut arrivals, u64::MAX).len() as f64;
            let expected = 10_000.0 * here as f64 / users.of as f64;
            prop_assert!((taken - expected).abs() <= 6.0, "{} for {}", taken, expected);
        }
    }

    #[test]
    fn what_comes_due_while_nobody_is_here_is_nobodys() {
        let mut arrivals = SharedArrivals::of(schedule(100));
        let second_ns = |ms: u64| ms * 1_000_000 + 500_000;
        arrivals.follow(Users::default(), second_ns(10));
        assert_eq!(arrivals.next_ns, None);
        arrivals.follow(Users::all(1), second_ns(20));
        assert_eq!(arrivals.next_ns, Some(21_000_000));
        assert_eq!(take(&mut arrivals, second_ns(22)), [21_000_000, 22_000_000]);
        arrivals.follow(Users::default(), second_ns(30));
        assert_eq!(arrivals.waiting(second_ns(40)), 8);
        arrivals.follow(Users::all(2), second_ns(50));
        assert_eq!(arrivals.waiting(second_ns(52)), 10);
        assert_eq!(arrivals.leave(second_ns(53)), 11);
        assert_eq!(arrivals.next_ns, None);
        assert_eq!(arrivals.waiting(second_ns(54)), 0);
    }
}
