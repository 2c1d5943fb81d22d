//! The answer's body in the pieces that hyper asks for.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use wire::answer::{self, PATTERN};

/// What is still to be sent of a `wire` body. A long pattern never is in memory.
#[derive(Debug)]
pub(super) struct AnswerBody {
    rest: answer::Body,
    is_begun: bool,
}

impl AnswerBody {
    pub(super) fn new(body: answer::Body) -> Self {
        Self {
            rest: body,
            is_begun: false,
        }
    }

    /// Whether all of it has been handed out.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.is_begun = true;
        let piece = match &mut self.rest {
            answer::Body::Bytes(bytes) => std::mem::take(bytes),
            answer::Body::Hello(page) => {
                let page = Bytes::copy_from_slice(page.as_bytes());
                self.rest = answer::Body::Bytes(Bytes::new());
                page
            }
            answer::Body::Pattern { length } => {
                let piece = usize::try_from(*length).unwrap_or(usize::MAX);
                let piece = &PATTERN[..piece.min(PATTERN.len())];
                *length -= piece.len() as u64;
                Bytes::from_static(piece)
            }
        };
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    /// Not before it has begun, even if it is empty: hyper puts `Content-Length: 0` behind the
    /// other fields if it knows that there is no body at all.
    fn is_end_stream(&self) -> bool {
        self.is_begun && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len())
    }
}
