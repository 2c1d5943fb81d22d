//! The queues that are shared with the kernel: what it is to do, and what it has done.
//!
//! Nothing is handed over before the wait: a turn of the loop is one system call
//! (`io_uring_enter`), whatever the number of connections.

// An entry may name memory that the kernel uses later.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, Probe, cqueue, opcode};
use rustix::io::Errno;

use super::buffers::{BufferId, GROUP};
use super::operation::{Operation, Token};

/// Operations that are asked for in one turn; the kernel is called in between if there are more.
const SUBMISSIONS_MAX: u32 = 1024;

/// Completions that the queue holds. The kernel keeps those beyond, which costs more and loses
/// none.
const COMPLETIONS_MAX: u32 = 4 * SUBMISSIONS_MAX;

/// What the loop asks of the kernel. That operations repeat (`RECV` and `ACCEPT` multishot) cannot
/// be asked for; a kernel that knows [`IoUring::is_setup_single_issuer`] can do both.
const OPERATIONS: [u8; 6] = [
    opcode::AcceptMulti::CODE,
    opcode::RecvMulti::CODE,
    opcode::Send::CODE,
    opcode::PollAdd::CODE,
    opcode::AsyncCancel::CODE,
    opcode::Close::CODE,
];

pub(super) struct Ring {
    ring: IoUring,
    /// Operations under way that receive.
    receiving: Arc<AtomicUsize>,
    /// Why the kernel did not take what it was to do.
    failure: Option<io::Error>,
}

/// What the kernel says of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completed {
    pub(super) token: Token,
    /// What the system call would have returned.
    pub(super) result: Result<u32, Errno>,
    /// Whether more will come of the same operation.
    pub(super) is_more: bool,
    /// Where bytes were received to.
    pub(super) buffer: Option<BufferId>,
}

impl Ring {
    /// For the one thread that calls [`Self::enable`].
    ///
    /// # Errors
    ///
    /// Those of io_uring_setup(2); `EINVAL` from a kernel older than 6.0, and `EOPNOTSUPP` from one
    /// that lacks an operation.
    pub(super) fn new() -> io::Result<Self> {
        let is_older = |error: &io::Error| Errno::from_io_error(error) == Some(Errno::INVAL);
        match build(true) {
            Err(error) if is_older(&error) => Self::over(build(false)?),
            result => Self::over(result?),
        }
    }

    fn over(ring: IoUring) -> io::Result<Self> {
        let mut probe = Probe::new();
        ring.submitter().register_probe(&mut probe)?;
        if !OPERATIONS.iter().all(|&code| probe.is_supported(code)) {
            return Err(Errno::OPNOTSUPP.into());
        }
        Ok(Self {
            ring,
            receiving: Arc::default(),
            failure: None,
        })
    }

    /// Makes the ring the calling thread's.
    ///
    /// # Errors
    ///
    /// It has been enabled before.
    pub(super) fn enable(&mut self) -> io::Result<()> {
        self.ring.submitter().register_enable_rings()
    }

    /// The crate's ring, to register buffers with.
    pub(super) fn inner(&self) -> &IoUring {
        &self.ring
    }

    /// How many operations are under way that receive, kept up to date.
    pub(super) fn receiving(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.receiving)
    }

    /// Asks for every connection that comes to a listening socket, now and later.
    pub(super) fn accept(&mut self, listener: &impl AsRawFd, token: Token) {
        let entry = opcode::AcceptMulti::new(Fd(listener.as_raw_fd())).flags(libc::SOCK_CLOEXEC);
        self.push_harmless(entry.build(), token);
    }

    /// Asks to be told once when a descriptor is readable.
    pub(super) fn poll(&mut self, descriptor: &impl AsRawFd, token: Token) {
        let entry = opcode::PollAdd::new(Fd(descriptor.as_raw_fd()), libc::POLLIN as u32);
        self.push_harmless(entry.build(), token);
    }

    /// Asks for what comes next, received into a buffer of the group.
    pub(super) fn receive_once(&mut self, socket: &impl AsRawFd, token: Token) {
        let entry = opcode::Recv::new(Fd(socket.as_raw_fd()), std::ptr::null_mut(), 0)
            .buf_group(GROUP)
            .build()
            .flags(Flags::BUFFER_SELECT);
        self.push_receive(entry, token);
    }

    /// Asks for whatever comes, each time received into another buffer of the group.
    pub(super) fn receive(&mut self, socket: &impl AsRawFd, token: Token) {
        let entry = opcode::RecvMulti::new(Fd(socket.as_raw_fd()), GROUP).build();
        self.push_receive(entry, token);
    }

    /// Asks for bytes to be sent; if there is more, so that what does not fill a segment leaves
    /// together with that, which must follow at once.
    ///
    /// # Safety
    ///
    /// The bytes stay where and what they are until the operation has completed.
    pub(super) unsafe fn send(
        &mut self,
        socket: &impl AsRawFd,
        bytes: &[u8],
        has_more: bool,
        token: Token,
    ) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let more = if has_more { libc::MSG_MORE } else { 0 };
        let entry = opcode::Send::new(Fd(socket.as_raw_fd()), bytes.as_ptr(), length)
            .flags(libc::MSG_NOSIGNAL | more)
            .build();
        // SAFETY: the caller sees to it that the bytes stay.
        unsafe { self.push(entry, token) }
    }

    /// Asks for an operation to be given up. It completes nevertheless, before or soon after.
    pub(super) fn cancel(&mut self, token: Token) {
        let entry = opcode::AsyncCancel::new(token.to_number()).build();
        self.push_silent(entry, token);
    }

    /// Closes a descriptor behind all that has been asked for with it. Operations that have begun
    /// keep the socket itself open until they complete.
    pub(super) fn close(&mut self, descriptor: OwnedFd, token: Token) {
        let entry = opcode::Close::new(Fd(descriptor.into_raw_fd())).build();
        self.push_silent(entry, token);
    }

    /// Hands over what was asked for, waits until something has completed or `timeout` is over,
    /// and adds all that has completed.
    ///
    /// # Errors
    ///
    /// Those of io_uring_enter(2) that do not pass.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        completed: &mut Vec<Completed>,
    ) -> io::Result<()> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let timeout = timeout.map(Timespec::from);
        let submitter = self.ring.submitter();
        let result = match &timeout {
            Some(timeout) => submitter.submit_with_args(1, &SubmitArgs::new().timespec(timeout)),
            None => submitter.submit_and_wait(1),
        };
        result.map(drop).or_else(ignore_what_passes)?;
        for entry in self.ring.completion() {
            let entry = Completed::from(&entry);
            if entry.token.operation == Operation::Receive && !entry.is_more {
                self.receiving.fetch_sub(1, Ordering::Relaxed);
            }
            completed.push(entry);
        }
        Ok(())
    }

    /// The group's buffers stay as long as this is counted.
    fn push_receive(&mut self, entry: Entry, token: Token) {
        self.receiving.fetch_add(1, Ordering::Relaxed);
        self.push_harmless(entry, token);
    }

    fn push_silent(&mut self, entry: Entry, token: Token) {
        let token = Operation::Silent.of(token.owner);
        self.push_harmless(entry.flags(Flags::SKIP_SUCCESS), token);
    }

    /// For entries that point to no memory.
    fn push_harmless(&mut self, entry: Entry, token: Token) {
        // SAFETY: there is nothing that would have to stay.
        unsafe { self.push(entry, token) }
    }

    /// # Safety
    ///
    /// What the entry points to stays until the operation has completed.
    unsafe fn push(&mut self, entry: Entry, token: Token) {
        let entry = entry.user_data(token.to_number());
        // SAFETY: as this function's own.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            // The kernel takes all there is, so that there is room, or says why not.
            let submitted = self.ring.submit().map(drop).or_else(ignore_what_passes);
            if let Err(error) = submitted {
                self.failure.get_or_insert(error);
                return;
            }
        }
    }
}

/// - `SINGLE_ISSUER` (Linux 6.0): one thread asks, so that the kernel need not lock.
/// - `DEFER_TASKRUN` (6.1): what becomes of an operation is worked off in the thread's own wait, all
///   at once, and not whenever the thread happens to be in the kernel.
/// - `COOP_TASKRUN` (5.19), where that is not to be had: at least the thread is not interrupted.
fn build(is_deferring: bool) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder
        .setup_r_disabled()
        .setup_single_issuer()
        .setup_submit_all()
        .setup_cqsize(COMPLETIONS_MAX);
    match is_deferring {
        true => builder.setup_defer_taskrun(),
        false => builder.setup_coop_taskrun(),
    };
    builder.build(SUBMISSIONS_MAX)
}

/// What is over at the next call: the time was up, a signal came, completions must be taken first,
/// memory is short.
fn ignore_what_passes(error: io::Error) -> io::Result<()> {
    match Errno::from_io_error(&error) {
        Some(Errno::TIME | Errno::INTR | Errno::BUSY | Errno::AGAIN) => Ok(()),
        _ => Err(error),
    }
}

impl From<&cqueue::Entry> for Completed {
    fn from(entry: &cqueue::Entry) -> Self {
        let result = entry.result();
        Self {
            token: Token::of_number(entry.user_data()),
            result: u32::try_from(result).map_err(|_| Errno::from_raw_os_error(-result)),
            is_more: cqueue::more(entry.flags()),
            buffer: cqueue::buffer_select(entry.flags()).map(BufferId),
        }
    }
}

impl Completed {
    /// The connection that an accept has brought.
    pub(super) fn accepted(&self) -> Result<OwnedFd, Errno> {
        debug_assert_eq!(self.token.operation, Operation::Accept);
        // SAFETY: the kernel has made this descriptor for whoever takes the completion, which is
        // taken out of the queue once.
        let own = |descriptor| unsafe { OwnedFd::from_raw_fd(descriptor as i32) };
        self.result.map(own)
    }
}

#[cfg(test)]
mod tests;
