//! When requests of an open loop start: a closed form, so that no error adds up.
//!
//! N(t) is how many requests have started by the time t: the integral of the rate. The k-th
//! request starts where N reaches k, so each start is found without the ones before it, and a
//! run of hours ends where its plan says.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

/// Highest rate that can be asked for, per second: more than a core can start, and little enough
/// that starts are a hundred nanoseconds apart.
pub const RATE_MAX_PER_SECOND: f64 = 1e7;

/// Requests in flight in open loop, at most, unless said otherwise: a second's worth of a server
/// that answers a thousand requests in that time, and below most limits of open files.
pub const MAX_IN_FLIGHT: usize = 1000;

/// The intended starts of an open loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// How many there are in a second.
    pub rate: Rate,
    /// How starts are spread.
    pub spacing: Spacing,
    /// Whether a worker awaits the last moments before a start on its CPU instead of asleep.
    pub spin: bool,
}

/// How starts are spread around the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Evenly.
    Constant,
    /// As independent users would come: a Poisson process.
    Poisson {
        /// The same seed gives the same starts.
        seed: u64,
    },
}

/// How starts are spread, as it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Spread {
    /// Evenly
    #[default]
    Constant,
    /// At random, as independent users come
    Poisson,
}

/// A rate as it is asked for: `500`, `500/s`, `30/m`, `0.5`, or a ramp, `100..500`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests per second when the measured part begins, and in the warm-up before it.
    pub from_per_second: f64,
    /// Requests per second when it ends; in between the rate changes evenly.
    pub to_per_second: f64,
}

/// N(t) of one run, from the beginning of its warm-up on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    from_per_second: f64,
    /// By how much the rate grows each second of the measured part; below 0 if it falls.
    growth_per_s2: f64,
    warmup_s: f64,
    /// N at the end of the warm-up.
    warmup_count: f64,
    /// N at the end of the run, if time ends it.
    end_count: Option<f64>,
}

impl Schedule {
    /// N(t) of a run whose measured part lasts for `duration` after `warmup`. A ramp needs a
    /// duration; without one the first rate stays.
    #[must_use]
    pub fn curve(&self, warmup: Duration, duration: Option<Duration>) -> Curve {
        let Rate {
            from_per_second: from,
            to_per_second: to,
        } = self.rate;
        let warmup_s = warmup.as_secs_f64();
        let duration_s = duration.map(|duration| duration.as_secs_f64());
        let warmup_count = from * warmup_s;
        Curve {
            from_per_second: from,
            growth_per_s2: duration_s.map_or(0.0, |length| (to - from) / length),
            warmup_s,
            warmup_count,
            end_count: duration_s.map(|length| warmup_count + (from + to) / 2.0 * length),
        }
    }
}

impl Curve {
    /// Whether N is in the warm-up where it reaches `count`.
    #[must_use]
    pub fn is_in_warmup(&self, count: f64) -> bool {
        count < self.warmup_count
    }

    /// When N reaches `count`, in nanoseconds since the run began; `None` if it does not before
    /// time ends the run.
    ///
    /// An f64 holds a week in nanoseconds exactly, and a year to four of them.
    #[must_use]
    pub fn reaches_ns(&self, count: f64) -> Option<u64> {
        if self.end_count.is_some_and(|end| count >= end) {
            return None;
        }
        let at_s = match self.is_in_warmup(count) {
            true => count / self.from_per_second,
            false => self.warmup_s + self.ramp_reaches_s(count - self.warmup_count),
        };
        Some((at_s * 1e9).round() as u64)
    }

    /// Solves A·t + g·t²/2 = `count` for t, in the form that neither divides by a growth of 0 nor
    /// takes the difference of two numbers that are nearly equal.
    fn ramp_reaches_s(&self, count: f64) -> f64 {
        if count == 0.0 {
            // Also where the rate is 0 at first.
            return 0.0;
        }
        let from = self.from_per_second;
        let discriminant = from * from + 2.0 * self.growth_per_s2 * count;
        // At the end of a ramp to 0 rounding may leave it below.
        2.0 * count / (from + discriminant.max(0.0).sqrt())
    }
}

impl Spread {
    /// The same, with what decides random numbers if there are any.
    #[must_use]
    pub const fn spacing(self, seed: u64) -> Spacing {
        match self {
            Self::Constant => Spacing::Constant,
            Self::Poisson => Spacing::Poisson { seed },
        }
    }
}

impl Spacing {
    /// Its name in flags and records.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson { .. } => "poisson",
        }
    }

    /// What decides its random numbers, if it has any.
    #[must_use]
    pub const fn seed(self) -> Option<u64> {
        match self {
            Self::Constant => None,
            Self::Poisson { seed } => Some(seed),
        }
    }
}

impl Rate {
    /// One that stays the same.
    #[must_use]
    pub const fn constant(per_second: f64) -> Self {
        Self {
            from_per_second: per_second,
            to_per_second: per_second,
        }
    }

    /// What `text` says, per second, if that stays the same.
    ///
    /// # Errors
    ///
    /// One line that shows the form.
    pub fn per_second(text: &str) -> Result<f64, String> {
        let rate: Self = text.parse()?;
        match rate.is_ramp() {
            true => Err("give one rate, such as 500 or 30/m".to_owned()),
            false => Ok(rate.from_per_second),
        }
    }

    /// Whether it changes in the course of the run.
    #[must_use]
    pub fn is_ramp(&self) -> bool {
        self.from_per_second != self.to_per_second
    }

    /// Requests per second at the busiest.
    #[must_use]
    pub fn peak_per_second(&self) -> f64 {
        self.from_per_second.max(self.to_per_second)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_ramp() {
            true => write!(
                formatter,
                "{}..{}",
                self.from_per_second, self.to_per_second
            ),
            false => write!(formatter, "{}", self.from_per_second),
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    /// In `1..5/m` the unit is that of both.
    fn from_str(text: &str) -> Result<Self, String> {
        let rate = match text.split_once("..") {
            Some((from, to)) => {
                let (to, to_unit_s) = number_and_unit(to)?;
                let (from, from_unit_s) = number_and_unit(from)?;
                Self {
                    from_per_second: from / from_unit_s.or(to_unit_s).unwrap_or(1.0),
                    to_per_second: to / to_unit_s.unwrap_or(1.0),
                }
            }
            None => {
                let (number, unit_s) = number_and_unit(text)?;
                Self::constant(number / unit_s.unwrap_or(1.0))
            }
        };
        let peak = rate.peak_per_second();
        if peak == 0.0 {
            return Err("give a rate above 0, such as 500 or 30/m".to_owned());
        }
        if peak > RATE_MAX_PER_SECOND {
            return Err(format!("give a rate of at most {RATE_MAX_PER_SECOND}/s"));
        }
        Ok(rate)
    }
}

/// A number, and the seconds of the unit behind it if there is one.
fn number_and_unit(text: &str) -> Result<(f64, Option<f64>), String> {
    let form = || "give requests per second, such as 500, 30/m or 100..500".to_owned();
    let (number, unit_s) = match text.split_once('/') {
        None => (text, None),
        Some((number, "s")) => (number, Some(1.0)),
        Some((number, "m")) => (number, Some(60.0)),
        Some(_) => return Err(form()),
    };
    // Rust would also read inf, 1e3 and -0.
    let is_plain = |char: char| char.is_ascii_digit() || char == '.';
    match number.parse() {
        Ok(value) if number.chars().all(is_plain) => Ok((value, unit_s)),
        _ => Err(form()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_NS: f64 = 3.6e12;

    fn curve(from: f64, to: f64, warmup_s: f64, duration_s: Option<f64>) -> Curve {
        let schedule = Schedule {
            rate: Rate {
                from_per_second: from,
                to_per_second: to,
            },
            spacing: Spacing::Constant,
            spin: false,
        };
        schedule.curve(
            Duration::from_secs_f64(warmup_s),
            duration_s.map(Duration::from_secs_f64),
        )
    }

    #[test]
    fn a_rate_is_a_number_with_a_unit_or_two_of_them() {
        for (text, from, to) in [
            ("500", 500.0, 500.0),
            ("500/s", 500.0, 500.0),
            ("30/m", 0.5, 0.5),
            ("0.25", 0.25, 0.25),
            ("100..500", 100.0, 500.0),
            ("0..500/s", 0.0, 500.0),
            ("60..120/m", 1.0, 2.0),
            ("60/m..120", 1.0, 120.0),
            ("10/s..60/m", 10.0, 1.0),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(
                (rate.from_per_second, rate.to_per_second),
                (from, to),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_rate_is_told_what_one_looks_like() {
        for text in [
            "",
            "0",
            "0..0",
            "-5",
            "fast",
            "5/h",
            "5/",
            "/s",
            "1e3",
            "inf",
            "NaN",
            "1..",
            "..5",
            "1..2..3",
            "5 /s",
            "10000001",
            "1..99999999999",
            ".",
        ] {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(
                error.starts_with("give ") && !error.contains('\n'),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_constant_rate_is_exact_after_hours() {
        let thousand = curve(1000.0, 1000.0, 0.0, None);
        assert_eq!(thousand.reaches_ns(0.0), Some(0));
        assert_eq!(thousand.reaches_ns(1.0), Some(1_000_000));
        assert_eq!(thousand.reaches_ns(36e6 + 7.0), Some(36_000_007_000_000));
        let third = curve(3.0, 3.0, 0.0, None);
        assert_eq!(third.reaches_ns(1.0), Some(333_333_333));
        assert_eq!(
            third.reaches_ns(3.0 * 86_400.0 + 1.0),
            Some(86_400_333_333_333)
        );
    }

    #[test]
    fn a_ramp_has_an_even_change_between_its_ends() {
        // N(t) = 10 t²: 1000 in 10 s, a quarter of them by half of the time.
        let up = curve(0.0, 200.0, 0.0, Some(10.0));
        assert_eq!(up.reaches_ns(0.0), Some(0));
        assert_eq!(up.reaches_ns(250.0), Some(5_000_000_000));
        assert_eq!(up.reaches_ns(1000.0), None);
        let down = curve(200.0, 0.0, 0.0, Some(10.0));
        assert_eq!(down.reaches_ns(750.0), Some(5_000_000_000));
        assert_eq!(down.reaches_ns(1000.0), None);
    }

    #[test]
    fn the_warm_up_has_the_rate_at_which_the_measured_part_begins() {
        let curve = curve(100.0, 300.0, 2.0, Some(4.0));
        assert_eq!(curve.reaches_ns(150.0), Some(1_500_000_000));
        assert!(curve.is_in_warmup(199.0) && !curve.is_in_warmup(200.0));
        assert_eq!(curve.reaches_ns(200.0), Some(2_000_000_000));
        // 100 t + 25 t² is 300 at t = 2.
        assert_eq!(curve.reaches_ns(500.0), Some(4_000_000_000));
    }

    proptest! {
        #[test]
        fn starts_are_where_the_integral_of_the_rate_says(
            from in 0.0_f64..1e6,
            to in 0.0_f64..1e6,
            duration_s in 0.001_f64..10_000.0,
            share in 0.0_f64..1.0,
        ) {
            let curve = curve(from, to, 0.0, Some(duration_s));
            let whole = (from + to) / 2.0 * duration_s;
            let count = share * whole;
            prop_assume!(count < whole);
            let t = curve.reaches_ns(count).unwrap() as f64 / 1e9;
            prop_assert!(t <= duration_s + 1e-6);
            let integral = from * t + (to - from) * t * t / (2.0 * duration_s);
            // As many as fit within the nanosecond that a start is rounded to.
            let tolerance = 1e-9 * (1.0 + from.max(to)) + 1e-9 * whole;
            prop_assert!((integral - count).abs() <= tolerance, "{integral} for {count}");
        }

        #[test]
        fn no_error_adds_up_at_a_constant_rate(
            rate in 0.001_f64..1e6,
            hours in 0.0_f64..24.0,
        ) {
            let count = (hours * 3600.0 * rate).floor();
            let start_ns = curve(rate, rate, 0.0, None).reaches_ns(count).unwrap();
            let exact_ns = count / rate * 1e9;
            prop_assert!((start_ns as f64 - exact_ns).abs() <= 0.5 + exact_ns / HOUR_NS * 0.01);
        }

        #[test]
        fn any_text_is_a_rate_or_an_error_of_one_line(text in "[0-9./smh]{0,12}|.*") {
            if let Ok(rate) = text.parse::<Rate>() {
                prop_assert!(rate.from_per_second >= 0.0 && rate.to_per_second >= 0.0);
                prop_assert!(rate.from_per_second.is_finite() && rate.to_per_second.is_finite());
            }
        }
    }
}
