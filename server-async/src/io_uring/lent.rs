//! A session whose output the kernel may be reading.

// For sending, which points at bytes that must stay.
#![allow(unsafe_code)]

use std::mem::{self, ManuallyDrop};
use std::os::fd::AsRawFd;

use wire::session::Session;

use super::operation::Token;
use super::ring::Ring;

/// Most bytes that one operation sends, so that a large answer keeps nobody from their turn.
const SEND_BYTES_MAX: usize = 64 * 1024;

/// A session that nobody can reach while the kernel reads its output. So the bytes are sent from
/// where they lie, and stay there until they are.
///
/// It is boxed, for it may not be moved either. If it goes while the kernel has it, its memory
/// stays for ever.
pub(super) struct LentSession {
    session: ManuallyDrop<Box<Session>>,
    is_lent: bool,
}

impl LentSession {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session: ManuallyDrop::new(Box::new(session)),
            is_lent: false,
        }
    }

    /// The session, unless the kernel has it.
    pub(super) fn get(&mut self) -> Option<&mut Session> {
        (!self.is_lent).then_some(&mut *self.session)
    }

    /// Whether the kernel has it.
    pub(super) fn is_lent(&self) -> bool {
        self.is_lent
    }

    /// Has the kernel send as much of the output as may go at a time.
    pub(super) fn send(&mut self, socket: &impl AsRawFd, token: Token, ring: &mut Ring) {
        if mem::replace(&mut self.is_lent, true) {
            return;
        }
        let has_more = self.session.is_followed_at_once();
        let output = self.session.output();
        let output = &output[..output.len().min(SEND_BYTES_MAX)];
        // SAFETY: the bytes are the session's, which from here on is neither changed nor moved nor
        // dropped until `take_back`, which is called when the operation has completed.
        unsafe { ring.send(socket, output, has_more, token) }
    }

    /// The kernel has sent so many bytes and reads no more.
    pub(super) fn take_back(&mut self, sent_bytes: u32) {
        self.is_lent = false;
        self.session.wrote(sent_bytes as usize);
    }
}

impl Drop for LentSession {
    fn drop(&mut self) {
        if !self.is_lent {
            // SAFETY: not used after this.
            unsafe { ManuallyDrop::drop(&mut self.session) }
        }
    }
}
