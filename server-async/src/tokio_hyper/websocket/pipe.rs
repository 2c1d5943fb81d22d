//! What the codec takes for a client's socket.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wire::reader::Phase;
use wire::websocket::boundary::Boundary;
use wire::websocket::output::Output;

use crate::tokio_hyper::landing;

/// A socket from which more is read than the codec asks for, and into which frames go when
/// [`Self::poll_drain`] says so, many in one write. It knows whether a message is under way, which
/// the codec does not tell.
///
/// What the codec writes is taken always; so whoever drives it looks first whether there is room.
#[derive(Debug)]
pub(super) struct Pipe<S> {
    socket: S,
    boundary: Boundary,
    /// Received, and not yet asked for by the codec.
    input: BytesMut,
    has_received: bool,
    /// At the end, how often the socket is yet read.
    reads_left: Option<u32>,
    output: Output,
}

impl<S> Pipe<S> {
    /// A pipe to a client of which `input` has been received, and which is to get `output` first.
    pub(super) fn new(socket: S, input: BytesMut, output: Vec<u8>) -> Self {
        Self {
            socket,
            boundary: Boundary::default(),
            has_received: false,
            reads_left: None,
            input,
            output: output.into(),
        }
    }

    /// What is waited for within a message; `None` between messages.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.boundary.phase()
    }

    /// Whether the client has been heard since this was asked last.
    pub(super) fn take_has_received(&mut self) -> bool {
        std::mem::take(&mut self.has_received)
    }

    /// What a client sends without end is not to keep a server that stops: its socket is read once
    /// more, from when this is said first, and then seems to have nothing.
    pub(super) fn read_once_more(&mut self) {
        self.reads_left.get_or_insert(1);
    }

    pub(super) fn has_room(&self) -> bool {
        self.output.has_room()
    }

    pub(super) fn is_drained(&self) -> bool {
        self.output.rest().is_empty()
    }

    /// Hands the codec some of the input.
    fn pass(&mut self, room: &mut ReadBuf<'_>) {
        let count = self.input.len().min(room.remaining());
        self.boundary.pass(&self.input[..count]);
        room.put_slice(&self.input[..count]);
        self.input.advance(count);
        if self.input.is_empty() {
            self.input = BytesMut::new();
        }
    }

    /// Hands the codec what has just been received, and keeps what it has no room for.
    fn receive(&mut self, bytes: &[u8], room: &mut ReadBuf<'_>) {
        let (now, later) = bytes.split_at(bytes.len().min(room.remaining()));
        self.has_received |= !bytes.is_empty();
        self.boundary.pass(now);
        room.put_slice(now);
        self.input.extend_from_slice(later);
    }
}

impl<S: AsyncWrite + Unpin> Pipe<S> {
    /// Writes all that has been gathered.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_drained() {
            let rest = self.output.rest();
            let count = ready!(Pin::new(&mut self.socket).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.wrote(count);
        }
        Pin::new(&mut self.socket).poll_flush(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Pipe<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.input.is_empty() {
            self.pass(room);
            return Poll::Ready(Ok(()));
        }
        if self.reads_left == Some(0) {
            return Poll::Pending;
        }
        landing::poll_read(
            &mut *self,
            |pipe| &mut pipe.socket,
            cx,
            usize::MAX,
            |pipe, bytes| {
                pipe.reads_left = pipe.reads_left.map(|left| left - 1);
                pipe.receive(bytes, room);
            },
        )
    }
}

/// Memory takes everything.
impl<S: Unpin> AsyncWrite for Pipe<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.output.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
