//! Loops on threads of their own, of which none serves before all can.

use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use anyhow::{Context, anyhow};
use server_common::bell::Bell;
use server_common::listener::Listener;
use server_common::options::Options;
use server_common::stop::Stop;

use crate::cli::SERVER;
use crate::places::Places;
use crate::post::Post;

/// What may be missing at the start, and where to look.
pub(crate) const TAKES: &str =
    "cannot start, which takes a few descriptors and threads: see ulimit -n and ulimit -u";

/// One loop, which stays on the thread that has prepared it.
pub(crate) trait Loop: Sized {
    /// Gets all that may be missing, and serves nobody yet.
    ///
    /// # Errors
    ///
    /// A line that says what is missing and what to do.
    fn prepare(
        listeners: Vec<Listener>,
        ties: Ties,
        options: Options,
        stop: &Stop,
    ) -> anyhow::Result<Self>;

    /// Serves until the stop is asked for and the requests under way are answered.
    ///
    /// # Errors
    ///
    /// It cannot go on.
    fn serve(self) -> anyhow::Result<()>;
}

/// What a loop has in common with the others.
#[derive(Debug)]
pub(crate) struct Ties {
    pub(crate) places: Places,
    pub(crate) post: Arc<Post>,
}

impl Ties {
    /// For each of so many loops, which have so many places together.
    ///
    /// # Errors
    ///
    /// No descriptors.
    pub(crate) fn between(loops: usize, places_max: Option<u32>) -> io::Result<Vec<Self>> {
        let bells = Bell::for_loops(loops)?;
        let places = Places::new(places_max, loops, &bells);
        let bells = bells.into_iter().map(Some).chain(iter::repeat(None));
        let tie = |(places, bell)| Self {
            places,
            post: Post::new(bell),
        };
        Ok(places.into_iter().zip(bells).map(tie).collect())
    }
}

/// Serves the listeners with so many loops, one of them on this thread.
///
/// # Errors
///
/// No threads, or no descriptors; a loop that could not go on. All are waited for, whatever has
/// become of one.
pub(crate) fn run<L: Loop>(
    listeners: Vec<Listener>,
    threads: usize,
    options: &Options,
    stop: &Stop,
) -> anyhow::Result<()> {
    let mut ties = Ties::between(threads, options.connections_max).context(TAKES)?;
    let mut crew = Vec::new();
    // The first are for this thread and the listeners as they were given.
    for ties in ties.drain(1..) {
        let shared: Result<Vec<_>, _> = listeners.iter().map(Listener::share).collect();
        crew.push(Hand::prepare::<L>(shared?, ties, options.clone(), stop)?);
    }
    let own = L::prepare(listeners, ties.remove(0), options.clone(), stop)?;
    let crew: Vec<_> = crew.into_iter().map(Hand::go).collect();
    let mut result = own.serve();
    for thread in crew {
        result = result.and(join(thread));
    }
    result
}

/// A thread with a loop, which waits to be told to go and ends if it is not.
struct Hand {
    thread: JoinHandle<anyhow::Result<()>>,
    go: Sender<()>,
}

impl Hand {
    fn prepare<L: Loop>(
        listeners: Vec<Listener>,
        ties: Ties,
        options: Options,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let stop = stop.clone();
        let (go, start) = channel();
        let (prepared, is_prepared) = channel();
        let thread = thread::Builder::new().name(SERVER.to_owned());
        let thread = thread.spawn(move || {
            let own = L::prepare(listeners, ties, options, &stop)?;
            let _ = prepared.send(());
            match start.recv() {
                Ok(()) => own.serve(),
                Err(_) => Ok(()),
            }
        });
        let thread = thread.context(TAKES)?;
        match is_prepared.recv() {
            Ok(()) => Ok(Self { thread, go }),
            Err(_) => Err(join(thread).err().unwrap_or_else(panicked)),
        }
    }

    fn go(self) -> JoinHandle<anyhow::Result<()>> {
        // It waits for it.
        let _ = self.go.send(());
        self.thread
    }
}

fn join(thread: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    thread.join().unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> anyhow::Error {
    anyhow!("the thread of a loop panicked")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Loops that were prepared, of which the third fails, and those that served.
    static PREPARED: AtomicU32 = AtomicU32::new(0);
    static SERVED: AtomicU32 = AtomicU32::new(0);

    struct ThirdFails;

    impl Loop for ThirdFails {
        fn prepare(_: Vec<Listener>, _: Ties, _: Options, _: &Stop) -> anyhow::Result<Self> {
            match PREPARED.fetch_add(1, Ordering::SeqCst) {
                2 => Err(anyhow!("as expected")),
                _ => Ok(Self),
            }
        }

        fn serve(self) -> anyhow::Result<()> {
            SERVED.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    #[test]
    fn nobody_is_served_if_one_loop_cannot_be_prepared() {
        let (_handle, stop) = Stop::new().unwrap();
        let ended = run::<ThirdFails>(Vec::new(), 4, &Options::default(), &stop);
        assert_eq!(ended.unwrap_err().to_string(), "as expected");
        assert_eq!(PREPARED.load(Ordering::SeqCst), 3);
        assert_eq!(SERVED.load(Ordering::SeqCst), 0);
    }
}
