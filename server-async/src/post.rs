//! Mail for a loop's connections: who has some, and how a loop that sleeps gets to know.
//!
//! What others send to a WebSocket client lies in its mailbox ([`wire::relay`]). Here it is only
//! noted whose mailbox has something, by whichever thread has put it there; the loop that serves
//! the client looks at the note when it comes round to it. Between clients of one loop that costs
//! no system call, and between loops one at most: who notes something rings the bell if the loop
//! may be asleep, and only the first who does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use server_common::bell::Bell;

use crate::slots::Key;

/// Whom a loop is to call, other than by its wait.
#[derive(Debug)]
pub(crate) struct Post {
    /// Each once for every time that its empty mailbox got something; some may be gone.
    notes: Mutex<Vec<Key>>,
    is_asleep: AtomicBool,
    /// None if the loop is alone: whoever notes something is the loop itself, and awake.
    bell: Option<Arc<Bell>>,
}

impl Post {
    pub(crate) fn new(bell: Option<Arc<Bell>>) -> Arc<Self> {
        Arc::new(Self {
            notes: Mutex::default(),
            is_asleep: AtomicBool::new(false),
            bell,
        })
    }

    /// By which others say that this connection has mail.
    pub(crate) fn waker(self: &Arc<Self>, addressee: Key) -> Waker {
        Waker::from(Arc::new(Address {
            post: Arc::clone(self),
            addressee,
        }))
    }

    /// Notes that a connection is to be called.
    pub(crate) fn note(&self, addressee: Key) {
        self.notes().push(addressee);
        let Some(bell) = &self.bell else {
            return;
        };
        if self.is_asleep.swap(false, Ordering::SeqCst) {
            bell.ring();
        }
    }

    /// Takes all notes, into a list that is empty.
    pub(crate) fn collect(&self, notes: &mut Vec<Key>) {
        std::mem::swap(&mut *self.notes(), notes);
    }

    /// How long the loop may wait to which so much time is left: not at all if there is a note. If it
    /// may, the bell rings for the next one.
    ///
    /// Here the mark is set and then the notes looked at, in [`Self::note`] it is the other way
    /// round. Whichever comes to the notes first, one of the two sees the other. Who finds a note
    /// does not wait, and takes the mark back: it comes round to further ones by itself.
    pub(crate) fn patience(&self, time_left: Option<Duration>) -> Option<Duration> {
        if time_left == Some(Duration::ZERO) {
            return time_left;
        }
        self.is_asleep.store(true, Ordering::SeqCst);
        if self.notes().is_empty() {
            return time_left;
        }
        self.wake_up();
        Some(Duration::ZERO)
    }

    /// From now on notes are found without the bell.
    pub(crate) fn wake_up(&self) {
        self.is_asleep.store(false, Ordering::Relaxed);
    }

    pub(crate) fn bell(&self) -> Option<&Bell> {
        self.bell.as_deref()
    }

    fn notes(&self) -> MutexGuard<'_, Vec<Key>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection and the loop that serves it.
struct Address {
    post: Arc<Post>,
    addressee: Key,
}

impl Wake for Address {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.post.note(self.addressee);
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::thread;

    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

    fn key(slot: u32) -> Key {
        let generation = 1;
        Key { slot, generation }
    }

    fn post() -> Arc<Post> {
        Post::new(Bell::for_loops(2).unwrap().pop())
    }

    fn rings(post: &Post) -> bool {
        post.bell().unwrap().silence()
    }

    fn collected(post: &Post) -> Vec<Key> {
        let mut notes = Vec::new();
        post.collect(&mut notes);
        notes
    }

    #[test]
    fn a_loop_that_is_awake_finds_its_notes_and_no_bell_has_rung() {
        let post = post();
        post.waker(key(7)).wake_by_ref();
        post.waker(key(8)).wake();
        assert!(!rings(&post));
        assert_eq!(post.patience(None), AT_ONCE);
        // It has not slept.
        post.note(key(9));
        assert!(!rings(&post));
        assert_eq!(collected(&post), [key(7), key(8), key(9)]);
        assert_eq!(collected(&post), []);
    }

    #[test]
    fn a_loop_that_sleeps_is_rung_for_once() {
        let post = post();
        assert_eq!(post.patience(None), None);
        post.note(key(1));
        assert!(rings(&post));
        post.note(key(2));
        assert!(!rings(&post));
        post.wake_up();
        assert_eq!(collected(&post), [key(1), key(2)]);
    }

    #[test]
    fn a_loop_by_itself_needs_no_bell() {
        assert!(Bell::for_loops(1).unwrap().is_empty());
        let post = Post::new(None);
        let time_left = Some(Duration::from_secs(1));
        assert_eq!(post.patience(time_left), time_left);
        post.note(key(1));
        assert_eq!(post.patience(time_left), AT_ONCE);
    }

    #[test]
    fn no_note_is_slept_through() {
        const NOTES: u32 = 20_000;
        let post = post();
        let others = Arc::clone(&post);
        let writer = thread::spawn(move || {
            for slot in 0..NOTES {
                others.note(key(slot));
            }
        });
        let mut seen = 0;
        while seen < NOTES {
            if post.patience(None).is_none() {
                // For ever, should a note be missed.
                let bell = post.bell().unwrap();
                poll(&mut [PollFd::new(&bell.as_fd(), PollFlags::IN)], None).unwrap();
            }
            post.wake_up();
            post.bell().unwrap().silence();
            for note in collected(&post) {
                assert_eq!(note.slot, seen);
                seen += 1;
            }
        }
        writer.join().unwrap();
    }
}
