//! One server connection as a state machine that any way of waiting can drive.
//!
//! The driver asks [`Connection::need`] what is wanted, does that in its own way (a blocking read,
//! a readiness event, a completion) and reports back. Which thread does it, and when, is the whole
//! difference between the models.

use std::net::IpAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;

use crate::access_log;
use crate::answer::{Answer, Body, Hello};
use crate::date::Date;
use crate::input::Input;
use crate::limits::body_time_limit;
use crate::reader::{Event, Phase, RequestReader};
use crate::refusal::Refusal;
use crate::relay::{Parcel, Relay};
use crate::request::{Request, request_line};
use crate::route::Pause;
use crate::status::Status;
use crate::websocket::endpoint::{Endpoint, Step};
use crate::websocket::handshake::{Handshake, Talk};

/// Bodies up to this size, in bytes, are copied behind their head to go out in one write; for
/// larger ones a second system call is cheaper than the copy.
const INLINE_BODY_BYTES_MAX: u64 = 16 * 1024;

/// Room for a head and the Hello page, so that rendering does not grow its buffer.
const HEAD_CAPACITY_BYTES: usize = 256;

/// What a server grants its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// For each part of a TLS handshake, for a head from its first byte on, for a new connection's
    /// first byte, for the answer to a ping, and for a body or a WebSocket message (see
    /// [`body_time_limit`]).
    pub read_timeout: Duration,
    /// For the first byte of a further request; after it a WebSocket client is sent a ping.
    pub idle_timeout: Duration,
    /// Whether a connection may stay after an answer, if the client wants it.
    pub keep_alive: bool,
    /// Whether [`Connection::take_log_line`] has a line for each answer.
    pub access_log: bool,
}

impl Options {
    /// How long `phase` may last; `has_answered` tells a new connection from one that is kept.
    #[must_use]
    pub fn limit(&self, phase: Phase, has_answered: bool) -> Duration {
        match phase {
            Phase::Idle if has_answered => self.idle_timeout,
            Phase::Handshake | Phase::Idle | Phase::Head | Phase::Pong => self.read_timeout,
            Phase::Body { received_bytes } | Phase::Message { received_bytes, .. } => {
                body_time_limit(self.read_timeout, received_bytes)
            }
        }
    }
}

/// What a connection needs before it can go on.
#[derive(Debug, PartialEq, Eq)]
pub enum Need {
    /// Bytes: [`Connection::receive`], or [`Connection::end_of_input`], or, if neither comes
    /// within the limit, counted from when this phase began, [`Connection::timed_out`].
    Input {
        /// What the bytes will belong to.
        phase: Phase,
        /// For the whole phase.
        limit: Duration,
    },
    /// That [`Connection::output`] be written: [`Connection::wrote`].
    Output,
    /// That this pause be made, then `need` be called again.
    Pause(Pause),
    /// To be let into the relay, or not: [`Connection::admit`], or [`Connection::decline`].
    Admission,
    /// That this message be delivered to the other clients of the relay, whatever takes it to
    /// write to them; then that `need` be called again. The client has been heard: what it is
    /// waited for next begins then.
    Deliver(Parcel),
    /// To be told the present: [`Session::tell_time`].
    ///
    /// [`Session::tell_time`]: crate::session::Session::tell_time
    Time,
    /// To be closed. `linger` says that the peer may still be sending: shut down the writing side
    /// and read on for a moment, or the reset that follows unread bytes may destroy the answer
    /// before the peer has read it (RFC 9112 §9.6).
    Close {
        /// Whether input may be left unread.
        linger: bool,
    },
}

/// What came of [`Connection::admit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// The client has a seat: others may send it something, and will then wake it.
    Seated,
    /// It is an echo's, whom nobody ever wakes.
    Alone,
    /// There was no room for it.
    Refused,
}

/// The server's side of one HTTP/1.x connection.
#[derive(Debug)]
pub struct Connection {
    peer: Option<IpAddr>,
    hello: Hello,
    options: Options,
    reader: RequestReader,
    input: Input,
    input_ended: bool,
    has_answered: bool,
    is_finishing: bool,
    /// If answers are logged.
    log: Option<Box<Log>>,
    state: State,
}

/// What the access log wants to know.
#[derive(Debug, Default)]
struct Log {
    /// Of the request under way.
    request_line: Vec<u8>,
    line: Option<String>,
}

#[derive(Debug)]
enum State {
    /// In a head, or before one.
    Head,
    /// In the body of a request; `received` is kept only if the route wants it.
    Body {
        request: Request,
        received: Vec<u8>,
    },
    /// The request is complete and its pause has been asked for.
    Pausing {
        request: Request,
        body: Bytes,
    },
    Writing {
        output: Output,
        then: Then,
    },
    /// A WebSocket client at the door of the relay.
    Entering(Box<Handshake>),
    WebSocket(Box<Endpoint>),
    Closing {
        linger: bool,
    },
}

/// What follows an output.
#[derive(Debug)]
enum Then {
    NextRequest,
    Body(Request),
    WebSocket(Box<Endpoint>),
    Close { linger: bool },
}

impl Connection {
    /// A connection from `peer`, which has no address if it came over a UNIX socket.
    #[must_use]
    pub fn new(peer: Option<IpAddr>, options: Options) -> Self {
        Self {
            peer,
            hello: Hello::new(peer),
            log: options.access_log.then(Box::default),
            options,
            reader: RequestReader::new(),
            input: Input::default(),
            input_ended: false,
            has_answered: false,
            is_finishing: false,
            state: State::Head,
        }
    }

    /// Makes the answer under way the last one, for a graceful stop. A connection that has not
    /// been answered yet still gets its first answer.
    /// A WebSocket client is told, behind what others have sent it by then.
    pub fn finish(&mut self) {
        self.options.keep_alive = false;
        self.is_finishing = true;
    }

    /// Lets a client into the relay after [`Need::Admission`], if it has room. From now on `waker`
    /// says that [`Self::need`] is to be called because others have sent something.
    pub fn admit(&mut self, relay: &Arc<Relay>, waker: Waker, date: &Date) -> Admitted {
        let State::Entering(handshake) = &self.state else {
            return Admitted::Refused;
        };
        let answer = handshake.render_answer(date);
        let seat = match &handshake.talk {
            Talk::Echo => None,
            Talk::Relay { room } => match relay.enter(room, waker) {
                Some(seat) => Some(seat),
                None => {
                    self.decline(Refusal::RELAY_FULL, date);
                    return Admitted::Refused;
                }
            },
        };
        let admitted = match &seat {
            Some(_) => Admitted::Seated,
            None => Admitted::Alone,
        };
        let endpoint = Box::new(Endpoint::new(seat));
        self.has_answered = true;
        self.log(Status::SwitchingProtocols, 0, date);
        self.state = State::Writing {
            output: Output::head_only(answer),
            then: Then::WebSocket(endpoint),
        };
        admitted
    }

    /// Answers a client at the door of the relay with a refusal.
    pub fn decline(&mut self, refusal: Refusal, date: &Date) {
        if let State::Entering(_) = &self.state {
            self.state = self.refusal(refusal, date);
        }
    }

    /// Whether an answer has been begun.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// Takes bytes from the peer.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.input.push(bytes);
        if let State::WebSocket(endpoint) = &mut self.state {
            endpoint.has_received();
        }
    }

    /// Whether bytes are welcome though they are not waited for: a WebSocket client speaks while
    /// it is spoken to, and what it says must not wait until nobody else has anything to say.
    /// Never while there are some that have not been looked at, so that they stay few.
    #[must_use]
    pub fn hears_meanwhile(&self) -> bool {
        matches!(&self.state, State::WebSocket(endpoint) if endpoint.has_read_all())
    }

    /// Whether a WebSocket client has left so much lying that it is to go: what is still written
    /// to it, it must take within one write timeout in all.
    #[must_use]
    pub fn is_too_slow(&self) -> bool {
        matches!(&self.state, State::WebSocket(endpoint) if endpoint.is_too_slow())
    }

    /// The peer has closed its writing side; what it asked for is still answered.
    pub fn end_of_input(&mut self) {
        self.input_ended = true;
    }

    /// The phase's time is up.
    pub fn timed_out(&mut self, date: &Date) {
        if let State::WebSocket(endpoint) = &mut self.state {
            return endpoint.timed_out();
        }
        self.state = match self.reader.phase() {
            Phase::Head | Phase::Body { .. } => self.refusal(Refusal::TIMEOUT, date),
            _ => State::Closing { linger: false },
        };
    }

    /// The bytes to be written next, never empty after [`Need::Output`].
    #[must_use]
    pub fn output(&self) -> &[u8] {
        match &self.state {
            State::Writing { output, .. } => output.rest(),
            State::WebSocket(endpoint) => endpoint.output(),
            _ => &[],
        }
    }

    /// Whether [`Self::output`] is followed at once, by the next piece of an answer or by the close.
    /// A socket may then hold back what does not fill a segment, to send both in one.
    #[must_use]
    pub fn is_followed_at_once(&self) -> bool {
        match &self.state {
            State::Writing { output, then } => {
                matches!(then, Then::Close { .. }) || !output.is_last_piece()
            }
            _ => false,
        }
    }

    /// `count` bytes of [`Self::output`] have been written.
    pub fn wrote(&mut self, count: usize) {
        match &mut self.state {
            State::Writing { output, .. } => output.written_bytes += count as u64,
            State::WebSocket(endpoint) => endpoint.wrote(count),
            _ => {}
        }
    }

    /// Whether all has been written, and nothing but the close follows.
    pub(crate) fn is_over(&self) -> bool {
        match &self.state {
            State::Writing { output, then } => {
                matches!(then, Then::Close { .. }) && output.is_written()
            }
            State::WebSocket(endpoint) => endpoint.is_over() && endpoint.output().is_empty(),
            state => matches!(state, State::Closing { .. }),
        }
    }

    /// The access log's line for the answer that [`Self::output`] begins, once.
    pub fn take_log_line(&mut self) -> Option<String> {
        self.log.as_mut()?.line.take()
    }

    /// Goes on as far as possible and says what is needed next. `date` is the present one.
    pub fn need(&mut self, date: &Date) -> Need {
        loop {
            let need = match &mut self.state {
                State::Head => self.read_head(date),
                State::WebSocket(endpoint) => {
                    let step = endpoint.need(&mut self.input, self.input_ended, self.is_finishing);
                    Some(self.need_of(step))
                }
                State::Entering(_) => Some(Need::Admission),
                State::Writing { output, .. } if !output.is_written() => Some(Need::Output),
                _ => self.leave_state(date),
            };
            if let Some(need) = need {
                return need;
            }
        }
    }

    /// Apart from the states in which most of the time is spent: moving one about costs as much
    /// as reading a short head.
    fn leave_state(&mut self, date: &Date) -> Option<Need> {
        match std::mem::replace(&mut self.state, State::Head) {
            state @ (State::Head | State::Entering(_) | State::WebSocket(_)) => self.go(state),
            State::Body { request, received } => self.read_body(request, received, date),
            State::Pausing { request, body } => self.answer(&request, body, date),
            State::Writing { then, .. } => self.go_on(then),
            State::Closing { linger } => self.close(linger),
        }
    }

    fn read_head(&mut self, date: &Date) -> Option<Need> {
        let mut rest = self.input.rest();
        let event = self.reader.next(&mut rest);
        let left_bytes = rest.len();
        match event {
            Ok(Some(Event::Head(request))) => {
                if let Some(log) = &mut self.log {
                    log.request_line = request_line(self.input.rest()).to_vec();
                }
                self.input.keep_last(left_bytes);
                self.begin(request, date)
            }
            Ok(_) if self.input_ended || (self.has_answered && !self.options.keep_alive) => {
                self.close(false)
            }
            Ok(_) => Some(self.need_input()),
            Err(refusal) => {
                let state = self.refusal(refusal, date);
                self.go(state)
            }
        }
    }

    /// Decides, once the head is known, whether the body is waited for.
    fn begin(&mut self, request: Request, date: &Date) -> Option<Need> {
        let received = Vec::new();
        if !request.framing.has_body() && request.route.pause().is_none() {
            // The end of a body that there is not, so that the next head is looked for.
            let _ = self.reader.next(&mut &[][..]);
            if let Some(handshake) = request.handshake {
                return self.go(State::Entering(handshake));
            }
            return self.answer(&request, Bytes::new(), date);
        }
        if !request.expects_continue || !request.framing.has_body() {
            return self.go(State::Body { request, received });
        }
        if request.route.wants_body() {
            let output = Output::head_only(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
            let then = Then::Body(request);
            return self.go(State::Writing { output, then });
        }
        // Whether the client sends the body now is its choice, so where a next request would
        // begin cannot be known.
        self.options.keep_alive = false;
        self.pause(request, Bytes::new())
    }

    fn read_body(&mut self, request: Request, mut received: Vec<u8>, date: &Date) -> Option<Need> {
        let mut rest = self.input.rest();
        let end = loop {
            match self.reader.next(&mut rest) {
                Ok(Some(Event::Body(data))) if request.route.wants_body() => {
                    received.extend_from_slice(data);
                }
                Ok(Some(Event::End)) => break Ok(true),
                Ok(Some(_)) => {}
                Ok(None) => break Ok(false),
                Err(refusal) => break Err(refusal),
            }
        };
        let left_bytes = rest.len();
        self.input.keep_last(left_bytes);
        match end {
            Ok(true) => self.pause(request, Bytes::from(received)),
            Ok(false) if self.input_ended => self.close(false),
            Ok(false) => {
                self.state = State::Body { request, received };
                Some(self.need_input())
            }
            Err(refusal) => {
                let state = self.refusal(refusal, date);
                self.go(state)
            }
        }
    }

    fn pause(&mut self, request: Request, body: Bytes) -> Option<Need> {
        let pause = request.route.pause();
        self.state = State::Pausing { request, body };
        pause.map(Need::Pause)
    }

    fn answer(&mut self, request: &Request, body: Bytes, date: &Date) -> Option<Need> {
        let keep_alive = self.options.keep_alive && request.keep_alive;
        let content_type = request.content_type.as_deref();
        let answer = request.route.answer(&self.hello, content_type, body);
        self.log(answer.status, answer.sent_body_bytes(request.is_head), date);
        let connection = answer.connection_field(request.version, keep_alive);
        let mut head = Vec::with_capacity(HEAD_CAPACITY_BYTES);
        answer.render_head(request.version, connection, date, &mut head);
        self.has_answered = true;
        self.go(State::Writing {
            output: match request.is_head {
                true => Output::head_only(head),
                false => Output::new(head, answer.body),
            },
            then: match keep_alive {
                true => Then::NextRequest,
                false => Then::Close {
                    linger: request.expects_continue || !self.input.rest().is_empty(),
                },
            },
        })
    }

    fn refusal(&mut self, refusal: Refusal, date: &Date) -> State {
        let answer = Answer::from(refusal);
        self.log(answer.status, answer.sent_body_bytes(false), date);
        State::Writing {
            output: Output::head_only(answer.render_last(date)),
            then: Then::Close { linger: true },
        }
    }

    fn log(&mut self, status: Status, sent_body_bytes: u64, date: &Date) {
        if let Some(log) = &mut self.log {
            let request_line = std::mem::take(&mut log.request_line);
            let line = access_log::line(self.peer, date, &request_line, status, sent_body_bytes);
            log.line = Some(line);
        }
    }

    fn go_on(&mut self, then: Then) -> Option<Need> {
        match then {
            Then::NextRequest => self.go(State::Head),
            Then::Body(request) => self.go(State::Body {
                request,
                received: Vec::new(),
            }),
            Then::WebSocket(endpoint) => self.go(State::WebSocket(endpoint)),
            Then::Close { linger } => self.close(linger),
        }
    }

    /// What a WebSocket client's next step needs.
    fn need_of(&self, step: Step) -> Need {
        match step {
            Step::Output => Need::Output,
            Step::Deliver(parcel) => Need::Deliver(parcel),
            Step::Input(phase) => Need::Input {
                phase,
                limit: self.options.limit(phase, true),
            },
            // The client's own goodbye, or more, may be on its way.
            Step::Close => Need::Close { linger: true },
        }
    }

    fn close(&mut self, linger: bool) -> Option<Need> {
        self.state = State::Closing { linger };
        Some(Need::Close { linger })
    }

    fn go(&mut self, state: State) -> Option<Need> {
        self.state = state;
        None
    }

    fn need_input(&self) -> Need {
        let phase = self.reader.phase();
        let limit = self.options.limit(phase, self.has_answered);
        Need::Input { phase, limit }
    }
}

/// Bytes on their way out: a head, then what of the body did not fit behind it.
#[derive(Debug)]
struct Output {
    head: Vec<u8>,
    body: Option<Box<Body>>,
    written_bytes: u64,
}

impl Output {
    fn new(mut head: Vec<u8>, body: Body) -> Self {
        if body.len() > INLINE_BODY_BYTES_MAX {
            return Self {
                body: Some(Box::new(body)),
                ..Self::head_only(head)
            };
        }
        head.extend_from_slice(body.piece(0));
        Self::head_only(head)
    }

    fn head_only(head: Vec<u8>) -> Self {
        Self {
            head,
            body: None,
            written_bytes: 0,
        }
    }

    fn len(&self) -> u64 {
        let body_bytes = self.body.as_ref().map_or(0, |body| body.len());
        self.head.len() as u64 + body_bytes
    }

    fn is_written(&self) -> bool {
        self.written_bytes == self.len()
    }

    /// Whether nothing follows [`Self::rest`].
    fn is_last_piece(&self) -> bool {
        self.written_bytes + self.rest().len() as u64 == self.len()
    }

    fn rest(&self) -> &[u8] {
        let head_bytes = self.head.len() as u64;
        match (self.written_bytes.checked_sub(head_bytes), &self.body) {
            (Some(body_offset), Some(body)) => body.piece(body_offset),
            (Some(_), None) => &[],
            (None, _) => &self.head[usize::try_from(self.written_bytes).unwrap_or(0)..],
        }
    }
}

#[cfg(test)]
mod tests;
