//! The load of one test, on a thread of its own.
//!
//! Whoever controls it writes wishes and hears events; it never waits for the load, nor the load for
//! it. The threads that make the load know nothing of either: they look at a [`Crowd`].

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::options::Capacity;
use super::part::Parts;
use super::protocol::{Beginning, Event, Share};
use super::samples::SamplesFile;
use crate::engine::{Crowd, Observer, Progress, Users};
use crate::output;
use crate::plan::Plan;
use crate::record::Context;
use crate::run;

/// A load, from when it is ordered to when it has said that it has ended.
pub(super) struct Load {
    remote: Arc<Remote>,
}

/// What a load is made with, whichever it is.
#[derive(Clone)]
pub(super) struct Ways {
    pub(super) capacity: Capacity,
    pub(super) argv: Vec<String>,
    /// Where each request is written down, if anywhere.
    pub(super) samples: Option<PathBuf>,
}

/// Between whoever controls a load and its thread.
#[derive(Default)]
struct Remote {
    wishes: Mutex<Wishes>,
    /// Ends the load at once.
    interrupted: Arc<AtomicBool>,
}

#[derive(Default)]
struct Wishes {
    share: Option<Share>,
    is_leaving: bool,
    cancel_at: Option<Instant>,
    is_asked: bool,
    /// Once there is a plan.
    run: Option<(Arc<Crowd>, Arc<Plan>)>,
}

impl Load {
    /// Begins a load, which tells `note` what happens.
    ///
    /// # Errors
    ///
    /// There is no thread for it.
    pub(super) fn begin(
        beginning: Beginning,
        worker: String,
        ways: Ways,
        note: impl Fn(Event) + Send + 'static,
    ) -> io::Result<Self> {
        let remote = Arc::new(Remote::default());
        remote.lock().share = Some(beginning.share);
        let of_thread = remote.clone();
        thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || {
                let make = || of_thread.make(&beginning, worker, ways, &note);
                // A panic is a defect of ours, which has been printed; the master waits all the same.
                let made = catch_unwind(AssertUnwindSafe(make));
                let last =
                    made.unwrap_or_else(|_| Err("the load has ended by a defect".to_owned()));
                note(last.unwrap_or_else(Event::Refused));
            })?;
        Ok(Self { remote })
    }

    /// From now on there are these users.
    pub(super) fn set(&self, share: Share) {
        let mut wishes = self.remote.lock();
        wishes.share = Some(share);
        wishes.apply();
    }

    /// Has the load tell what came of it so far.
    pub(super) fn ask(&self) {
        let mut wishes = self.remote.lock();
        if let Some((crowd, plan)) = &wishes.run {
            crowd.ask(plan);
            wishes.is_asked = true;
        }
    }

    /// No request begins any more; what is under way after `within` is cancelled.
    pub(super) fn leave(&self, within: Duration) {
        let mut wishes = self.remote.lock();
        wishes.is_leaving = true;
        let at = Instant::now() + within;
        wishes.cancel_at = Some(wishes.cancel_at.map_or(at, |earlier| earlier.min(at)));
        wishes.apply();
    }

    /// To be called now and then: cancels what has been waited for long enough.
    pub(super) fn look(&self) {
        let cancel_at = self.remote.lock().cancel_at;
        if cancel_at.is_some_and(|at| Instant::now() >= at) {
            self.remote.interrupted.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Load {
    /// Nobody hears of it any more.
    fn drop(&mut self) {
        self.remote.interrupted.store(true, Ordering::Relaxed);
    }
}

impl Remote {
    /// Makes the load, to its end.
    ///
    /// # Errors
    ///
    /// One line that says why it could not be made.
    fn make(
        &self,
        beginning: &Beginning,
        worker: String,
        ways: Ways,
        note: &dyn Fn(Event),
    ) -> Result<Event, String> {
        let spawn = &beginning.spawn;
        let plan = spawn.options.plan(spawn.host.as_deref(), &ways.capacity)?;
        let plan = Arc::new(plan);
        let crowd = Arc::new(Crowd::of(&plan));
        let membership = super::part::membership(beginning, &plan);
        let begin_file = |directory: PathBuf| {
            SamplesFile::begin(&directory, membership.index, &membership.run_id, &plan)
        };
        let (file, samples) = ways.samples.map(begin_file).transpose()?.unzip();
        let context = Context {
            argv: ways.argv,
            interrupted: self.interrupted.clone(),
            samples,
            membership: Some(membership),
            crowd: Some(crowd.clone()),
            ..Context::default()
        };
        self.attach(crowd.clone(), plan.clone());
        note(Event::Began);
        let mut telling = Telling {
            remote: self,
            parts: Parts::begin(&plan, &context, worker),
            crowd: &crowd,
            note,
        };
        let (mut summary, _) = run::measure(&plan, &context, &mut telling).map_err(|error| {
            format!("cannot start the load: {error}; see the limits (ulimit -a)")
        })?;
        // Asked for, and nobody came to fetch it.
        if let Some(part) = crowd.collect(&plan) {
            summary.recorder += &part.recorder;
        }
        // What was cancelled had its time: the test ended as it was to.
        summary.interrupted = false;
        let report = telling.parts.report(&summary, self.users(), true);
        // With it the last of those who send samples goes.
        drop(context);
        if let Some(Err(line)) = file.map(SamplesFile::finish) {
            output::complain(&line);
        }
        Ok(Event::Ended(report))
    }

    fn attach(&self, crowd: Arc<Crowd>, plan: Arc<Plan>) {
        let mut wishes = self.lock();
        wishes.run = Some((crowd, plan));
        wishes.apply();
    }

    fn users(&self) -> u64 {
        self.lock().share.map_or(0, |share| share.users)
    }

    /// Whether an answer was asked for and all who have to give one did.
    fn is_answered(&self, crowd: &Crowd) -> bool {
        let mut wishes = self.lock();
        let is_answered = wishes.is_asked && crowd.awaited() == 0;
        wishes.is_asked &= !is_answered;
        is_answered
    }

    fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wishes {
    /// Hands on what is wished for, once there is somebody to do it.
    fn apply(&self) {
        let Some((crowd, _)) = &self.run else {
            return;
        };
        if let Some(share) = self.share {
            crowd.set(share.into());
        }
        if self.is_leaving {
            crowd.leave();
        }
    }
}

impl From<Share> for Users {
    fn from(share: Share) -> Self {
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Self {
            here: count(share.users),
            of: count(share.of),
            first: count(share.first),
        }
    }
}

/// Watches the load, and makes reports of what it hands over.
struct Telling<'a> {
    remote: &'a Remote,
    parts: Parts<'a>,
    crowd: &'a Crowd,
    note: &'a dyn Fn(Event),
}

impl Observer for Telling<'_> {
    fn progresses(&mut self, _progress: Progress<'_>) {
        if self.remote.is_answered(self.crowd)
            && let Some(part) = self.crowd.collect(self.parts.plan())
        {
            let report = self.parts.report(&part, self.remote.users(), false);
            (self.note)(Event::Reported(report));
        }
    }
}
