//! How many users of each class.

use rmpv::Value;

/// Counts by user class, in the master's order.
///
/// A master divides users among the classes of its locustfile; to this worker all are alike, and
/// each is a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users(Vec<(String, u64)>);

impl Users {
    /// Of these classes so many each.
    #[must_use]
    pub fn new(classes: Vec<(String, u64)>) -> Self {
        Self(classes)
    }

    /// All of them.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The same classes, `most` in all at most: what is beyond is left out of the later classes.
    #[must_use]
    pub fn at_most(&self, most: u64) -> Self {
        let mut left = most;
        let capped = self.0.iter().map(|(class, count)| {
            let count = left.min(*count);
            left -= count;
            (class.clone(), count)
        });
        Self(capped.collect())
    }

    /// As a message has them: class to count.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let pairs = self.0.iter();
        Value::Map(
            pairs
                .map(|(class, count)| (Value::from(class.as_str()), Value::from(*count)))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_capacity_is_left_out() {
        let users = Users::new(vec![("A".to_owned(), 3), ("B".to_owned(), 5)]);
        for (most, expected) in [(0, [0, 0]), (4, [3, 1]), (8, [3, 5]), (100, [3, 5])] {
            let capped = users.at_most(most);
            assert_eq!(
                capped.0.iter().map(|(_, count)| *count).collect::<Vec<_>>(),
                expected
            );
            assert_eq!(capped.count(), most.min(8));
        }
    }
}
