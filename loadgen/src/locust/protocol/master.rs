//! Whether there is a master, as far as its answers tell.

use std::time::Duration;

use super::{ALONE_MAX, Action, SETTLE};
use crate::locust::message::ToMaster;

/// How often a worker says that it lives (`HEARTBEAT_INTERVAL`).
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// How often it asks to be taken (`CONNECT_TIMEOUT`).
const ASK_EVERY: Duration = Duration::from_secs(5);

/// How long it waits for an answer until it asks on a new connection, and says so.
const NO_ANSWER: Duration = Duration::from_secs(15);

/// What is known of the master.
#[derive(Clone, Debug)]
pub(super) struct Master {
    standing: Standing,
    /// Since when there is none; `None` while there is one.
    alone_since: Option<Duration>,
    was_known: bool,
    index: u64,
}

#[derive(Clone, Debug)]
enum Standing {
    /// There is no connection.
    Away,
    /// There is one, and it was asked on it.
    Asked { since: Duration, last: Duration },
    /// It has answered.
    Known(Known),
}

#[derive(Clone, Debug)]
struct Known {
    /// Heartbeats sent to it.
    beats: u64,
    /// Those that came back.
    echoes: u64,
    /// When the last one did, or it answered.
    heard_at: Duration,
    beat_at: Duration,
    /// When it is clear that it knows nothing of what went on before; `None` if all is clear.
    settles_at: Option<Duration>,
}

impl Master {
    pub(super) fn new() -> Self {
        Self {
            standing: Standing::Away,
            alone_since: Some(Duration::ZERO),
            was_known: false,
            index: 0,
        }
    }

    pub(super) fn connected(&mut self, now: Duration, out: &mut Vec<Action>) {
        self.standing = Standing::Asked {
            since: now,
            last: now,
        };
        out.push(Action::Send(ToMaster::ClientReady));
    }

    /// Since it was heard last, there is none.
    pub(super) fn lost(&mut self, now: Duration) {
        let since = self.known().map_or(now, |known| known.heard_at);
        self.standing = Standing::Away;
        self.alone_since.get_or_insert(since);
    }

    /// It has answered; whether that is news. `has_history` says that something went on before that
    /// it may know of or not.
    pub(super) fn acknowledged(
        &mut self,
        index: Option<u64>,
        has_history: bool,
        now: Duration,
    ) -> bool {
        self.index = index.unwrap_or_default();
        let is_news = matches!(self.standing, Standing::Asked { .. });
        if is_news {
            self.standing = Standing::Known(Known {
                beats: 0,
                echoes: 0,
                heard_at: now,
                beat_at: now,
                settles_at: has_history.then(|| now + SETTLE),
            });
            self.alone_since = None;
            self.was_known = true;
        }
        is_news
    }

    /// A heartbeat came back; how many have by now.
    pub(super) fn echoed(&mut self, now: Duration) -> u64 {
        match &mut self.standing {
            Standing::Known(known) => {
                known.echoes += 1;
                known.heard_at = now;
                known.echoes
            }
            Standing::Away | Standing::Asked { .. } => 0,
        }
    }

    /// A heartbeat was sent.
    pub(super) fn beaten(&mut self) {
        if let Standing::Known(known) = &mut self.standing {
            known.beats += 1;
        }
    }

    pub(super) fn beats(&self) -> u64 {
        self.known().map_or(0, |known| known.beats)
    }

    /// Whether it is time for a heartbeat; then the next is due later.
    pub(super) fn is_beat_due(&mut self, now: Duration) -> bool {
        match &mut self.standing {
            Standing::Known(known) if now >= known.beat_at => {
                known.beat_at = now + BEAT_EVERY;
                true
            }
            _ => false,
        }
    }

    /// Asks again for an answer, if it is time for that.
    pub(super) fn ask_again(&mut self, now: Duration, out: &mut Vec<Action>) {
        if let Standing::Asked { last, .. } = &mut self.standing
            && now >= *last + ASK_EVERY
        {
            *last = now;
            out.push(Action::Send(ToMaster::ClientReady));
        }
    }

    /// Whether somebody is there who has not answered for long.
    pub(super) fn does_not_answer(&self, now: Duration) -> bool {
        matches!(self.standing, Standing::Asked { since, .. } if now >= since + ASK_EVERY * 2)
    }

    /// That it has been silent for so long that it is lost, in words.
    ///
    /// One that hangs and goes on finds its workers under their names, and what they have said
    /// meanwhile waits in the connection; one whose machine is gone closes no connection.
    pub(super) fn silence(&self, now: Duration) -> Option<String> {
        match &self.standing {
            Standing::Known(known) if now >= known.heard_at + ALONE_MAX => Some(format!(
                "the master has not answered for {} s",
                ALONE_MAX.as_secs()
            )),
            Standing::Asked { since, .. } if now >= *since + NO_ANSWER => {
                Some("no answer".to_owned())
            }
            _ => None,
        }
    }

    /// How long there has been none.
    pub(super) fn alone(&self, now: Duration) -> Option<Duration> {
        self.alone_since.map(|since| now.saturating_sub(since))
    }

    /// It has said what goes on.
    pub(super) fn settle(&mut self) {
        if let Standing::Known(known) = &mut self.standing {
            known.settles_at = None;
        }
    }

    /// Whether it becomes clear now that it knows nothing of what went on before.
    pub(super) fn settles(&mut self, now: Duration) -> bool {
        match &mut self.standing {
            Standing::Known(known) if known.settles_at.is_some_and(|at| now >= at) => {
                known.settles_at = None;
                true
            }
            _ => false,
        }
    }

    /// Whether it is known what goes on, so that reports are for it.
    pub(super) fn is_settled(&self) -> bool {
        self.known().is_some_and(|known| known.settles_at.is_none())
    }

    pub(super) fn is_known(&self) -> bool {
        self.known().is_some()
    }

    /// Whether there ever was one.
    pub(super) fn was_known(&self) -> bool {
        self.was_known
    }

    /// The worker's place among all that it has known.
    pub(super) fn index(&self) -> u64 {
        self.index
    }

    fn known(&self) -> Option<&Known> {
        match &self.standing {
            Standing::Known(known) => Some(known),
            Standing::Away | Standing::Asked { .. } => None,
        }
    }
}
