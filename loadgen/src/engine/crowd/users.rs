//! How many connections are used, and which of a schedule's arrivals fall to them.

use crate::plan::Load;

/// Some of the users that a load is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// How many are here. Each has a connection.
    pub here: usize,
    /// How many there are everywhere.
    pub of: usize,
    /// How many of them come before those that are here.
    ///
    /// In open loop each of [`of`](Self::of) users has the arrivals that are its turn; if all places
    /// from 0 on are somebody's, and nobody has the same as another, then all together make exactly
    /// the schedule. Somebody who does not know its place may guess: the rate is the share of the
    /// schedule's all the same, only that requests come at the same time as others'.
    pub first: usize,
}

impl Users {
    /// All that there are.
    #[must_use]
    pub fn all(here: usize) -> Self {
        Self {
            here,
            of: here,
            first: 0,
        }
    }

    /// Those that worker `index` has: as many as it has connections if all of `load`'s are used, and
    /// else as many as others, or one more. More users leave none with fewer.
    pub(super) fn of_worker(self, load: &Load, index: usize) -> Self {
        let here = self.here.min(load.connections);
        let count = |index| users_of(load, here, index);
        Self {
            here: count(index),
            of: self.of.max(self.here),
            first: self.first + (0..index).map(count).sum::<usize>(),
        }
    }

    /// The arrivals that fall to them.
    pub(in crate::engine) fn share(self) -> Share {
        Share::of(self)
    }
}

/// Of `users`, those of worker `index`.
fn users_of(load: &Load, users: usize, index: usize) -> usize {
    let workers = load.threads;
    let each = load.connections / workers;
    if users <= each * workers {
        // One after another.
        return (users + workers - 1 - index) / workers;
    }
    // The rest goes to those workers, one after another, that have a connection more than others.
    let has_more = load.connections_of(index) > each;
    let with_more_before = load.connections_up_to(index) - each * index;
    each + usize::from(has_more && with_more_before < users - each * workers)
}

/// Which of a schedule's arrivals fall to some of its users.
///
/// Arrival k is that of user k·g mod n, of n users. As g and n have no common divisor, each user has
/// one in n arrivals, whoever the others are. And as g/n is near the golden ratio, the arrivals of
/// users in a row do not come in a row but evenly spread among all others: of any arrivals in a row
/// some users have as many as their share, give or take a few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Share {
    here: u64,
    of: u64,
    first: u64,
    step: u64,
}

impl Share {
    fn of(users: Users) -> Self {
        // Far more than there are, and few enough for a product of two.
        let [here, of, first] = [users.here, users.of, users.first]
            .map(|count| u64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        let of = of.max(here);
        Self {
            here,
            of,
            first: first.checked_rem(of).unwrap_or_default(),
            step: step(of),
        }
    }

    /// The first arrival from `index` on that falls to them, of all that there are; `None` if none
    /// ever does.
    pub(in crate::engine) fn first_from(self, mut index: u64) -> Option<u64> {
        if self.here == 0 {
            return None;
        }
        // In steps that cost next to nothing: a few users of very many are far between.
        let mut place = self.place(index);
        while place >= self.here {
            index += 1;
            place += self.step;
            if place >= self.of {
                place -= self.of;
            }
        }
        Some(index)
    }

    /// How far behind the first of them the user of arrival `index` is.
    fn place(self, index: u64) -> u64 {
        (index % self.of * self.step + self.of - self.first) % self.of
    }
}

/// How far from the golden section a step is looked for.
const STEP_OFF_MAX: u64 = 32;

/// A number near the golden section of `of` that has no common divisor with it, and of these the
/// one that spreads best.
fn step(of: u64) -> u64 {
    let golden = (of as f64 * (5.0_f64.sqrt() - 1.0) / 2.0) as u64;
    let near = golden.saturating_sub(STEP_OFF_MAX).max(1)..=golden + STEP_OFF_MAX;
    let spreading = near.filter_map(|step| Some((unevenness(step, of)?, step)));
    // There is one: 1, or the next prime number, is near a small golden section, and of 64 numbers
    // in a row some share no divisor with one below 2³².
    spreading.min().map_or(1, |(_, step)| step)
}

/// How far off the share of some places in a row can be, in any steps in a row, but for a factor:
/// the sum of the digits of `step`/`of` as a continued fraction (Kuipers and Niederreiter, Uniform
/// Distribution of Sequences, section 2.3). `None` if they have a common divisor.
fn unevenness(step: u64, of: u64) -> Option<u64> {
    let (mut larger, mut smaller) = (of, step);
    let mut sum = 0;
    while smaller > 0 {
        sum += larger / smaller;
        (larger, smaller) = (smaller, larger % smaller);
    }
    (larger == 1).then_some(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn load() -> impl Strategy<Value = Load> {
        (1_usize..200, 1_usize..20)
            .prop_map(|(connections, threads)| Load::closed(connections, threads.min(connections)))
    }

    fn has(share: &Share, index: u64) -> bool {
        share.first_from(index) == Some(index)
    }

    fn shares(load: &Load, users: Users) -> Vec<Users> {
        let workers = 0..load.threads;
        workers.map(|index| users.of_worker(load, index)).collect()
    }

    proptest! {
        #[test]
        fn workers_share_the_users_evenly_and_none_has_more_than_connections(
            load in load(),
            here in 0_usize..220,
            first in 0_usize..50,
        ) {
            let users = Users { here, of: 1000, first };
            let shares = shares(&load, users);
            let counts = || shares.iter().map(|share| share.here);
            prop_assert_eq!(counts().sum::<usize>(), here.min(load.connections));
            prop_assert!(counts().max().unwrap() - counts().min().unwrap() <= 1);
            let mut next = first;
            for (index, share) in shares.iter().enumerate() {
                prop_assert!(share.here <= load.connections_of(index));
                prop_assert_eq!((share.first, share.of), (next, 1000));
                next += share.here;
            }
        }

        #[test]
        fn a_worker_never_has_fewer_when_there_are_more(load in load(), here in 0_usize..220) {
            let [fewer, more] = [here, here + 1].map(|here| shares(&load, Users::all(here)));
            for (fewer, more) in fewer.iter().zip(&more) {
                prop_assert!(fewer.here <= more.here);
            }
        }

        #[test]
        fn every_arrival_falls_to_one_of_those_who_share_the_places(
            counts in prop::collection::vec(0_usize..200, 1..8),
            from in 0_u64..1_000_000,
        ) {
            let of = counts.iter().sum::<usize>();
            prop_assume!(of > 0);
            let mut first = 0;
            let shares: Vec<_> = counts.iter().map(|&here| {
                let share = Users { here, of, first }.share();
                first += here;
                share
            }).collect();
            for index in from..from + 2000 {
                let takers = shares.iter().filter(|share| has(share, index)).count();
                prop_assert_eq!(takers, 1, "arrival {}", index);
            }
        }

        #[test]
        fn any_arrivals_in_a_row_have_the_share_give_or_take_a_few(
            of in 1_usize..30_000,
            here in 1_usize..30_000,
            first in 0_usize..40_000,
            from in 0_u64..1_000_000_000,
            count in 1_u64..5_000,
        ) {
            let here = here.min(of);
            let share = Users { here, of, first }.share();
            let taken = (from..from + count).filter(|&index| has(&share, index)).count() as f64;
            let expected = count as f64 * here as f64 / of as f64;
            prop_assert!((taken - expected).abs() <= 6.0, "{} for {}", taken, expected);
            let cycle = (from..from + of as u64).filter(|&index| has(&share, index)).count();
            prop_assert_eq!(cycle, here);
        }
    }

    #[test]
    fn all_users_have_all_arrivals_and_nobody_none() {
        let all = Users::all(7).share();
        assert!((0..100).all(|index| has(&all, index)));
        assert!(Users::default().share().first_from(0).is_none());
        // More than all is all.
        let more = Users {
            here: 3,
            of: 2,
            first: 9,
        };
        assert!((0..100).all(|index| has(&more.share(), index)));
    }
}
