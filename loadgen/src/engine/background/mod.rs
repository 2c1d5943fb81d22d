//! Connections beside the load: opened before it, held while it lasts, by any engine.
//!
//! One thread has them all and sleeps unless there is something to do: idle connections never wake
//! it but by being closed, slow readers do so a hundred times a second in all. A connection that the
//! server closes is counted and not opened again: a new one would be load that nobody asked for, and
//! its price would be taken for that of requests.
//!
//! In reading order: `keeper` is what the thread owns and how it holds connections, `opening` how
//! they come about, `beginning` one that does; `conversation` is what is said on it, and `bytes` its
//! socket.

mod beginning;
mod bytes;
mod conversation;
mod keeper;
mod opening;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::Waker;

use crate::plan::{HttpVersion, Method, Plan, Scenario};
use crate::record::Failures;
use keeper::Keeper;

/// Fields of the load's requests that say something of a body or a connection, which those of these
/// connections do not have or share.
const FIELDS_OF_THE_LOAD: [&str; 6] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "transfer-encoding",
    "upgrade",
];

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One answer, then silence.
    Idle,
    /// Answers, taken slowly.
    SlowReader,
}

/// Connections that are held. Dropped, they are closed.
#[derive(Debug)]
pub struct Background {
    opening: Opening,
    shared: Arc<Shared>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

/// How opening them went.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// How long it took.
    pub took: Duration,
    /// Idle connections that did not come about.
    pub idle: Missed,
    /// Slow readers that did not come about.
    pub slow_readers: Missed,
}

/// Connections that did not come about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Missed {
    /// By cause.
    pub failures: Failures,
    /// Those that were answered, and then closed by the server.
    pub not_kept: u64,
    /// Those that were not tried, because others before them took too long.
    pub not_tried: u64,
}

/// How things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Idle connections that are open.
    pub idle: u64,
    /// Idle connections that were held and are not any more.
    pub idle_lost: u64,
    /// Slow readers that are open.
    pub slow_readers: u64,
    /// Slow readers that were held and are not any more.
    pub slow_readers_lost: u64,
    /// What slow readers have taken since they were opened, in bytes, TLS included.
    pub slow_bytes: u64,
}

/// What the thread tells while it holds them.
#[derive(Debug, Default)]
struct Shared {
    idle: AtomicU64,
    idle_lost: AtomicU64,
    slow_readers: AtomicU64,
    slow_readers_lost: AtomicU64,
    slow_bytes: AtomicU64,
    stops: AtomicBool,
}

impl Background {
    /// Opens what `plan` asks for, if it does, and returns when that is done or given up. A signal
    /// ends it early.
    ///
    /// # Errors
    ///
    /// No thread, no descriptor to wait with. What goes wrong with connections is counted.
    pub fn open(plan: &Plan, interrupted: &Arc<AtomicBool>) -> io::Result<Option<Self>> {
        if plan.background.connections() == 0 {
            return Ok(None);
        }
        let plan = Plan {
            scenario: scenario(&plan.scenario),
            ..plan.clone()
        };
        let shared = Arc::<Shared>::default();
        let poll = mio::Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), keeper::WAKER)?);
        let (done, opened) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("background".to_owned())
            .spawn({
                let (shared, interrupted) = (Arc::clone(&shared), Arc::clone(interrupted));
                move || {
                    if let Some(cores) = &plan.cores {
                        // The plan knows that they are there.
                        let _ = cores.pin_this_thread();
                    }
                    let mut keeper = Keeper::new(&plan, poll, &shared);
                    let opening = keeper.open_all(&interrupted);
                    if done.send(opening).is_ok() {
                        keeper.hold();
                    }
                }
            })?;
        let opening = opened
            .recv()
            .map_err(|_| io::Error::other("the thread of the background connections ended"))?;
        Ok(Some(Self {
            opening,
            shared,
            waker,
            thread: Some(thread),
        }))
    }

    /// How opening them went.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// How things stand now.
    #[must_use]
    pub fn held(&self) -> Held {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Held {
            idle: read(&self.shared.idle),
            idle_lost: read(&self.shared.idle_lost),
            slow_readers: read(&self.shared.slow_readers),
            slow_readers_lost: read(&self.shared.slow_readers_lost),
            slow_bytes: read(&self.shared.slow_bytes),
        }
    }

    /// Closes them. How things stood last.
    pub fn close(mut self) -> Held {
        self.end();
        self.held()
    }

    fn end(&mut self) {
        self.shared.stops.store(true, Ordering::Relaxed);
        // Without it the thread looks by itself, after a while.
        let _ = self.waker.wake();
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    /// How many of a kind were held and are not any more.
    fn lost(&self, kind: Kind) -> &AtomicU64 {
        match kind {
            Kind::Idle => &self.idle_lost,
            Kind::SlowReader => &self.slow_readers_lost,
        }
    }

    /// How many of a kind are held.
    fn of(&self, kind: Kind) -> &AtomicU64 {
        match kind {
            Kind::Idle => &self.idle,
            Kind::SlowReader => &self.slow_readers,
        }
    }
}

/// What these connections ask for: as the load does, as far as that can be asked without a body and
/// on a connection that stays.
fn scenario(load: &Scenario) -> Scenario {
    let is_of_the_load = |name: &str| FIELDS_OF_THE_LOAD.contains(&name);
    let mut headers = load.headers.clone();
    headers.retain(|field| !is_of_the_load(&field.name.to_ascii_lowercase()));
    Scenario {
        method: Method::GET,
        version: HttpVersion::Http11,
        keep_alive: true,
        headers,
        body: None,
        paths: load.paths.clone(),
    }
}

/// What slow readers ask for.
fn slow_path(plan: &Plan) -> &str {
    let of_the_load = &plan.scenario.paths.list()[0];
    plan.background.slow_path.as_ref().unwrap_or(of_the_load)
}
