//! A cell's run beside the bare relay's, and what all of them say.

use super::Cell;
use super::client::Played;
use crate::rounds::Measured;
use crate::spread::{Bound, Spread};

/// A cell's run, and the bare relay's right before it. The machine is at times two and a half times
/// as quick as at others, for tens of seconds: only what is measured together can be compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) played: Played,
    /// None if the cell is the bare relay's.
    pub(super) bare: Option<Played>,
}

/// A rate is bounded where the load generator was the limit in most rounds.
impl Measured<Cell, Turn> {
    pub(super) fn rate(&self) -> Option<Spread> {
        let rate = self.spread(|turn| Some(turn.played.round_trips_per_second))?;
        Some(rate.bounded(Bound::of_ratio(self.is_limited(), false)))
    }

    /// Round trips a second as a share of the bare relay's.
    pub(super) fn of_bare(&self) -> Option<Spread> {
        let bound = Bound::of_ratio(self.is_limited(), self.is_bare_limited());
        Some(self.spread(of_bare)?.bounded(bound))
    }

    /// That share beside the other's.
    pub(super) fn beside_bare(&self, other: &Self) -> Option<Spread> {
        let bound = Bound::of_ratio(
            self.is_limited() || other.is_bare_limited(),
            self.is_bare_limited() || other.is_limited(),
        );
        Some(self.ratio(other, of_bare)?.bounded(bound))
    }

    /// A time between sending and receiving, which can be less in truth where a rate can be more.
    pub(super) fn latency(&self, us: impl Fn(&Played) -> f64) -> Option<Spread> {
        let latency = self.spread(|turn| Some(us(&turn.played)))?;
        Some(latency.bounded(Bound::of_ratio(false, self.is_limited())))
    }

    pub(super) fn server_us(&self) -> Option<Spread> {
        self.spread(|turn| turn.played.server_us)
    }

    /// The relay's CPU time for a round trip, as a multiple of the bare one's. It tells
    /// relays apart even where the load generator was the limit.
    pub(super) fn cost_of_bare(&self) -> Option<Spread> {
        self.spread(|turn| Some(turn.played.server_us? / turn.bare?.server_us?))
    }

    fn is_limited(&self) -> bool {
        self.is_mostly(|turn| turn.played.is_limited)
    }

    fn is_bare_limited(&self) -> bool {
        self.is_mostly(|turn| turn.bare.is_some_and(|it| it.is_limited))
    }

    fn is_mostly(&self, is_so: impl Fn(&Turn) -> bool) -> bool {
        2 * self.runs.iter().filter(|turn| is_so(turn)).count() > self.runs.len()
    }
}

fn of_bare(turn: &Turn) -> Option<f64> {
    Some(turn.played.round_trips_per_second / turn.bare?.round_trips_per_second)
}
