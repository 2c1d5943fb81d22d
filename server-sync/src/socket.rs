//! A connected socket whose every read and write is bounded in time.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use server_common::listener::Listener;
use server_common::options::{Options, WRITE_WAITS, write_wait};
use socket2::Socket;

/// How late a read may find out that its time is up. Without slack each read would pay a system
/// call to set a timeout shorter by a microsecond.
const SLACK: Duration = Duration::from_millis(10);

/// Shortest timeout that is set: to the system call, 0 means none.
const TIMEOUT_MIN: Duration = Duration::from_millis(1);

/// Longest wait for the client of a stream without an end, which only the end of the wait lets
/// hear of a stop.
const STREAM_WAIT_MAX: Duration = Duration::from_secs(1);

/// Room for a first read, in which most requests fit. Ten thousand threads that wait for one hold
/// no more than this.
const READ_BYTES_MIN: usize = 2 * 1024;

/// Room for one read, to which the buffer grows in an upload: a system call for each 64 KiB.
const READ_BYTES_MAX: usize = 64 * 1024;

/// A blocking socket, TCP or UNIX alike.
#[derive(Debug)]
pub(crate) struct TimedSocket {
    socket: Arc<Socket>,
    /// As the socket has it (`SO_RCVTIMEO`); `None` as long as it has none.
    read_timeout: Option<Duration>,
    /// What is to be its `SO_SNDTIMEO`, as long as it has none.
    write_wait_unset: Option<Duration>,
    /// Waits in a row in which the peer may take nothing, and how many there were.
    write_waits_max: u32,
    waits_in_vain: u32,
}

/// What a read came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Bytes, which are in the buffer.
    Bytes,
    /// The end: the peer has shut its writing side.
    End,
    /// Nothing, for the time is up.
    TimedOut,
}

/// The end of a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    began: Instant,
    limit: Duration,
}

/// Where a thread reads to: one for all the connections it serves. A read that fills it is followed
/// by one with twice the room.
#[derive(Debug)]
pub(crate) struct ReadBuffer(Vec<u8>);

/// Whether a listener's connections have the server's time limits from the start, as those of
/// [`server_common::flags::Flags::bind`] do over TCP.
pub(crate) fn timeouts_are_inherited(listener: &Listener, options: &Options) -> bool {
    let is = |timeout: io::Result<Option<Duration>>, wanted| matches!(timeout, Ok(Some(it)) if it == wanted);
    is(
        listener.socket().read_timeout(),
        options.connection.read_timeout,
    ) && is(
        listener.socket().write_timeout(),
        write_wait(options.write_timeout),
    )
}

impl TimedSocket {
    /// A socket just accepted. Unless it has inherited its timeouts (over UNIX sockets none are)
    /// they are set when it first has to wait, which in a short life may be never.
    pub(crate) fn new(socket: Socket, is_timed: bool, options: &Options) -> Self {
        Self {
            socket: Arc::new(socket),
            read_timeout: is_timed.then_some(options.connection.read_timeout),
            write_wait_unset: (!is_timed).then(|| write_wait(options.write_timeout)),
            write_waits_max: WRITE_WAITS,
            waits_in_vain: 0,
        }
    }

    /// Lets the peer take nothing for so long, in waits that are short enough for who waits to hear
    /// of a stop.
    pub(crate) fn limit_writes(&mut self, timeout: Duration) {
        let wait = write_wait(timeout).min(STREAM_WAIT_MAX);
        let waits = timeout.as_nanos().div_ceil(wait.as_nanos());
        self.write_wait_unset = Some(wait);
        self.write_waits_max = u32::try_from(waits).unwrap_or(u32::MAX);
    }

    /// The socket itself, to be woken by another thread.
    pub(crate) fn share(&self) -> Arc<Socket> {
        Arc::clone(&self.socket)
    }

    /// Reads what comes before the deadline.
    ///
    /// The socket's own timeout is shortened where it would last too long, and lengthened only
    /// when it ended too early: in the course of quick requests it is never touched.
    pub(crate) fn read(
        &mut self,
        buffer: &mut ReadBuffer,
        deadline: &Deadline,
    ) -> io::Result<Received> {
        if self.read_timeout.is_none() {
            match self.read_now(buffer)? {
                Received::TimedOut => {}
                received => return Ok(received),
            }
        }
        let mut ended_early = false;
        while let Some(rest) = deadline.rest() {
            let is_too_long = |timeout| timeout > rest + SLACK;
            if ended_early || self.read_timeout.is_none_or(is_too_long) {
                let timeout = rest.max(TIMEOUT_MIN);
                self.socket.set_read_timeout(Some(timeout))?;
                self.read_timeout = Some(timeout);
            }
            match self.receive(buffer, RecvFlags::empty())? {
                Received::TimedOut => ended_early = true,
                received => return Ok(received),
            }
        }
        Ok(Received::TimedOut)
    }

    /// Reads what is there, and does not wait for it.
    pub(crate) fn read_now(&self, buffer: &mut ReadBuffer) -> io::Result<Received> {
        self.receive(buffer, RecvFlags::DONTWAIT)
    }

    fn receive(&self, buffer: &mut ReadBuffer, flags: RecvFlags) -> io::Result<Received> {
        loop {
            buffer.make_room();
            match recv(&*self.socket, spare_capacity(&mut buffer.0), flags) {
                Ok((0, _)) => return Ok(Received::End),
                Ok(_) => return Ok(Received::Bytes),
                Err(Errno::AGAIN) => return Ok(Received::TimedOut),
                // A socket with a timeout is not resumed after a signal (signal(7)).
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes some of `bytes` and says how many: none if a wait was in vain. If there is `more`,
    /// what does not fill a segment leaves together with that: the next write, or
    /// [`Self::shut_writing`], must follow at once.
    ///
    /// # Errors
    ///
    /// `TimedOut` if the peer takes nothing for the write timeout (see [`WRITE_WAITS`]); those of
    /// send(2).
    pub(crate) fn write(&mut self, bytes: &[u8], more: bool) -> io::Result<usize> {
        let mut flags = SendFlags::NOSIGNAL;
        flags.set(SendFlags::MORE, more);
        flags.set(SendFlags::DONTWAIT, self.write_wait_unset.is_some());
        loop {
            match send(&*self.socket, bytes, flags) {
                Err(Errno::AGAIN) => match self.write_wait_unset.take() {
                    Some(wait) => {
                        self.socket.set_write_timeout(Some(wait))?;
                        flags.remove(SendFlags::DONTWAIT);
                    }
                    None => return self.wait_in_vain(),
                },
                Err(Errno::INTR) => {}
                result => {
                    self.waits_in_vain = 0;
                    return Ok(result?);
                }
            }
        }
    }

    fn wait_in_vain(&mut self) -> io::Result<usize> {
        self.waits_in_vain += 1;
        match self.waits_in_vain < self.write_waits_max {
            true => Ok(0),
            false => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Tells the peer that nothing more will come.
    pub(crate) fn shut_writing(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }
}

impl Deadline {
    /// `limit` after `began`.
    pub(crate) fn new(began: Instant, limit: Duration) -> Self {
        Self { began, limit }
    }

    fn rest(&self) -> Option<Duration> {
        let rest = self.limit.checked_sub(self.began.elapsed())?;
        (!rest.is_zero()).then_some(rest)
    }
}

impl ReadBuffer {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(READ_BYTES_MIN))
    }

    /// Gives back what a first read does not need.
    pub(crate) fn shrink(&mut self) {
        self.0.clear();
        self.0.shrink_to(READ_BYTES_MIN);
    }

    /// Whether there was more to read than it had room for.
    pub(crate) fn was_filled(&self) -> bool {
        self.0.len() == self.0.capacity()
    }

    fn make_room(&mut self) {
        let was_filled = self.was_filled();
        self.0.clear();
        if was_filled && self.0.capacity() < READ_BYTES_MAX {
            self.0.reserve_exact(2 * self.0.capacity());
        }
    }

    /// What the last read came back with.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests;
