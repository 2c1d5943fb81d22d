//! Clients whose sockets do not take what others send, and the thread that sees to all of them.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use server_common::bell::Bell;
use server_common::options::write_wait;

use super::Client;
use super::client::Turn;
use crate::connection::LINGER_TIME_MAX;
use crate::stack::STACK_BYTES;

/// Who has fallen behind. The thread is started for the first of them and ends after the last.
#[derive(Debug)]
pub(crate) struct Laggards {
    write_timeout: Duration,
    entrance: Mutex<Entrance>,
}

#[derive(Debug, Default)]
struct Entrance {
    /// Those whom the thread does not know of yet.
    newcomers: Vec<Arc<Client>>,
    /// What wakes the thread, as long as there is one.
    bell: Option<Arc<Bell>>,
}

/// A client and when its patience ends: that with it or, once the last word is said, its own.
#[derive(Debug)]
struct Laggard {
    client: Arc<Client>,
    until: Instant,
    is_leaving: bool,
}

impl Laggards {
    pub(crate) fn new(write_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            write_timeout,
            entrance: Mutex::default(),
        })
    }

    /// Sees to a client from now on, until it has caught up or is cut.
    ///
    /// # Errors
    ///
    /// No thread can be had for it, or no descriptor.
    pub(super) fn enter(self: &Arc<Self>, client: Arc<Client>) -> io::Result<()> {
        let mut entrance = self.entrance();
        match &entrance.bell {
            Some(bell) if entrance.newcomers.is_empty() => bell.ring(),
            Some(_) => {}
            None => entrance.bell = Some(self.start()?),
        }
        entrance.newcomers.push(client);
        Ok(())
    }

    fn start(self: &Arc<Self>) -> io::Result<Arc<Bell>> {
        let bell = Arc::new(Bell::new()?);
        let (laggards, theirs) = (Arc::clone(self), Arc::clone(&bell));
        let thread = thread::Builder::new().name("laggards".to_owned());
        let thread = thread.stack_size(STACK_BYTES);
        thread.spawn(move || laggards.see_to_all(&theirs))?;
        Ok(bell)
    }

    /// Ends when nobody has been there for a while.
    fn see_to_all(&self, bell: &Bell) {
        // Those who are leaving have less time than the others.
        let wait = write_wait(self.write_timeout).min(LINGER_TIME_MAX);
        let (mut all, mut was_empty) = (Vec::new(), false);
        let mut next_look = Instant::now() + wait;
        while self.let_in(&mut all, was_empty) {
            was_empty = all.is_empty();
            let is_ready = wait_for_any(bell, &all, wait);
            let now = Instant::now();
            // Once in a while each is tried: a socket says that it has room only when a third of
            // it is free, which a slow client may take long to reach.
            let is_look_due = now >= next_look;
            if is_look_due {
                next_look = now + wait;
            }
            let mut is_ready = is_ready.into_iter();
            all.retain_mut(|laggard| {
                let is_ready = is_ready.next() == Some(true);
                !(is_ready || is_look_due) || self.stays(laggard, is_ready, now)
            });
        }
    }

    /// Takes the newcomers in. `false` means that the thread may end, as there was nobody before
    /// and is nobody now.
    fn let_in(&self, all: &mut Vec<Laggard>, was_empty: bool) -> bool {
        let mut entrance = self.entrance();
        let until = Instant::now() + self.write_timeout;
        let newcomers = entrance.newcomers.drain(..);
        all.extend(newcomers.map(|client| Laggard {
            client,
            until,
            is_leaving: false,
        }));
        let is_over = was_empty && all.is_empty();
        if is_over {
            *entrance = Entrance::default();
        }
        !is_over
    }

    /// Has a client go on, and says whether it is to be seen to further.
    fn stays(&self, laggard: &mut Laggard, is_ready: bool, now: Instant) -> bool {
        if !laggard.is_leaving {
            match laggard.client.attend() {
                Turn::UpToDate | Turn::Gone => return false,
                Turn::Behind {
                    has_more_time: false,
                } => {}
                Turn::Behind {
                    has_more_time: true,
                } => laggard.until = now + self.write_timeout,
                Turn::Over => {
                    laggard.is_leaving = true;
                    laggard.until = now + LINGER_TIME_MAX;
                }
            }
        } else if is_ready {
            // Both sides have ended.
            return false;
        }
        if now >= laggard.until {
            laggard.client.cut();
        }
        now < laggard.until
    }

    fn entrance(&self) -> MutexGuard<'_, Entrance> {
        self.entrance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for room in a socket, or a newcomer, or so long; and says whose turn it is.
fn wait_for_any(bell: &Bell, all: &[Laggard], wait: Duration) -> Vec<bool> {
    let wanted = |laggard: &Laggard| match laggard.is_leaving {
        true => PollFlags::empty(),
        false => PollFlags::OUT,
    };
    let clients = all.iter();
    let clients = clients.map(|laggard| PollFd::new(&*laggard.client, wanted(laggard)));
    let bell_rings = PollFd::new(bell, PollFlags::IN);
    let mut polled: Vec<PollFd<'_>> = clients.chain([bell_rings]).collect();
    // Fails only when a signal comes in between.
    let _ = poll(&mut polled, Timespec::try_from(wait).ok().as_ref());
    let ready = polled.iter().map(|polled| !polled.revents().is_empty());
    let mut ready: Vec<_> = ready.collect();
    if ready.pop() == Some(true) {
        bell.silence();
    }
    ready
}
