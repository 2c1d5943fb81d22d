//! What others have sent to a client and it has not taken yet.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use tungstenite::Message;

use crate::limits::MAILBOX_BYTES_MAX;
use crate::websocket::READ_BYTES;

/// What a message costs besides its bytes, so that empty ones are bounded too.
const MESSAGE_COST_BYTES: usize = mem::size_of::<Message>();

/// Messages for which a mailbox keeps room when it is empty. Who takes each as it comes, as most
/// do, is spared an allocation for each; ten thousand idle ones should not keep a burst's memory.
const KEPT_MESSAGES_MAX: usize = 8;

/// The client has not taken what others sent: more than [`MAILBOX_BYTES_MAX`] lay there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSlow;

/// A message on its way to several mailboxes.
pub(super) struct Letter {
    message: Message,
    /// Whether it keeps no memory but its own.
    is_detached: bool,
}

/// A bounded queue that anybody fills and one client's connection empties.
pub(super) struct Mailbox {
    waker: Waker,
    content: Mutex<Result<Letters, TooSlow>>,
}

#[derive(Default)]
struct Letters {
    messages: VecDeque<Message>,
    bytes: usize,
}

impl Letter {
    pub(super) fn new(message: Message) -> Self {
        // What the codec has read for a larger one holds little else.
        let is_detached = message.len() >= READ_BYTES / 2;
        Self {
            message,
            is_detached,
        }
    }

    /// Copies it out of what the codec has read along with it, once: a small one would keep all of
    /// that for as long as it lies somewhere.
    fn detach(&mut self) {
        if !self.is_detached {
            self.is_detached = true;
            self.message = match &self.message {
                Message::Text(text) => Message::text(text.as_str()),
                Message::Binary(bytes) => Message::binary(Bytes::copy_from_slice(bytes)),
                // The relay has no others.
                message => message.clone(),
            };
        }
    }
}

impl Mailbox {
    pub(super) fn new(waker: Waker) -> Self {
        Self {
            waker,
            content: Mutex::new(Ok(Letters::default())),
        }
    }

    /// Adds a message and wakes the connection if there was none. A message is taken if there is
    /// any room at all, however large it is; so the bound is passed by one at most. One that finds
    /// none costs the client what it has: it would miss a message, and is to hear so instead.
    pub(super) fn put(&self, letter: &mut Letter) {
        let mut content = self.content();
        let Ok(letters) = &mut *content else {
            return;
        };
        let wakes = if letters.bytes >= MAILBOX_BYTES_MAX {
            *content = Err(TooSlow);
            true
        } else {
            // One that lies there alone may well be taken before a copy of it is made.
            if !letters.messages.is_empty() {
                letter.detach();
            }
            letters.bytes += cost(&letter.message);
            letters.messages.push_back(letter.message.clone());
            letters.messages.len() == 1
        };
        drop(content);
        if wakes {
            self.waker.wake_by_ref();
        }
    }

    pub(super) fn take(&self) -> Result<Option<Message>, TooSlow> {
        let mut content = self.content();
        let letters = content.as_mut().map_err(|slow| *slow)?;
        let message = letters.messages.pop_front();
        match &message {
            Some(message) => letters.bytes -= cost(message),
            // A burst's memory is not kept.
            None if letters.messages.capacity() > KEPT_MESSAGES_MAX => {
                letters.messages = VecDeque::new();
            }
            None => {}
        }
        Ok(message)
    }

    pub(super) fn is_too_slow(&self) -> bool {
        self.content().is_err()
    }

    fn content(&self) -> MutexGuard<'_, Result<Letters, TooSlow>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cost(message: &Message) -> usize {
    message.len() + MESSAGE_COST_BYTES
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.content().as_ref().map(|letters| letters.bytes).ok();
        formatter
            .debug_struct("Mailbox")
            .field("held_bytes", &held)
            .finish_non_exhaustive()
    }
}
