//! What became of the connections beside the load.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::background::{Held, Missed, Opening};
use crate::outcome::Cause;
use crate::plan;

/// Connections that were opened before the load and held while it lasted. One
/// that the server closed was not opened again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Background {
    /// How long it took to open them, in seconds; before the warm-up.
    pub opening_s: f64,
    /// Connections that took one answer each and then kept silent; absent if
    /// none were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<HeldConnections>,
    /// Connections that took answers slowly, at most 4 KiB every 100 ms; absent if none
    /// were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_readers: Option<HeldConnections>,
    /// What slow readers took during the measured part, in bytes, TLS included.
    pub slow_bytes_received: u64,
}

/// Connections of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldConnections {
    /// How many there were to be.
    pub asked: u64,
    /// Open and answered when the measured part began.
    pub held_at_start: u64,
    /// Still open when it ended.
    pub held_at_end: u64,
    /// Those that did not come about or did not last, by cause: the causes of `failures`,
    /// `not_kept` (answered, and then closed by the server, at once or later) and `not_tried`
    /// (another before it took longer than the connect timeout, or all together
    /// too long). Empty if all lasted.
    pub failures: BTreeMap<String, u64>,
}

/// What was seen of them.
#[derive(Clone, Debug)]
pub struct BackgroundMeasured {
    /// How opening them went.
    pub opening: Opening,
    /// When the measured part began.
    pub at_start: Held,
    /// When it ended.
    pub at_end: Held,
}

impl Background {
    pub(super) fn of(plan: &plan::Background, measured: &BackgroundMeasured) -> Self {
        let BackgroundMeasured {
            opening,
            at_start,
            at_end,
        } = measured;
        let kind = |asked, missed: &Missed, lost, held: fn(&Held) -> u64| {
            (asked > 0).then(|| HeldConnections {
                asked: asked as u64,
                held_at_start: held(at_start),
                held_at_end: held(at_end),
                failures: failures(missed, lost),
            })
        };
        Self {
            opening_s: opening.took.as_secs_f64(),
            idle: kind(plan.idle, &opening.idle, at_end.idle_lost, |held| held.idle),
            slow_readers: kind(
                plan.slow_readers,
                &opening.slow_readers,
                at_end.slow_readers_lost,
                |held| held.slow_readers,
            ),
            slow_bytes_received: at_end.slow_bytes - at_start.slow_bytes,
        }
    }

    /// Both kinds, as far as they were asked for.
    pub fn kinds(&self) -> impl Iterator<Item = &HeldConnections> {
        self.idle.iter().chain(&self.slow_readers)
    }

    /// Whether all that are missing are missing because this machine had no socket for them, which
    /// says nothing of the server.
    #[must_use]
    pub fn is_short_of_sockets(&self) -> bool {
        let mut missing = self.kinds().filter(|kind| kind.missing() > 0).peekable();
        missing.peek().is_some() && missing.all(HeldConnections::is_short_of_sockets)
    }

    /// Connections that were open when the measured part began.
    #[must_use]
    pub fn held_at_start(&self) -> u64 {
        self.kinds().map(|kind| kind.held_at_start).sum()
    }
}

impl HeldConnections {
    /// How many of those asked for the server did not bear to the end.
    #[must_use]
    pub fn missing(&self) -> u64 {
        let held = self.held_at_start.min(self.held_at_end);
        self.asked.saturating_sub(held)
    }

    fn is_short_of_sockets(&self) -> bool {
        let of = |cause: Cause| self.failures.get(cause.label()).copied().unwrap_or(0);
        of(Cause::NoFileDescriptor) + of(Cause::NoLocalPort) >= self.missing()
    }
}

/// `lost` is how many were held and then not any more.
fn failures(missed: &Missed, lost: u64) -> BTreeMap<String, u64> {
    let causes = missed.failures.iter();
    causes
        .map(|(cause, count)| (cause.label(), count))
        .chain([
            ("not_kept", missed.not_kept + lost),
            ("not_tried", missed.not_tried),
        ])
        .filter(|(_, count)| *count > 0)
        .map(|(label, count)| (label.to_owned(), count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_were_lost_while_the_load_lasted_have_a_cause_too() {
        let plan = plan::Background {
            idle: 5,
            ..plan::Background::default()
        };
        let at_start = Held {
            idle: 5,
            ..Held::default()
        };
        let measured = BackgroundMeasured {
            opening: Opening::default(),
            at_start,
            at_end: Held {
                idle: 2,
                idle_lost: 3,
                ..at_start
            },
        };
        let idle = Background::of(&plan, &measured).idle.unwrap();
        assert_eq!(idle.missing(), 3);
        assert_eq!(idle.failures, [("not_kept".to_owned(), 3)].into());
    }
}
