//! When requests of an open loop start: a closed form, so that no error adds up.

/// The intended starts of an open loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Requests per second when the measured part begins.
    pub from_per_second: f64,
    /// Requests per second when it ends; in between the rate changes evenly.
    pub to_per_second: f64,
    /// How starts are spread.
    pub spacing: Spacing,
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
