//! The queue between a reader and its worker: messages in chunks, so that it grows without copying
//! what it holds, and gives its memory back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::PIECE_MESSAGES;
use super::message::MESSAGE_BYTES;

/// Bytes of a chunk: what is read at a time.
const CHUNK_BYTES: usize = PIECE_MESSAGES * MESSAGE_BYTES;

/// Messages that were read and are not done. One thread pushes, one takes.
#[derive(Debug)]
pub(super) struct Queue {
    chunks: Mutex<VecDeque<Vec<u8>>>,
    has_come: Condvar,
    /// Messages held, those that the worker has taken and not done among them.
    length: AtomicUsize,
    bound: Option<usize>,
    /// The reader wants to be told when there is room.
    is_reader_waiting: AtomicBool,
    is_closed: AtomicBool,
}

impl Queue {
    /// Holds at most `bound` messages, or as many as there are.
    pub(super) fn new(bound: Option<usize>) -> Self {
        Self {
            chunks: Mutex::default(),
            has_come: Condvar::new(),
            length: AtomicUsize::new(0),
            bound,
            is_reader_waiting: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Nothing will be pushed any more; a worker that waits need not any longer.
    pub(super) fn close(&self) {
        let _chunks = self.lock();
        self.is_closed.store(true, SeqCst);
        self.has_come.notify_one();
    }

    /// Whether that was said.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(SeqCst)
    }

    /// Messages that it holds.
    pub(super) fn length(&self) -> usize {
        self.length.load(SeqCst)
    }

    /// How many more it takes. Once that is none it stays so until half of the queue is empty, however
    /// often is asked, and [`Self::done`] says when: so the reader goes on in large steps, not with
    /// each message.
    pub(super) fn room(&self) -> usize {
        let Some(bound) = self.bound else {
            return usize::MAX;
        };
        let room = bound.saturating_sub(self.length());
        if room > 0 && !self.is_reader_waiting.load(SeqCst) {
            return room;
        }
        self.is_reader_waiting.store(true, SeqCst);
        // The worker may have emptied it before it saw that.
        match self.is_half_empty() && self.is_reader_waiting.swap(false, SeqCst) {
            true => bound.saturating_sub(self.length()),
            false => 0,
        }
    }

    /// Adds whole messages.
    pub(super) fn push(&self, mut bytes: &[u8]) {
        self.length.fetch_add(bytes.len() / MESSAGE_BYTES, SeqCst);
        let mut chunks = self.lock();
        while !bytes.is_empty() {
            let free = chunks.back().map_or(0, |chunk| CHUNK_BYTES - chunk.len());
            if free == 0 {
                chunks.push_back(Vec::with_capacity(CHUNK_BYTES));
            }
            let Some(chunk) = chunks.back_mut() else {
                return;
            };
            let fits = bytes.len().min(CHUNK_BYTES - chunk.len());
            chunk.extend_from_slice(&bytes[..fits]);
            bytes = &bytes[fits..];
        }
        drop(chunks);
        self.has_come.notify_one();
    }

    /// Takes the oldest messages, whole ones, and whether they had to be waited for; `None` if none
    /// came for `longest`. They count as held until they are [done](Self::done).
    pub(super) fn take(&self, longest: Duration) -> Option<(Vec<u8>, bool)> {
        let mut chunks = self.lock();
        if let Some(chunk) = chunks.pop_front() {
            return Some((chunk, false));
        }
        // What it is woken for may have been taken before.
        let is_in_vain = |chunks: &mut VecDeque<_>| chunks.is_empty() && !self.is_closed();
        let waited = self
            .has_come
            .wait_timeout_while(chunks, longest, is_in_vain);
        chunks = waited.unwrap_or_else(PoisonError::into_inner).0;
        chunks.pop_front().map(|chunk| (chunk, true))
    }

    /// So many of the messages that were taken are done. Whether the reader is to be told that there
    /// is room.
    pub(super) fn done(&self, messages: usize) -> bool {
        self.length.fetch_sub(messages, SeqCst);
        self.is_reader_waiting.load(SeqCst)
            && self.is_half_empty()
            && self.is_reader_waiting.swap(false, SeqCst)
    }

    fn is_half_empty(&self) -> bool {
        self.bound.is_none_or(|bound| self.length() <= bound / 2)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::message::{Message, message, messages};
    use super::*;

    const NO_WAIT: Duration = Duration::ZERO;

    #[test]
    fn messages_come_out_in_the_order_in_which_they_went_in() {
        let queue = Queue::new(None);
        let count = 3 * PIECE_MESSAGES as u64 + 5;
        let stream: Vec<u8> = (0..count).flat_map(|number| message(number, 1)).collect();
        for piece in stream.chunks(100 * MESSAGE_BYTES) {
            queue.push(piece);
        }
        let mut taken = Vec::new();
        while let Some((chunk, has_waited)) = queue.take(NO_WAIT) {
            assert!(!has_waited);
            queue.done(chunk.len() / MESSAGE_BYTES);
            taken.extend(chunk);
        }
        assert!(taken == stream);
        assert_eq!(queue.length(), 0);
    }

    #[test]
    fn what_was_taken_counts_until_it_is_done() {
        let queue = Queue::new(Some(2));
        queue.push(&message(0, 1));
        let (_taken, _) = queue.take(NO_WAIT).unwrap();
        assert_eq!((queue.length(), queue.room()), (1, 1));
        queue.push(&message(1, 1));
        assert_eq!(queue.room(), 0);
        assert!(queue.done(1), "the reader waits, and half is empty");
        assert_eq!(queue.room(), 1);
    }

    #[test]
    fn a_full_queue_takes_none_until_half_of_it_is_done() {
        let queue = Queue::new(Some(4));
        queue.push(&message(0, 1).repeat(4));
        assert_eq!(queue.room(), 0);
        assert!(!queue.done(1));
        assert_eq!(queue.room(), 0, "the reader waits, whoever wakes it");
        assert!(queue.done(1));
        assert_eq!(queue.room(), 2);
        queue.push(&message(4, 1));
        assert_eq!(queue.room(), 1, "and waits no more");
    }

    #[test]
    fn a_reader_that_has_room_is_not_told() {
        let queue = Queue::new(Some(10));
        queue.push(&[message(0, 1), message(1, 1)].concat());
        assert_eq!(queue.room(), 8);
        assert!(!queue.done(1));
    }

    #[test]
    fn a_bounded_queue_passes_everything_on_and_never_holds_more_than_its_bound() {
        const COUNT: u64 = 20_000;
        const BOUND: usize = 7;
        let queue = &Queue::new(Some(BOUND));
        let (told, is_told) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut number = 0;
                while number < COUNT {
                    let room = queue.room().min((COUNT - number) as usize);
                    if room == 0 {
                        is_told.recv_timeout(Duration::from_secs(10)).unwrap();
                    }
                    for _ in 0..room {
                        queue.push(&message(number, 1));
                        number += 1;
                    }
                    assert!(queue.length() <= BOUND);
                }
            });
            let mut next = 0;
            while next < COUNT {
                let Some((chunk, _)) = queue.take(Duration::from_secs(10)) else {
                    panic!("a message is lost");
                };
                for bytes in messages(&chunk) {
                    assert_eq!(Message::parse(bytes).unwrap().number, next);
                    next += 1;
                    if queue.done(1) {
                        told.send(()).unwrap();
                    }
                }
            }
        });
    }
}
