//! Which bytes reach hyper, and how long they may take.

use std::borrow::Cow;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use hyper::rt::ReadBufCursor;
use server_common::phase_clock::PhaseClock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use wire::reader::{Event, Phase, RequestReader};
use wire::refusal::Refusal;
use wire::websocket::handshake::Handshake;

use super::deadline::Deadline;
use super::exchange::Exchange;
use super::head;
use super::http2::preface::{self, Begins};
use super::landing;

/// Pieces of up to so many bytes together leave as one. The kernel's work for a list of pieces is
/// 4 % of a small answer; large ones are not worth a copy.
const JOINED_BYTES_MAX: usize = 512;

/// A socket of which hyper sees only good requests, one at a time.
///
/// Everything that arrives goes through [`RequestReader`], as in `wire::connection`. The head of a
/// request passes, in short, when it is complete and good, the body as far as it is good. At the
/// first fault, or when a client asks for WebSocket, nothing passes any more and hyper is shown the
/// end of input: it finishes, and the connection's task goes on with what [`Self::take_ending`]
/// names.
///
/// hyper asks for the next request when the last one's answer is written (with `half_close`, or
/// it would also ask to see whether the client is still there). This is how the gate knows that a
/// connection is idle; and as the next request passes only then, the service always answers the
/// one that the gate last announced in [`Exchange`].
pub(super) struct Gate<'a, S> {
    socket: S,
    exchange: &'a Exchange<'a>,
    deadline: Deadline,
    reader: RequestReader,
    /// To be shown before what follows, usually nothing.
    head: Cow<'static, [u8]>,
    /// Received and not passed on, usually nothing. Of it, so many bytes of a body are good.
    input: BytesMut,
    good_bytes: usize,
    has_passed_a_request: bool,
    /// Whether all that has come could be the beginning of HTTP/2.
    may_be_http2: bool,
    waiting: PhaseClock<Instant>,
    ending: Option<Ending>,
}

/// What the front of some bytes is: a head, and of a body what is good.
struct Examined {
    head_bytes: usize,
    body_bytes: usize,
}

impl Examined {
    const NOTHING: Self = Self {
        head_bytes: 0,
        body_bytes: 0,
    };
}

/// Why nothing passes any more.
#[derive(Debug)]
pub(super) enum Ending {
    /// Neither side has more to say: the client closed, or was idle too long, or the server stops.
    Closed,
    /// The client is to be told what was wrong.
    Refused(Refusal),
    /// The client speaks HTTP/2: all that it has sent is still here.
    Http2,
    /// The client asks for WebSocket: what it has sent behind that is still here.
    WebSocket(Box<Handshake>),
}

impl<'a, S> Gate<'a, S> {
    pub(super) fn new(socket: S, exchange: &'a Exchange<'a>) -> Self {
        Self {
            socket,
            exchange,
            deadline: Deadline::default(),
            reader: RequestReader::new(),
            head: Cow::default(),
            input: BytesMut::new(),
            good_bytes: 0,
            has_passed_a_request: false,
            may_be_http2: true,
            waiting: PhaseClock::default(),
            ending: None,
        }
    }

    /// Why hyper was shown the end of input, if it was.
    pub(super) fn take_ending(&mut self) -> Option<Ending> {
        self.ending.take()
    }

    /// Whether bytes of the client's were received and will not be looked at.
    pub(super) fn has_input_left(&self) -> bool {
        !self.input.is_empty()
    }

    /// The socket, back, and what was received and not passed on.
    pub(super) fn into_parts(self) -> (S, BytesMut) {
        (self.socket, self.input)
    }

    /// Looks at the front of `bytes`, up to the end of one request. Its head is taken out, to be
    /// shown in short.
    fn examine(&mut self, bytes: &[u8]) -> Examined {
        if self.may_be_http2 {
            match preface::begins(bytes) {
                Begins::Yes => {
                    self.ending = Some(Ending::Http2);
                    return Examined::NOTHING;
                }
                Begins::NotYetClear => {
                    // Only for what is waited for, and for how long: that it is no request of
                    // HTTP/1 is to be said when it is clear that it is none of HTTP/2 either.
                    let _ = self.reader.next(&mut &*bytes);
                    return Examined::NOTHING;
                }
                Begins::No => self.may_be_http2 = false,
            }
        }
        let mut rest = bytes;
        let mut head_bytes = 0;
        loop {
            let head = rest;
            match self.reader.next(&mut rest) {
                Ok(Some(Event::Head(mut request))) => {
                    self.waiting.reset();
                    head_bytes = request.head_bytes;
                    let body_may_stay_away = self.exchange.begin(&request, &head[..head_bytes]);
                    if let Some(handshake) = request.handshake.take() {
                        self.ending = Some(Ending::WebSocket(handshake));
                        break;
                    }
                    let has_body = request.framing.has_body() && !body_may_stay_away;
                    self.head = head::in_short(&request, has_body);
                    self.exchange.hand_over(request);
                    if body_may_stay_away {
                        // The answer comes now and is the last: what follows is nobody's concern.
                        break;
                    }
                }
                Ok(Some(Event::Body(_))) => {}
                Ok(Some(Event::End)) => {
                    self.waiting.reset();
                    self.has_passed_a_request = true;
                    break;
                }
                Ok(None) => break,
                Err(refusal) => {
                    self.ending = Some(Ending::Refused(refusal));
                    self.head = Cow::default();
                    return Examined::NOTHING;
                }
            }
        }
        Examined {
            head_bytes,
            body_bytes: bytes.len() - rest.len() - head_bytes,
        }
    }

    /// Goes on with what was received earlier: the request behind the last one, if it is there.
    fn examine_input(&mut self) {
        let has_passed = self.good_bytes == 0 && self.head.is_empty();
        if has_passed && !self.input.is_empty() && self.ending.is_none() {
            let mut input = std::mem::take(&mut self.input);
            let examined = self.examine(&input);
            input.advance(examined.head_bytes);
            self.good_bytes = examined.body_bytes;
            self.input = input;
        }
    }

    /// What looked like HTTP/2 goes no further, which a request of HTTP/1 may be refused for.
    fn examine_as_http1(&mut self) {
        if std::mem::take(&mut self.may_be_http2) && !self.input.is_empty() {
            let input = std::mem::take(&mut self.input);
            self.examine(&input);
            self.input = input;
        }
    }

    /// Takes what has just been received, and gives hyper at once what is good of it, which is
    /// usually everything; the rest stays.
    fn receive(&mut self, bytes: &[u8], cursor: &mut ReadBufCursor<'_>) {
        if bytes.is_empty() {
            self.ending = Some(Ending::Closed);
            self.examine_as_http1();
        } else if self.input.is_empty() {
            let examined = self.examine(bytes);
            let rest = &bytes[examined.head_bytes..];
            self.pass_head(cursor);
            let (body, rest) = match examined.body_bytes <= cursor.remaining() {
                true => rest.split_at(examined.body_bytes),
                // A head in short may be longer than the client's.
                false => {
                    self.good_bytes = examined.body_bytes;
                    (&[] as &[u8], rest)
                }
            };
            cursor.put_slice(body);
            self.input.extend_from_slice(rest);
        } else {
            self.input.extend_from_slice(bytes);
            self.examine_input();
        }
    }

    /// Gives hyper what is good of what was received earlier.
    fn pass(&mut self, cursor: &mut ReadBufCursor<'_>) {
        self.pass_head(cursor);
        let count = self.good_bytes.min(cursor.remaining());
        if count > 0 {
            cursor.put_slice(&self.input[..count]);
            self.input.advance(count);
            self.good_bytes -= count;
        }
        if self.input.is_empty() && self.input.capacity() > 0 {
            self.input = BytesMut::new();
        }
    }

    fn pass_head(&mut self, cursor: &mut ReadBufCursor<'_>) {
        if self.head.is_empty() {
            return;
        }
        // hyper has room for a whole one, unless it has read ahead a lot.
        let head = std::mem::take(&mut self.head);
        let (now, later) = head.split_at(head.len().min(cursor.remaining()));
        cursor.put_slice(now);
        if !later.is_empty() {
            self.head = Cow::Owned(later.to_vec());
        }
    }

    /// Whether the time for what the next bytes belong to is over, which ends the connection.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let phase = self.reader.phase();
        let is_mid_body = matches!(phase, Phase::Body { .. });
        if self.exchange.is_finishing() && self.has_passed_a_request && !is_mid_body {
            self.ending = Some(Ending::Closed);
            return Poll::Ready(());
        }
        let since = self.waiting.began(phase, Instant::now);
        ready!(
            self.deadline.poll(
                cx,
                since
                    + self
                        .exchange
                        .options
                        .limit(phase, self.has_passed_a_request)
            )
        );
        self.ending = Some(match phase {
            Phase::Head | Phase::Body { .. } => Ending::Refused(Refusal::TIMEOUT),
            _ => Ending::Closed,
        });
        self.examine_as_http1();
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> Gate<'_, S> {
    /// Reads once.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        cursor: &mut ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // No more than hyper can take, or a large body would be copied twice.
        let room = cursor.remaining();
        landing::poll_read(
            self,
            |gate| &mut gate.socket,
            cx,
            room,
            |gate, bytes| gate.receive(bytes, cursor),
        )
    }
}

impl<S: AsyncRead + Unpin> hyper::rt::Read for Gate<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let room = cursor.remaining();
        self.examine_input();
        loop {
            self.pass(&mut cursor);
            let has_passed = cursor.remaining() < room;
            if has_passed || self.ending.is_some() || self.exchange.answered_last() {
                return Poll::Ready(Ok(()));
            }
            if self.poll_receive(cx, &mut cursor)?.is_pending() {
                // The end of input, once the time is up.
                return self.poll_silence(cx).map(Ok);
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> hyper::rt::Write for Gate<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut room = [0; JOINED_BYTES_MAX];
        let socket = Pin::new(&mut self.socket);
        match join(pieces, &mut room) {
            Some(bytes) => socket.poll_write(cx, bytes),
            None => socket.poll_write_vectored(cx, pieces),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// Leaves the socket open: hyper shuts it down when it is done, and a refusal may follow.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// The pieces one behind the other, if `room` holds them.
fn join<'a>(pieces: &[io::IoSlice<'_>], room: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut length = 0;
    for piece in pieces {
        let end = length + piece.len();
        room.get_mut(length..end)?.copy_from_slice(piece);
        length = end;
    }
    Some(&room[..length])
}

#[cfg(test)]
mod tests;
