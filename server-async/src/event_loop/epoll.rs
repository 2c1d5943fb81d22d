//! epoll(7) as a poller: the kernel keeps the list, and hands out those that are ready.
//!
//! A wait costs what is ready costs, however many are watched. In exchange each change to the list
//! is a system call; so connections are put on it only when they have to wait.
//!
//! Level-triggered, as the other two are. Edge-triggered (`EPOLLET`) a request costs the same
//! system calls, one `recv` and one `send` with 64 kept connections, and 12 050 instead of 12 350
//! instructions of the kernel's (`perf stat -e instructions:k`, 300 000 requests): a fiftieth of
//! them, for which every reader would have to know what it has left unread, and an end that came
//! together with bytes would have to be looked for.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::poller::{Interest, Poller, Token};

/// Descriptors that one wait hands out. Those beyond it come with the next wait.
const EVENTS_MAX: usize = 1024;

/// Longest wait: kernels before 5.11 count milliseconds in 31 bits, which are 24 days.
const WAIT_MAX: Duration = Duration::from_secs(86_400);

pub(super) struct Epoll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poller for Epoll {
    const NAME: &'static str = "epoll";

    const DESCRIPTORS_END: Option<RawFd> = None;

    fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS_MAX),
        })
    }

    fn add(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let data = EventData::new_u64(token.0);
        Ok(epoll::add(&self.epoll, descriptor, data, flags(interest))?)
    }

    fn modify(
        &mut self,
        descriptor: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let data = EventData::new_u64(token.0);
        Ok(epoll::modify(
            &self.epoll,
            descriptor,
            data,
            flags(interest),
        )?)
    }

    fn remove(&mut self, descriptor: BorrowedFd<'_>) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, descriptor)?)
    }

    /// The kernel does it when the socket's last descriptor is closed.
    fn forget(&mut self, _: BorrowedFd<'_>) {}

    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Token>) -> io::Result<()> {
        let timeout = timeout.map(|timeout| timeout.min(WAIT_MAX));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        self.events.clear();
        match epoll::wait(
            &self.epoll,
            spare_capacity(&mut self.events),
            timeout.as_ref(),
        ) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let events = self.events.iter();
        ready.extend(events.map(|event| Token(event.data.u64())));
        Ok(())
    }
}

fn flags(interest: Interest) -> EventFlags {
    match interest {
        Interest::Input => EventFlags::IN,
        Interest::Output => EventFlags::OUT,
    }
}
