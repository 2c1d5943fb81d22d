//! A run whose connections come and go while it lasts, and that hands over what it has counted
//! meanwhile.
//!
//! - [`Users`]: how many connections are used, and which of a schedule's arrivals fall to them;
//! - `spells`: which of them a worker takes when users come and go;
//! - `hand_over`: the way that counts take.
//!
//! Nobody waits for anybody: whoever controls the run writes, and a worker of the fast engine looks
//! at its next tick, 50 ms later at most. If somebody writes at that very moment it looks again at
//! the tick after that.

mod hand_over;
mod spells;
mod users;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

pub use users::Users;

pub(super) use hand_over::Handed;
pub(super) use spells::Spells;

use super::Summary;
use super::firsts::Firsts;
use crate::engine::control::nanoseconds;
use crate::plan::{Load, Plan};
use crate::recorder::Recorder;
use crate::system::thread_cpu::BusyShare;
use hand_over::HandOver;

/// Users come and go; each is a connection.
///
/// The plan's connections are the most that there can be. Those that nobody uses are closed, and
/// cost a worker nothing but memory. Only the fast engine knows of crowds, and time ends the plan or
/// nothing does: a number of requests would have to be divided among users who may go.
#[derive(Debug)]
pub struct Crowd {
    load: Load,
    wish: Mutex<Wish>,
    hand_over: HandOver,
    /// When the run began.
    began_at: OnceLock<SystemTime>,
}

/// What is to become of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) users: Users,
    /// No request begins any more.
    pub(super) is_leaving: bool,
}

impl Crowd {
    /// Of a run of `plan`, at first without users.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        debug_assert!(
            plan.stop.requests.is_none(),
            "users have no number to keep to"
        );
        Self {
            load: plan.load,
            wish: Mutex::default(),
            hand_over: HandOver::between(plan.load.threads),
            began_at: OnceLock::new(),
        }
    }

    /// From now on there are these users, as many as the plan has connections at most.
    ///
    /// A connection whose user goes ends what is under way on it, and is closed then. Without users
    /// the run goes on.
    pub fn set(&self, users: Users) {
        lock(&self.wish).users = users;
    }

    /// No request begins any more; the run ends by itself when those under way have, and cancels
    /// none. Arrivals of an open loop that had come due and wait are unsent, later ones never were.
    ///
    /// Whoever has no patience sets what interrupts the run: then those under way are cancelled.
    pub fn leave(&self) {
        lock(&self.wish).is_leaving = true;
    }

    /// Asks each worker for what it has counted since it was asked last. It answers at its next
    /// tick; until then further questions are the same one.
    pub fn ask(&self, plan: &Plan) {
        self.hand_over.ask(|| Recorder::of_plan(plan));
    }

    /// How many workers have not answered: with none, [`collect`](Self::collect) has it all. Those
    /// that have ended never will: what they have counted since is in the run's own [`Summary`].
    #[must_use]
    pub fn awaited(&self) -> usize {
        self.hand_over.awaited()
    }

    /// What was handed over since this was asked last, if anything was, without waiting.
    ///
    /// All these and the run's own summary together are the whole run. A request is issued in one
    /// part and may end in a later one: only of all parts together `issued` is the sum of outcomes.
    /// `elapsed_ns` is from the beginning of the measured part to the hand-over. `workers_busy` is
    /// since the part before: of a worker that has answered more than once, when it was busiest, and
    /// of one that has not, nothing.
    pub fn collect(&self, plan: &Plan) -> Option<Summary> {
        let handed = self.hand_over.collect();
        let at_ns = handed.iter().map(|(_, handed)| handed.at_ns).max()?;
        let mut recorder = Recorder::of_plan(plan);
        let mut firsts = Firsts::default();
        let mut workers_busy = vec![BusyShare::default(); self.load.threads];
        for (index, handed) in &handed {
            recorder += &handed.recorder;
            firsts = firsts.or(&handed.firsts);
            workers_busy[*index] = workers_busy[*index].max(handed.busy);
        }
        Some(Summary {
            recorder,
            began_at: self.began_at.get().copied().unwrap_or(SystemTime::now()),
            elapsed_ns: at_ns.saturating_sub(nanoseconds(plan.warmup)),
            workers_busy,
            samples_wait: None,
            interrupted: false,
            firsts,
            first_length: handed.iter().find_map(|(_, handed)| handed.first_length),
        })
    }

    /// The run begins.
    pub(super) fn begins(&self, at: SystemTime) {
        // A crowd is of one run; of another one the first would be meant.
        let _ = self.began_at.set(at);
    }

    /// What is wished for; `None` if that is being written.
    pub(super) fn wish(&self) -> Option<Wish> {
        self.wish.try_lock().ok().map(|wish| *wish)
    }

    /// An empty recorder, if worker `index` is asked for the one that it has.
    pub(super) fn asked(&self, index: usize) -> Option<Box<Recorder>> {
        self.hand_over.asked(index)
    }

    /// The answer of worker `index` to that.
    pub(super) fn hand(&self, index: usize, handed: Handed) {
        self.hand_over.hand(index, handed);
    }

    /// Those of `users` that worker `index` has.
    pub(super) fn of_worker(&self, users: Users, index: usize) -> Users {
        users.of_worker(&self.load, index)
    }
}

/// Whoever has panicked here has not left anything half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn handed(plan: &Plan, cpu: f64) -> Handed {
        Handed {
            recorder: Box::new(Recorder::of_plan(plan)),
            at_ns: 0,
            busy: BusyShare { cpu, runnable: cpu },
            firsts: Firsts::default(),
            first_length: None,
        }
    }

    #[test]
    fn each_worker_has_its_place_however_often_it_answers() {
        let plan = cli::plan_of("-c 3 --threads 3 --duration 1s http://127.0.0.1:1/").unwrap();
        let crowd = Crowd::of(&plan);
        for (index, cpu) in [(2, 0.25), (0, 0.75), (2, 0.5), (2, 0.125)] {
            crowd.hand(index, handed(&plan, cpu));
        }
        let busy = crowd.collect(&plan).unwrap().workers_busy;
        assert_eq!(
            busy.iter().map(|busy| busy.cpu).collect::<Vec<_>>(),
            [0.75, 0.0, 0.5]
        );
        assert!(crowd.collect(&plan).is_none());
    }
}
