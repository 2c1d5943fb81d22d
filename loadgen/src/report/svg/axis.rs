//! An axis: from numbers to places.

use super::ticks;
use crate::report::Scale;

/// Most nines of a percentile that an axis has room for.
const TAIL_MIN: f64 = 1e-9;

/// Numbers from one end to another, and the places where these are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// An axis on which all these numbers have a place; what is not finite, and on a logarithmic
    /// one what is not above zero, is passed over. With `from_zero` a linear one begins there.
    #[must_use]
    pub fn over(values: impl IntoIterator<Item = f64>, scale: Scale, from_zero: bool) -> Self {
        let fits =
            |value: &f64| value.is_finite() && (scale != Scale::Log || *value >= f64::MIN_POSITIVE);
        let ends = values.into_iter().filter(fits).fold(None, |ends, value| {
            let (low, high) = ends.unwrap_or((value, value));
            Some((value.min(low), value.max(high)))
        });
        let (low, high) = ends.unwrap_or((1.0, 1.0));
        let (low, high) = match scale {
            Scale::Linear => widened(if from_zero { low.min(0.0) } else { low }, high, from_zero),
            Scale::Log => (
                (low / 1.15).max(f64::MIN_POSITIVE),
                (high * 1.15).min(f64::MAX),
            ),
            Scale::Percentile => (0.0, high.clamp(50.0, 100.0 * (1.0 - TAIL_MIN))),
        };
        Self::between(low, high, scale)
    }

    /// An axis with these ends, of which the first is the lower.
    #[must_use]
    pub fn between(low: f64, high: f64, scale: Scale) -> Self {
        let (start, end) = (0.0, 1.0);
        Self {
            scale,
            low,
            high,
            start,
            end,
        }
    }

    /// The same axis, drawn from one place to another.
    #[must_use]
    pub fn drawn(self, start: f64, end: f64) -> Self {
        Self { start, end, ..self }
    }

    /// Where the number is drawn, at an end of the axis if it lies beyond; none if it has no place.
    #[must_use]
    pub fn at(&self, value: f64) -> Option<f64> {
        if value.is_nan() {
            return None;
        }
        let (low, high, value) = (self.way(self.low), self.way(self.high), self.way(value));
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        let place = self.start + share * (self.end - self.start);
        place.is_finite().then_some(place)
    }

    /// Whether the number lies between the axis' ends.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The ends.
    #[must_use]
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// About so many numbers that divide it.
    #[must_use]
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        match self.scale {
            Scale::Linear => ticks::linear(self.low, self.high, count),
            Scale::Log => ticks::log(self.low, self.high, count),
            Scale::Percentile => ticks::percentile(self.high),
        }
    }

    /// The number on the way on which the axis is even.
    fn way(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Log => value.ln(),
            Scale::Percentile => -(1.0 - value / 100.0).max(TAIL_MIN).log10(),
        }
    }
}

/// Ends with some air; the same number twice gets a range around it.
fn widened(low: f64, high: f64, from_zero: bool) -> (f64, f64) {
    let width = high - low;
    if width <= high.abs().max(low.abs()) * 1e-9 {
        return match low == 0.0 {
            true => (0.0, 1.0),
            false => (low - low.abs() * 0.1, high + high.abs() * 0.1),
        };
    }
    let air = 0.06 * width;
    match from_zero {
        true => (low, high + air),
        false => (low - air, high + air),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCALES: [Scale; 3] = [Scale::Linear, Scale::Log, Scale::Percentile];

    #[test]
    fn a_power_of_ten_is_as_far_from_the_next_as_from_the_last() {
        let axis = Axis::between(1.0, 100.0, Scale::Log).drawn(0.0, 200.0);
        assert_eq!(axis.at(10.0), Some(100.0));
        let axis = Axis::between(0.0, 99.0, Scale::Percentile).drawn(0.0, 200.0);
        assert!((axis.at(90.0).unwrap() - 100.0).abs() < 1e-6);
    }

    #[test]
    fn what_has_no_place_gets_none() {
        let axis = Axis::between(1.0, 100.0, Scale::Log).drawn(0.0, 200.0);
        assert_eq!(axis.at(f64::NAN), None);
        assert_eq!(axis.at(-1.0), None);
        assert_eq!(
            axis.at(0.0),
            Some(0.0),
            "as far to the left as there is room"
        );
    }

    proptest! {
        #[test]
        fn an_axis_is_monotone_and_stays_within_its_places(
            mut values in prop::collection::vec(prop::num::f64::ANY, 0..20),
            from_zero in any::<bool>(),
        ) {
            for scale in SCALES {
                let axis = Axis::over(values.iter().copied(), scale, from_zero).drawn(40.0, 700.0);
                values.sort_by(f64::total_cmp);
                let places: Vec<f64> = values.iter().filter_map(|it| axis.at(*it)).collect();
                prop_assert!(places.windows(2).all(|pair| pair[0] <= pair[1]), "{places:?}");
                prop_assert!(places.iter().all(|it| (40.0..=700.0).contains(it)), "{places:?}");
                for tick in axis.ticks(6) {
                    prop_assert!(axis.at(tick).is_some(), "{tick}");
                }
            }
        }
    }
}
