//! What falls to users who come and go.

use std::iter::from_fn;

use proptest::prelude::*;

use super::*;

impl Run {
    /// What falls to a crowd's users, at first to nobody.
    fn shared(&self) -> Arrivals {
        Arrivals::shared(self.timetable(), Cursor::first(self.spacing))
    }
}

fn of(requests: u64) -> Run {
    Run {
        requests: Some(requests),
        ..RUN
    }
}

/// Takes all that has come due.
fn take(arrivals: &mut Arrivals, now_ns: u64) -> Vec<u64> {
    from_fn(|| arrivals.pop_due(now_ns)).collect()
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
        let mut both = [of(requests).shared(), of(requests).shared()];
        let mut now_ns = 0;
        let mut taken = [Vec::new(), Vec::new()];
        let divide = |both: &mut [Arrivals; 2], here, now_ns| {
            let shares = [(here, 0), (10 - here, here)];
            for (arrivals, (here, first)) in both.iter_mut().zip(shares) {
                arrivals.follow(Users { here, of: 10, first }, now_ns);
            }
        };
        // The first arrival comes due at the very beginning.
        let mut expected = of(requests).starts_of(0, 1);
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
            prop_assert_eq!(arrivals.peek_ns(), None);
        }
        let mut all = taken.concat();
        all.sort_unstable();
        prop_assert_eq!(all, expected);
    }

    /// Whatever the spacing, with and without warm-up.
    #[test]
    fn the_first_that_has_not_come_due_is_found_without_looking_at_each(
        run in run(),
        looks in prop::collection::vec(0_u64..1_000_000_000, 1..6),
    ) {
        let starts = run.starts_of(0, 1);
        let mut at = Cursor::first(run.spacing);
        let mut now_ns = 0;
        for later_ns in looks {
            now_ns += later_ns;
            run.timetable().pass_due(&mut at, now_ns);
            let due = starts.iter().filter(|&&start| start <= now_ns).count();
            prop_assert_eq!(at.index, due as u64);
            prop_assert_eq!(run.timetable().start_ns(&at), starts.get(due).copied());
        }
    }

    #[test]
    fn some_users_keep_their_share_of_the_rate(here in 1_usize..50, more in 0_usize..500) {
        let users = Users { here, of: here + more, first: 7 };
        let mut arrivals = of(10_000).shared();
        arrivals.follow(users, 0);
        let taken = take(&mut arrivals, u64::MAX).len() as f64;
        let expected = 10_000.0 * here as f64 / users.of as f64;
        prop_assert!((taken - expected).abs() <= 6.0, "{} for {}", taken, expected);
    }
}

#[test]
fn what_comes_due_while_nobody_is_here_is_nobodys() {
    let mut arrivals = of(100).shared();
    let second_ns = |ms: u64| ms * 1_000_000 + 500_000;
    arrivals.follow(Users::default(), second_ns(10));
    assert_eq!(arrivals.peek_ns(), None);
    arrivals.follow(Users::all(1), second_ns(20));
    assert_eq!(arrivals.peek_ns(), Some(21_000_000));
    assert_eq!(take(&mut arrivals, second_ns(22)), [21_000_000, 22_000_000]);
    arrivals.follow(Users::default(), second_ns(30));
    assert_eq!(arrivals.waiting(second_ns(40)), 8);
    arrivals.follow(Users::all(2), second_ns(50));
    assert_eq!(arrivals.waiting(second_ns(52)), 10);
    assert_eq!(arrivals.leave(second_ns(53)), 11);
    assert_eq!(arrivals.peek_ns(), None);
    assert_eq!(arrivals.waiting(second_ns(54)), 0);
}

/// Users come after three hours at ten million a second, of whom a few are here: looking at each
/// arrival would take minutes.
#[test]
fn no_arrival_of_others_has_to_be_looked_at() {
    let run = Run {
        from: 1e7,
        to: 1e7,
        ..RUN
    };
    let mut arrivals = run.shared();
    let now_ns = 3 * 3600 * NS_PER_S as u64;
    let users = Users {
        here: 1,
        of: 1000,
        first: 500,
    };
    arrivals.follow(users, now_ns);
    let start_ns = arrivals.peek_ns().unwrap();
    assert!((now_ns + 1..=now_ns + 100_000).contains(&start_ns));
}
