//! poll(2) as a poller: the list is ours, and the kernel reads all of it at each wait.
//!
//! A wait costs what all connections cost, ready or not. In exchange a change to the list is a
//! store.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::poller::{Interest, Poller, Token};

pub(super) struct Poll {
    /// What the kernel reads, and writes its answers into. Borrowed for as long as they are in it.
    entries: Vec<PollFd<'static>>,
    /// Of each entry.
    tokens: Vec<Token>,
    /// By descriptor: where its entry is.
    positions: Vec<usize>,
}

impl Poller for Poll {
    const NAME: &'static str = "poll";

    const DESCRIPTORS_END: Option<RawFd> = None;

    fn new() -> io::Result<Self> {
        Ok(Self {
            entries: Vec::new(),
            tokens: Vec::new(),
            positions: Vec::new(),
        })
    }

    fn add(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let index = index(descriptor);
        if index >= self.positions.len() {
            self.positions.resize(index + 1, usize::MAX);
        }
        self.positions[index] = self.entries.len();
        self.entries.push(entry(descriptor, interest));
        self.tokens.push(token);
        Ok(())
    }

    fn modify(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let position = self.positions[index(descriptor)];
        self.entries[position] = entry(descriptor, interest);
        self.tokens[position] = token;
        Ok(())
    }

    fn remove(&mut self, descriptor: BorrowedFd<'_>) -> io::Result<()> {
        self.forget(descriptor);
        Ok(())
    }

    /// The last entry takes the place of the one that goes.
    fn forget(&mut self, descriptor: BorrowedFd<'_>) {
        let position = self.positions[index(descriptor)];
        self.entries.swap_remove(position);
        self.tokens.swap_remove(position);
        if let Some(moved) = self.entries.get(position) {
            self.positions[index(moved.as_fd())] = position;
        }
    }

    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Token>) -> io::Result<()> {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let count = match poll(&mut self.entries, timeout.as_ref()) {
            Ok(count) => count,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let entries = self.entries.iter().zip(&self.tokens);
        let is_ready = |(entry, _): &(&PollFd<'_>, _)| !entry.revents().is_empty();
        // No further than the last of them.
        ready.extend(entries.filter(is_ready).take(count).map(|(_, token)| token));
        Ok(())
    }
}

fn entry(descriptor: BorrowedFd<'_>, interest: Interest) -> PollFd<'static> {
    PollFd::from_borrowed_fd(
        outlive(descriptor),
        match interest {
            Interest::Input => PollFlags::IN,
            Interest::Output => PollFlags::OUT,
        },
    )
}

/// The borrow ends with the entry, which the type cannot say.
#[expect(
    unsafe_code,
    reason = "the list outlasts each of the borrows that are in it"
)]
fn outlive(descriptor: BorrowedFd<'_>) -> BorrowedFd<'static> {
    // SAFETY: whoever has a descriptor watched calls `remove` or `forget` before closing it, as
    // `Poller` demands; the entry with this borrow is dropped there.
    unsafe { BorrowedFd::borrow_raw(descriptor.as_raw_fd()) }
}

/// Descriptors are small numbers, and never negative.
fn index(descriptor: BorrowedFd<'_>) -> usize {
    descriptor.as_raw_fd() as usize
}
