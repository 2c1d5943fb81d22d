//! Labels beside the ends of lines, none on another.

/// The places nearest to those wanted that are `gap` apart and between `low` and `high`, in the
/// order in which they are given. With more than there is room for they go beyond `high`.
#[must_use]
pub fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut places = wanted.to_vec();
    let mut free = low;
    for &index in &order {
        places[index] = places[index].max(free);
        free = places[index] + gap;
    }
    let mut free = high;
    for &index in order.iter().rev() {
        places[index] = places[index].min(free);
        free = places[index] - gap;
    }
    let mut free = low;
    for &index in &order {
        places[index] = places[index].max(free);
        free = places[index] + gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_give_way_to_each_other() {
        assert_eq!(
            spread(&[50.0, 10.0, 52.0], 10.0, 0.0, 100.0),
            [50.0, 10.0, 60.0]
        );
        assert_eq!(spread(&[99.0, 99.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
    }

    proptest! {
        #[test]
        fn labels_are_a_gap_apart_and_in_order(
            wanted in prop::collection::vec(0.0..100.0_f64, 0..10)
        ) {
            let mut places = spread(&wanted, 10.0, 0.0, 100.0);
            prop_assert!(places.iter().all(|it| (-0.001..100.001).contains(it)), "{places:?}");
            places.sort_by(f64::total_cmp);
            prop_assert!(places.windows(2).all(|it| it[1] - it[0] > 9.999), "{places:?}");
        }
    }
}
