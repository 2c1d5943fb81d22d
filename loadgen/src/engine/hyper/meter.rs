//! A connection's bytes on their way between the socket and hyper, counted.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::gauge::Gauge;
use crate::engine::desk::Desk;
use crate::engine::failure::Phase;
use crate::outcome::Cause;

/// What bytes go over: TCP or a UNIX socket, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// A stream whose bytes are counted at the desk, and that tells its gauge how it fares.
pub(super) struct Meter {
    stream: Box<dyn Stream>,
    is_encrypted: bool,
    gauge: Rc<Gauge>,
    desk: Desk,
    has_ended: bool,
}

impl Meter {
    pub(super) fn new(stream: Box<dyn Stream>, is_encrypted: bool, desk: Desk) -> Self {
        Self {
            stream,
            is_encrypted,
            gauge: Rc::default(),
            desk,
            has_ended: false,
        }
    }

    pub(super) fn gauge(&self) -> Rc<Gauge> {
        Rc::clone(&self.gauge)
    }

    /// Waits for the server to end the connection; what else it says does not matter any more.
    pub(super) async fn ended(mut self) {
        let mut scratch = [0; 4096];
        while !self.has_ended {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read =
                poll_fn(|context| Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            let is_end = read.await.is_err() || buffer.filled().is_empty();
            if is_end {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        if !self.has_ended {
            self.has_ended = true;
            self.desk.closed_by_peer();
        }
    }

    fn failed_to_read(&mut self, error: &io::Error) {
        if error.kind() == ErrorKind::UnexpectedEof {
            self.end();
        }
        // Which may be a request's that is not written whole.
        self.gauge.failed(self.gauge.phase(), error);
        if self.gauge.cause() == Some(Cause::TlsHandshake) {
            self.desk.not_secured(|| error.to_string());
        }
    }

    fn wrote(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &polled {
            Poll::Ready(Ok(bytes)) => {
                self.gauge.sent(self.desk.sent(*bytes));
            }
            Poll::Ready(Err(error)) => self.gauge.failed(Phase::Sending, error),
            Poll::Pending => self.gauge.blocked(),
        }
        polled
    }
}

impl Drop for Meter {
    /// Tells the server that nothing more will come (RFC 8446 §6.1), as far as that can be sent at
    /// once; not one that has ended its side, which would answer with a reset.
    fn drop(&mut self) {
        if self.is_encrypted && !self.has_ended && !self.gauge.has_failed() {
            let mut context = Context::from_waker(Waker::noop());
            let _ = Pin::new(&mut self.stream).poll_shutdown(&mut context);
        }
    }
}

impl AsyncRead for Meter {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        match &polled {
            Poll::Ready(Ok(())) => match buffer.filled().len() - before {
                0 if buffer.remaining() > 0 => self.end(),
                bytes => {
                    let now_ns = self.desk.received(bytes);
                    self.gauge.received(bytes, now_ns)?;
                }
            },
            Poll::Ready(Err(error)) => self.failed_to_read(error),
            Poll::Pending => {}
        }
        polled
    }
}

impl AsyncWrite for Meter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        match &polled {
            Poll::Ready(Ok(())) => self.gauge.flushed(),
            Poll::Ready(Err(error)) => self.gauge.failed(Phase::Sending, error),
            // TLS has taken what the kernel has not.
            Poll::Pending => self.gauge.blocked(),
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
