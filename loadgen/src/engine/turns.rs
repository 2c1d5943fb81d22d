//! Whose turn it is among the plan's paths.

use crate::plan::{Order, Plan, Shard};
use crate::statistics::random::Random;

/// One worker's choice of paths.
pub(super) struct Turns {
    paths: usize,
    next: usize,
    /// If their order is random.
    random: Option<Random>,
}

impl Turns {
    /// Workers, those of other shards too, begin at different paths, or short runs would ask for the
    /// first ones only.
    pub(super) fn of_worker(plan: &Plan, index: usize) -> Self {
        let shard = plan.shard.unwrap_or(Shard::ALL);
        let index = index as u64 * shard.of + shard.index;
        let paths = plan.scenario.paths.list().len();
        Self {
            paths,
            next: (index % paths as u64) as usize,
            random: match plan.scenario.paths.order {
                Order::RoundRobin => None,
                Order::Random { seed } => Some(Random::new(seed.wrapping_add(index))),
            },
        }
    }

    /// Always the first path's.
    #[cfg(test)]
    pub(super) fn of_one() -> Self {
        Self {
            paths: 1,
            next: 0,
            random: None,
        }
    }

    /// The index of the path whose turn it is.
    pub(super) fn next(&mut self) -> usize {
        if let Some(random) = &mut self.random {
            // Below 1, so below the number of paths.
            return (random.uniform() * self.paths as f64) as usize;
        }
        let turn = self.next;
        self.next = (turn + 1) % self.paths;
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(paths: usize, seed: Option<u64>) -> Turns {
        Turns {
            paths,
            next: 0,
            random: seed.map(Random::new),
        }
    }

    #[test]
    fn paths_come_one_after_another_and_again() {
        let mut turns = turns(3, None);
        let order: Vec<usize> = (0..7).map(|_| turns.next()).collect();
        assert_eq!(order, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn at_random_each_comes_about_as_often_and_the_same_again_with_the_same_seed() {
        let draw = |seed| {
            let mut turns = turns(4, Some(seed));
            (0..4000).map(|_| turns.next()).collect::<Vec<_>>()
        };
        let order = draw(7);
        assert_eq!(order, draw(7));
        assert_ne!(order, draw(8));
        for path in 0..4 {
            let count = order.iter().filter(|&&turn| turn == path).count();
            assert!((900..1100).contains(&count), "{count}");
        }
    }
}
