//! The queues that are shared with the kernel: what it is to do, and what it has done.
//!
//! Everything that was asked for since the last call is handed over by the call that waits, so
//! that a turn of a worker is one system call, whatever the number of connections. Linux 6.1 is
//! the first that can all that is asked of it here: completions are worked off by the thread that
//! waits for them, and when it waits (`DEFER_TASKRUN`).

// For what is handed to the kernel.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use io_uring::squeue::Entry;
use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode};
use rustix::io::Errno;

use super::buffers::{BufferId, GROUP};
use super::token::{Operation, Token};

/// Most operations that are asked for at a time; the kernel is called in between if there are
/// more.
const SUBMISSIONS_MAX: u32 = 1024;

/// Most completions that are kept for this process. The kernel keeps those beyond, which costs
/// more and loses none.
const COMPLETIONS_MAX: u32 = 16 * 1024;

/// How often, and how long each time, operations are waited for that were given up. They need a
/// few microseconds, and no time if nothing is wrong.
const QUIESCE_WAITS_MAX: usize = 100;
const QUIESCE_WAIT: Duration = Duration::from_millis(10);

pub(super) struct Ring {
    ring: IoUring,
    /// The ring belongs to the thread that enables it.
    is_enabled: bool,
    /// Operations that will complete.
    in_flight: usize,
    /// Counts how often everything that was asked for was handed over.
    turn: u64,
    /// Why the kernel did not take what it was to do.
    failure: Option<io::Error>,
}

/// What the kernel says of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completed {
    pub(super) token: Token,
    /// Bytes sent or received.
    pub(super) result: Result<usize, Errno>,
    /// Whether more will come of the same operation.
    pub(super) is_more: bool,
    /// Where the bytes are.
    pub(super) buffer: Option<BufferId>,
}

impl Ring {
    /// For a worker of so many connections, which may be on another thread.
    pub(super) fn new(connections: usize) -> io::Result<Self> {
        // A connection can have sent and received, and been closed, between two calls.
        let wanted = u32::try_from(connections.saturating_mul(4)).unwrap_or(u32::MAX);
        let submissions = wanted.clamp(64, SUBMISSIONS_MAX);
        let ring = IoUring::builder()
            .setup_r_disabled()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_submit_all()
            .setup_cqsize(wanted.clamp(2 * submissions, COMPLETIONS_MAX))
            .build(submissions)?;
        Ok(Self {
            ring,
            is_enabled: false,
            in_flight: 0,
            turn: 0,
            failure: None,
        })
    }

    /// The crate's ring, to register what it needs.
    pub(super) fn inner(&self) -> &IoUring {
        &self.ring
    }

    /// Asks for bytes to be sent.
    ///
    /// # Safety
    ///
    /// The bytes stay where and what they are until the operation has completed.
    pub(super) unsafe fn send(&mut self, socket: &impl AsRawFd, bytes: &[u8], token: Token) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let entry = opcode::Send::new(Fd(socket.as_raw_fd()), bytes.as_ptr(), length)
            .flags(libc::MSG_NOSIGNAL)
            .build();
        // SAFETY: the caller sees to it that the bytes stay.
        unsafe { self.push(entry, token) }
    }

    /// Asks for all that comes to be received, each time into a buffer of the group.
    pub(super) fn receive(&mut self, socket: &impl AsRawFd, token: Token) {
        let entry = opcode::RecvMulti::new(Fd(socket.as_raw_fd()), GROUP).build();
        // SAFETY: it points to nothing; the group's buffers are as `Buffers` says.
        unsafe { self.push(entry, token) }
    }

    /// Asks for an operation to be given up. It completes nevertheless, before or soon after.
    pub(super) fn cancel(&mut self, token: Token) {
        let entry = opcode::AsyncCancel::new(token.to_number()).build();
        let token = Token {
            operation: Operation::Cancel,
            ..token
        };
        // SAFETY: it points to nothing.
        unsafe { self.push(entry, token) }
    }

    /// When what is asked for now will have been handed over: when this has changed.
    pub(super) fn turn(&self) -> u64 {
        self.turn
    }

    /// Hands over what was asked for in this turn. The kernel looks up whose descriptor is meant
    /// when it is, so that none may be closed before.
    pub(super) fn end_turn(&mut self) {
        while !self.ring.submission().is_empty() && self.failure.is_none() {
            self.failure = self.submit().err();
        }
        self.turn += 1;
    }

    /// Hands over what was asked for, waits until something has completed or `timeout` is over,
    /// and adds all that has completed.
    pub(super) fn wait(
        &mut self,
        timeout: Duration,
        completed: &mut VecDeque<Completed>,
    ) -> io::Result<()> {
        self.enable()?;
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let timeout = Timespec::from(timeout);
        let args = SubmitArgs::new().timespec(&timeout);
        match self.ring.submitter().submit_with_args(1, &args) {
            Ok(_) => {}
            Err(error) if is_no_failure(&error) => {}
            Err(error) => return Err(error),
        }
        self.turn += u64::from(self.ring.submission().is_empty());
        for entry in self.ring.completion() {
            let entry = Completed::from(&entry);
            self.in_flight -= usize::from(!entry.is_more);
            completed.push_back(entry);
        }
        Ok(())
    }

    /// Waits until all operations have completed, those that were asked to be given up. False if
    /// some have not: then what they may write to must stay.
    pub(super) fn quiesce(&mut self) -> bool {
        let mut ignored = VecDeque::new();
        for _ in 0..QUIESCE_WAITS_MAX {
            if self.in_flight == 0 {
                return true;
            }
            if self.wait(QUIESCE_WAIT, &mut ignored).is_err() {
                return false;
            }
            ignored.clear();
        }
        self.in_flight == 0
    }

    /// # Safety
    ///
    /// What the entry points to stays until the operation has completed.
    unsafe fn push(&mut self, entry: Entry, token: Token) {
        let entry = entry.user_data(token.to_number());
        self.in_flight += 1;
        // SAFETY: as this function's own.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            if let Err(error) = self.submit() {
                self.in_flight -= 1;
                self.failure = Some(error);
                return;
            }
        }
    }

    /// Makes room for more.
    fn submit(&mut self) -> io::Result<()> {
        self.enable()?;
        match self.ring.submit() {
            Ok(0) => Err(Errno::AGAIN.into()),
            Ok(_) => Ok(()),
            Err(error) if is_no_failure(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn enable(&mut self) -> io::Result<()> {
        if !self.is_enabled {
            self.ring.submitter().register_enable_rings()?;
            self.is_enabled = true;
        }
        Ok(())
    }
}

/// Whether it is the end of a wait: the time is over, or a signal came.
fn is_no_failure(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::TIME | Errno::INTR))
}

impl From<&cqueue::Entry> for Completed {
    fn from(entry: &cqueue::Entry) -> Self {
        let result = entry.result();
        Self {
            token: Token::of_number(entry.user_data()),
            result: usize::try_from(result).map_err(|_| Errno::from_raw_os_error(-result)),
            is_more: cqueue::more(entry.flags()),
            buffer: cqueue::buffer_select(entry.flags()).map(BufferId),
        }
    }
}
