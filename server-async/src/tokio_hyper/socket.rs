//! A socket that a client cannot hold by not reading.

use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::net::{SendFlags, send};
use server_common::options::write_wait;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

use super::deadline::Deadline;

/// What a [`Socket`] can be made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Writes what there is room for, whether the socket was said to be ready for it or not.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; those of send(2).
    fn try_send(&self, bytes: &[u8]) -> io::Result<usize>;
}

impl Stream for TcpStream {
    fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        send_now(self, bytes)
    }
}

impl Stream for UnixStream {
    fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        send_now(self, bytes)
    }
}

fn send_now(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(send(
        socket,
        bytes,
        SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
    )?)
}

/// A client's socket, whose writes fail once the client has taken nothing for the write timeout.
///
/// It lies below TLS, which holds back what the socket does not take, and below HTTP/2, which
/// writes of its own accord: whoever writes, it is the client's system that takes it or not.
#[derive(Debug)]
pub(super) struct Socket<S> {
    socket: S,
    write_timeout: Duration,
    /// Since when writes make no progress.
    stalled: Option<Stall>,
    deadline: Deadline,
}

#[derive(Debug)]
struct Stall {
    since: Instant,
    /// When a write is tried past tokio.
    next_try: Instant,
}

impl<S> Socket<S> {
    pub(super) fn new(socket: S, write_timeout: Duration) -> Self {
        Self {
            socket,
            write_timeout,
            stalled: None,
            deadline: Deadline::default(),
        }
    }

    /// Lets the client take nothing for so long, from now on.
    pub(super) fn limit_writes(&mut self, write_timeout: Duration) {
        self.write_timeout = write_timeout;
        self.stalled = None;
    }
}

impl<S: Stream> Socket<S> {
    /// Notes whether a write of `bytes` made progress, and fails one that has not for too long.
    ///
    /// A socket is said to be ready for output only once a third of its buffer is free, which at a
    /// client that reads slowly may take longer than the write timeout. So a write is tried
    /// without that several times in between.
    fn poll_written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let wait = write_wait(self.write_timeout);
        loop {
            let stall = self.stalled.get_or_insert_with(|| Stall::begin(wait));
            ready!(self.deadline.poll(cx, stall.next_try));
            match self.socket.try_send(bytes) {
                Err(error) if is_no_room(&error) => {
                    if stall.since.elapsed() >= self.write_timeout {
                        return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                    }
                    stall.next_try = Instant::now() + wait;
                }
                sent => {
                    self.stalled = None;
                    return Poll::Ready(sent);
                }
            }
        }
    }
}

impl Stall {
    fn begin(wait: Duration) -> Self {
        let since = Instant::now();
        Self {
            since,
            next_try: since + wait,
        }
    }
}

fn is_no_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, room)
    }
}

impl<S: Stream> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.poll_written(cx, written, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, pieces);
        let first = pieces.iter().find(|piece| !piece.is_empty());
        self.poll_written(cx, written, first.map_or(&[], |piece| piece))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
