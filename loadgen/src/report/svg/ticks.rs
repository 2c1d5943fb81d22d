//! Where an axis is divided: at numbers that are round to a reader.

/// Round numbers from `low` to `high`, about `count` of them: steps of 1, 2 or 5 times a power of
/// ten. `low` is below `high`, both finite.
#[must_use]
pub(super) fn linear(low: f64, high: f64, count: usize) -> Vec<f64> {
    let count = count.max(1);
    let mut tries = (count..=2 * count).map(|count| stepped(low, high, count));
    let is_enough = |ticks: &Vec<f64>| ticks.len() > count / 2 + 1;
    tries
        .clone()
        .find(is_enough)
        .or_else(|| tries.next_back())
        .unwrap_or_default()
}

fn stepped(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = round_up((high - low) / count as f64);
    let (first, last) = ((low / step).ceil(), (high / step + 1e-9).floor());
    if !(step > 0.0 && first.is_finite() && last.is_finite()) {
        return Vec::new();
    }
    let count = (last - first).clamp(0.0, 50.0) as usize;
    (0..=count)
        .map(|index| (first + index as f64) * step)
        .filter(|tick| (low..=high).contains(tick))
        .collect()
}

/// Powers of ten from `low` to `high`, both above zero; where these are few 2 and 5 times them too,
/// or numbers as [`linear`] gives them; where they are many each second, third, … of them.
#[must_use]
pub(super) fn log(low: f64, high: f64, count: usize) -> Vec<f64> {
    // No number is further out; from what is none, such as zero, there would be decades without end.
    let decade = |value: f64| value.log10().clamp(-308.0, 308.0);
    let (first, last) = (decade(low).floor() as i32, decade(high).ceil() as i32);
    let within = |factors: &[f64]| -> Vec<f64> {
        let decades = (first..=last).map(|decade| 10_f64.powi(decade));
        let ticks = decades.flat_map(|power| factors.iter().map(move |factor| factor * power));
        ticks.filter(|tick| (low..=high).contains(tick)).collect()
    };
    for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let ticks = within(factors);
        if ticks.len() == 1 || ticks.is_empty() {
            break;
        }
        if ticks.len() <= count {
            return ticks;
        }
    }
    let decades = within(&[1.0]);
    if decades.len() < 2 {
        return linear(low, high, count);
    }
    let each = decades.len().div_ceil(count.max(1));
    decades.into_iter().step_by(each).collect()
}

/// The percentiles that people quote, up to `high`: 0, 50, 90, 99, 99.9 …
#[must_use]
pub(super) fn percentile(high: f64) -> Vec<f64> {
    let nines = (1..=9).map(|nines| 100.0 - 100.0 * 0.1_f64.powi(nines));
    let all = [0.0, 50.0].into_iter().chain(nines);
    all.filter(|tick| *tick <= high).collect()
}

/// The next number that is 1, 2 or 5 times a power of ten.
#[must_use]
pub(super) fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let rounds = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let next = rounds.into_iter().find(|it| *it >= value * (1.0 - 1e-9));
    next.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_are_round() {
        assert_eq!(linear(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(linear(97.0, 131.0, 4), [100.0, 110.0, 120.0, 130.0]);
        assert_eq!(log(1.0, 1000.0, 5), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(log(0.5, 2.0, 5), [0.5, 1.0, 2.0]);
        assert_eq!(log(1.0, 1e12, 5).len(), 5);
        assert_eq!(percentile(99.95), [0.0, 50.0, 90.0, 99.0, 99.9]);
    }

    #[test]
    fn the_widest_axis_has_few_ticks_and_one_without_an_end_too() {
        for (low, high) in [
            (f64::MIN_POSITIVE, f64::MAX),
            (0.0, f64::INFINITY),
            (5e-324, 1.0),
        ] {
            assert!(
                (2..=12).contains(&log(low, high, 5).len()),
                "{low} to {high}"
            );
        }
    }

    proptest! {
        #[test]
        fn ticks_ascend_within_their_ends(
            low in -1e12..1e12_f64, width in 1e-9..1e12_f64, count in 1..12_usize
        ) {
            let high = low + width;
            prop_assume!(low < high);
            let ticks = linear(low, high, count);
            prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{ticks:?}");
            prop_assert!(ticks.len() <= 2 * count + 2, "{ticks:?}");
        }

        #[test]
        fn logarithmic_ticks_ascend_within_their_ends(
            low in -12.0..12.0_f64, width in 0.01..12.0_f64, count in 2..12_usize
        ) {
            let (low, high) = (10_f64.powf(low), 10_f64.powf(low + width));
            let ticks = log(low, high, count);
            prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{ticks:?}");
            prop_assert!(ticks.len() <= 2 * count + 2, "{ticks:?}");
        }
    }
}
