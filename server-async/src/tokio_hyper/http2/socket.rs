//! The bytes on their way to h2 and back.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use hyper::rt::ReadBufCursor;
use tokio::io::{AsyncRead, AsyncWrite};

use super::exchange::Exchange;
use crate::tokio_hyper::landing;

/// A socket as hyper wants it, whose frames are followed.
pub(super) struct Socket<'a, S> {
    socket: &'a mut S,
    /// Received before it was known that this is HTTP/2.
    input: BytesMut,
    exchange: Arc<Exchange>,
}

impl<'a, S> Socket<'a, S> {
    pub(super) fn new(socket: &'a mut S, input: BytesMut, exchange: Arc<Exchange>) -> Self {
        Self {
            socket,
            input,
            exchange,
        }
    }
}

impl<S: AsyncRead + Unpin> hyper::rt::Read for Socket<'_, S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let room = cursor.remaining();
        if !this.input.is_empty() {
            let input = this.input.split_to(this.input.len().min(room));
            this.exchange.received(&input);
            cursor.put_slice(&input);
            return Poll::Ready(Ok(()));
        }
        landing::poll_read(
            this,
            |this| this.socket,
            cx,
            room,
            |this, bytes| {
                this.exchange.received(bytes);
                cursor.put_slice(bytes);
            },
        )
    }
}

impl<S: AsyncWrite + Unpin> hyper::rt::Write for Socket<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.socket).poll_write(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.socket).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket).poll_flush(cx)
    }

    /// Leaves the socket open, which is closed by whoever opened it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
