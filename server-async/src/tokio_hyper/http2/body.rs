//! The answer's body in pieces that know whether they have been taken.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};

use super::exchange::Request;
use crate::tokio_hyper::body::AnswerBody;

/// A body whose request is under way until the last piece has been written.
#[derive(Debug)]
pub(super) struct OwedBody {
    body: AnswerBody,
    request: Arc<Request>,
}

/// What h2 holds until the client says that it takes it (RFC 9113 §5.2).
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    request: Arc<Request>,
}

impl OwedBody {
    pub(super) fn new(body: AnswerBody, request: Request) -> Self {
        Self {
            body,
            request: Arc::new(request),
        }
    }
}

impl Body for OwedBody {
    type Data = Piece;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Infallible>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map_ok(|frame| frame.map_data(|bytes| Piece::new(bytes, &self.request)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Piece {
    fn new(bytes: Bytes, request: &Arc<Request>) -> Self {
        request.piece_begun();
        Self {
            bytes,
            request: Arc::clone(request),
        }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    /// As h2 does when it has written so much.
    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.request.piece_moved();
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.request.piece_ended();
    }
}
