//! A WebSocket client: whom its messages go to, and how long everything may take.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, Stream};
use server_common::phase_clock::PhaseClock;
use server_common::stop::Stop;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use wire::connection::Options;
use wire::reader::Phase;
use wire::relay::{Seat, TooSlow};
use wire::websocket::farewell::Farewell;
use wire::websocket::{CODEC_KEPT_BYTES_MAX, Message};

use super::codec;
use super::pipe::Pipe;
use crate::tokio_hyper::Server;
use crate::tokio_hyper::deadline::Deadline;

/// Messages of a client that are read before others have their turn. One that sends small ones
/// without end may have thousands of them in a single read. In the relay it is fewer, if they go to
/// many: see [`Seat::is_ahead`].
const MESSAGES_PER_TURN: u32 = 128;

/// One client's connection.
pub(super) struct Client<'a, S> {
    codec: WebSocketStream<Pipe<S>>,
    /// In the relay; an echo has none.
    seat: Option<Seat>,
    options: Options,
    write_timeout: Duration,
    stop: &'a Stop,
    waiting: PhaseClock<Instant>,
    deadline: Deadline,
    /// Whether a sign of life has been asked for and nothing has come since.
    awaits_pong: bool,
    /// Whether the codec keeps more than it should.
    is_bloated: bool,
    /// Whether nothing but the close follows the output.
    is_over: bool,
    /// By when the output must be written, if it has been too slow already.
    over_by: Option<Instant>,
}

/// How a client's turns end for its task.
pub(super) enum Turn {
    /// All has been said.
    Over,
    /// It goes on when it has been [`Client::slimmed`].
    Bloated,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Client<'a, S> {
    pub(super) fn new(
        codec: WebSocketStream<Pipe<S>>,
        seat: Option<Seat>,
        server: &'a Server,
    ) -> Self {
        Self {
            codec,
            seat,
            options: server.options.connection,
            write_timeout: server.options.write_timeout,
            stop: &server.stop,
            waiting: PhaseClock::default(),
            deadline: Deadline::default(),
            awaits_pong: false,
            is_bloated: false,
            is_over: false,
            over_by: None,
        }
    }

    /// The same client with a codec that keeps nothing, between two messages.
    pub(super) async fn slimmed(self) -> Self {
        Self {
            codec: codec(self.codec.into_inner()).await,
            is_bloated: false,
            ..self
        }
    }

    /// Goes on as far as possible, as `wire::websocket` does.
    ///
    /// # Errors
    ///
    /// The client has gone, or has taken nothing for too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        loop {
            let is_stopping = self.stop.is_asked();
            if is_stopping {
                self.codec.get_mut().read_once_more();
            }
            let has_input = self.read(cx);
            let has_mail = self.take_mail(is_stopping && !has_input);
            if self.poll_drain(cx)?.is_pending() {
                return self.poll_patience(cx).map(Err);
            }
            if self.is_over {
                return Poll::Ready(Ok(Turn::Over));
            }
            if has_input || has_mail {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.is_bloated && self.pipe().phase().is_none() {
                return Poll::Ready(Ok(Turn::Bloated));
            }
            ready!(self.poll_silence(cx));
        }
    }

    /// Passes on what the client has sent; whether there may be more.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        for _ in 0..MESSAGES_PER_TURN {
            let is_ahead = self.seat.as_ref().is_some_and(Seat::is_ahead);
            if self.is_over || is_ahead || !self.pipe().has_room() {
                break;
            }
            match Pin::new(&mut self.codec).poll_next(cx) {
                Poll::Ready(Some(Ok(message @ (Message::Text(_) | Message::Binary(_))))) => {
                    self.receive(message);
                }
                // Answered by the codec.
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => match Farewell::after(&error) {
                    Some(farewell) => self.close(farewell),
                    None => self.leave(),
                },
                Poll::Ready(None) => self.leave(),
                Poll::Pending => return false,
            }
        }
        true
    }

    fn receive(&mut self, message: Message) {
        self.waiting.reset();
        self.is_bloated |= message.len() > CODEC_KEPT_BYTES_MAX;
        match &self.seat {
            Some(seat) => seat.parcel(message).deliver(),
            None => self.send(message),
        }
    }

    /// Gathers what others have sent, and behind it the farewell, if the server stops and the client
    /// has said all that it had to say by then; whether there may be more.
    fn take_mail(&mut self, is_time_to_go: bool) -> bool {
        while !self.is_over && self.pipe().has_room() {
            match self.seat.as_ref().map_or(Ok(None), Seat::take) {
                Ok(Some(message)) => self.send(message),
                Ok(None) if is_time_to_go => self.close(Farewell::Stopping),
                Ok(None) => return false,
                Err(TooSlow) => self.give_up(),
            }
        }
        true
    }

    fn send(&mut self, message: Message) {
        self.is_bloated |= message.len() > CODEC_KEPT_BYTES_MAX;
        // The pipe takes everything; nothing is written after a close.
        let _ = Pin::new(&mut self.codec).start_send(message);
    }

    fn close(&mut self, farewell: Farewell) {
        self.send(Message::Close(Some(farewell.frame())));
        self.leave();
    }

    /// Says nothing more, and nobody is to send to one who has left.
    fn leave(&mut self) {
        self.is_over = true;
        self.seat = None;
    }

    fn give_up(&mut self) {
        self.close(Farewell::TooSlow);
        self.over_by = Some(Instant::now() + self.write_timeout);
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.pipe().is_drained() {
            self.waiting.reset();
        }
        self.codec.get_mut().poll_drain(cx)
    }

    /// While output waits for room, what others send piles up: one that is too slow for them gets
    /// the farewell behind what is gathered, and the write timeout to take it all.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if !self.is_over && self.seat.as_ref().is_some_and(Seat::is_too_slow) {
            self.give_up();
        }
        let Some(over_by) = self.over_by else {
            return Poll::Pending;
        };
        ready!(self.deadline.poll(cx, over_by));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    /// Once the time is up for what is waited for, asks for a sign of life or gives the client up.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.codec.get_mut().take_has_received() {
            self.awaits_pong = false;
        }
        let phase = match self.pipe().phase() {
            Some(within) => within,
            None if self.awaits_pong => Phase::Pong,
            None => Phase::Idle,
        };
        let since = self.waiting.began(phase, Instant::now);
        let limit = self.options.limit(phase, true);
        ready!(self.deadline.poll(cx, since + limit));
        match phase {
            Phase::Message { .. } => self.close(Farewell::Unfinished),
            Phase::Pong => self.close(Farewell::Silent),
            _ => {
                self.awaits_pong = true;
                self.send(Message::Ping(Default::default()));
            }
        }
        Poll::Ready(())
    }

    fn pipe(&self) -> &Pipe<S> {
        self.codec.get_ref()
    }
}
