//! Which part of a run this machine makes.

use std::fmt;
use std::str::FromStr;

/// Most shards of a run: as many records as a directory is pleasant with, and far more machines
/// than a test needs.
pub const SHARDS_MAX: u64 = 100_000;

/// One of several processes that make a load together, each on its own machine or not.
///
/// Whole numbers are divided as `floor(x(i+1)/n) − floor(xi/n)`, so that shares differ by one at
/// most and add up to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its place among them, from 0.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

impl Shard {
    /// The only one.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// How many of a schedule's first `arrivals` arrivals are its own: it takes those that leave
    /// its index when they are divided by the number of shards.
    #[must_use]
    pub fn arrivals(self, arrivals: u64) -> u64 {
        arrivals / self.of + u64::from(arrivals % self.of > self.index)
    }

    /// Its share of `count`.
    #[must_use]
    pub fn share(self, count: u64) -> u64 {
        self.up_to(self.index + 1, count) - self.up_to(self.index, count)
    }

    /// What the shards before it have of `count`.
    #[must_use]
    pub fn before(self, count: u64) -> u64 {
        self.up_to(self.index, count)
    }

    fn up_to(self, shards: u64, count: u64) -> u64 {
        portion(count, shards, self.of)
    }
}

/// As much of `count` as falls to the first `up_to` of `of`, rounded down: the differences from one
/// to the next add up to the whole.
pub(crate) fn portion(count: u64, up_to: u64, of: u64) -> u64 {
    (u128::from(count) * u128::from(up_to) / u128::from(of)) as u64
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "give INDEX/COUNT, the index from 0, such as 0/4, or auto".to_owned();
        let (index, of) = text.split_once('/').ok_or_else(form)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| form());
        let (index, of) = (number(index)?, number(of)?);
        if of > SHARDS_MAX {
            return Err(format!("{of} shards are over {SHARDS_MAX}; use fewer"));
        }
        match index < of {
            true => Ok(Self { index, of }),
            false => Err(form()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        let shard: Shard = "2/4".parse().unwrap();
        assert_eq!((shard.index, shard.of), (2, 4));
        assert_eq!(shard.to_string(), "2/4");
    }

    #[test]
    fn what_is_no_shard_is_told_the_form() {
        for text in ["", "4", "4/4", "0/0", "-1/4", "a/b", "1/2/3"] {
            let error = text.parse::<Shard>().unwrap_err();
            assert!(error.contains("such as 0/4"), "{text}: {error}");
        }
        assert!("0/100001".parse::<Shard>().is_err());
    }

    #[test]
    fn there_is_no_number_too_large_to_be_divided() {
        let [first, last] = [0, 1].map(|index| Shard { index, of: 2 });
        assert_eq!(first.arrivals(u64::MAX) - 1, last.arrivals(u64::MAX));
        assert_eq!(first.share(u64::MAX) + 1, last.share(u64::MAX));
    }

    proptest! {
        #[test]
        fn arrivals_are_dealt_in_turn(arrivals in 0_u64..500, of in 1_u64..20, index in 0_u64..20) {
            let shard = Shard { index: index % of, of };
            let own = (0..arrivals).filter(|arrival| arrival % of == shard.index).count();
            prop_assert_eq!(shard.arrivals(arrivals), own as u64);
        }

        #[test]
        fn shares_add_up_and_differ_by_one_at_most(count in 0_u64..1_000_000_000_000, of in 1_u64..200) {
            let shares: Vec<u64> = (0..of).map(|index| Shard { index, of }.share(count)).collect();
            prop_assert_eq!(shares.iter().sum::<u64>(), count);
            prop_assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }
}
