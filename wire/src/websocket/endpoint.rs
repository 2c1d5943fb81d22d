//! The server's side of a WebSocket connection as a state machine, without a socket.

use std::io::{self, Read, Write};

use tungstenite::protocol::{Role, WebSocketContext};
use tungstenite::{Error, Message};

use super::boundary::Boundary;
use super::farewell::Farewell;
use super::output::Output;
use super::{CODEC_KEPT_BYTES_MAX, config};
use crate::input::Input;
use crate::reader::Phase;
use crate::relay::{Parcel, Seat, TooSlow};

/// What an endpoint needs before it can go on.
#[derive(Debug)]
pub(crate) enum Step {
    Output,
    /// That this message be brought to the others.
    Deliver(Parcel),
    Input(Phase),
    /// To be closed, once its output is written.
    Close,
}

/// One client's connection.
#[derive(Debug)]
pub(crate) struct Endpoint {
    codec: WebSocketContext,
    /// Whether it keeps more than it should.
    is_bloated: bool,
    boundary: Boundary,
    output: Output,
    /// In the relay; an echo has none.
    seat: Option<Seat>,
    /// Whether the codec has looked at all that has come; asking it once more costs it a look.
    has_read_all: bool,
    /// Whether a sign of life has been asked for and nothing has come since.
    awaits_pong: bool,
    is_over: bool,
    /// Whether that is because it has left too much lying.
    was_too_slow: bool,
}

impl Endpoint {
    /// A connection whose handshake is done; in the relay if there is a seat, an echo otherwise.
    pub(crate) fn new(seat: Option<Seat>) -> Self {
        Self {
            codec: new_codec(),
            is_bloated: false,
            boundary: Boundary::default(),
            output: Output::default(),
            seat,
            has_read_all: false,
            awaits_pong: false,
            is_over: false,
            was_too_slow: false,
        }
    }

    pub(crate) fn output(&self) -> &[u8] {
        self.output.rest()
    }

    pub(crate) fn wrote(&mut self, count: usize) {
        self.output.wrote(count);
    }

    /// Whether nothing but the close follows the output.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether all that has come has been looked at, also by the codec, which takes more at a time
    /// than it gives.
    pub(crate) fn has_read_all(&self) -> bool {
        self.has_read_all
    }

    /// Whether it has left too much lying of what others sent, told so or not.
    pub(crate) fn is_too_slow(&self) -> bool {
        self.was_too_slow || self.seat.as_ref().is_some_and(Seat::is_too_slow)
    }

    /// Bytes have come that `need` will look at.
    pub(crate) fn has_received(&mut self) {
        self.has_read_all = false;
        self.awaits_pong = false;
    }

    /// The time is up for what [`Self::need`] has asked for.
    pub(crate) fn timed_out(&mut self) {
        if self.boundary.phase().is_some() {
            self.close(Farewell::Unfinished);
        } else if self.awaits_pong {
            self.close(Farewell::Silent);
        } else {
            self.awaits_pong = true;
            self.write(Message::Ping(Default::default()));
        }
    }

    /// Goes on as far as possible with `input`; if this `is_finishing`, until it has said what there
    /// is to say. Then it leaves, whether or not the client's input ends: that may be the driver's
    /// own doing, to end a read that blocks.
    pub(crate) fn need(
        &mut self,
        input: &mut Input,
        input_ended: bool,
        is_finishing: bool,
    ) -> Step {
        let input_ended = input_ended && !is_finishing;
        loop {
            let is_held_up = self.is_ahead();
            if !is_held_up && let Some(parcel) = self.listen(input, input_ended) {
                return Step::Deliver(parcel);
            }
            self.take_mail(is_finishing);
            if self.is_over {
                // Nobody is to send to one who has left.
                self.seat = None;
            }
            if !self.output.rest().is_empty() {
                return Step::Output;
            }
            if self.is_over {
                return Step::Close;
            }
            // With no mail left nothing holds it up.
            if !is_held_up {
                self.slim();
                return Step::Input(self.phase());
            }
        }
    }

    fn is_ahead(&self) -> bool {
        self.seat.as_ref().is_some_and(Seat::is_ahead)
    }

    /// Reads until there is something for others; what an echo hears it says at once.
    fn listen(&mut self, input: &mut Input, input_ended: bool) -> Option<Parcel> {
        while !self.is_over && self.output.has_room() {
            let message = self.read(input, input_ended)?;
            self.is_bloated |= message.len() > CODEC_KEPT_BYTES_MAX;
            match &self.seat {
                Some(seat) => return Some(seat.parcel(message)),
                None => self.write(message),
            }
        }
        None
    }

    /// The next message; `None` if there is none, or nothing more to read.
    fn read(&mut self, input: &mut Input, input_ended: bool) -> Option<Message> {
        if self.has_read_all && !input_ended {
            return None;
        }
        let mut pipe = Pipe {
            input,
            input_ended,
            boundary: &mut self.boundary,
            output: &mut self.output,
        };
        loop {
            let error = match self.codec.read(&mut pipe) {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => return Some(message),
                // Answered by the codec.
                Ok(_) => continue,
                Err(error) => error,
            };
            self.has_read_all = is_would_block(&error);
            if !self.has_read_all {
                match Farewell::after(&error) {
                    Some(farewell) => self.close(farewell),
                    None => self.is_over = true,
                }
            }
            return None;
        }
    }

    /// Writes what others have sent, then the farewell, if it is time.
    fn take_mail(&mut self, is_finishing: bool) {
        while !self.is_over && self.output.has_room() {
            match self.seat.as_ref().map_or(Ok(None), Seat::take) {
                Ok(Some(message)) => self.write(message),
                // Behind what the client has said by then.
                Ok(None) if is_finishing && self.has_read_all => {
                    self.close(Farewell::Stopping);
                }
                Ok(None) => return,
                Err(TooSlow) => {
                    self.was_too_slow = true;
                    self.close(Farewell::TooSlow);
                }
            }
        }
    }

    fn phase(&self) -> Phase {
        match self.boundary.phase() {
            Some(within) => within,
            None if self.awaits_pong => Phase::Pong,
            None => Phase::Idle,
        }
    }

    /// Gives back what the codec keeps. Between messages, with all read and written, it is as new.
    fn slim(&mut self) {
        if self.is_bloated && self.boundary.phase().is_none() {
            self.is_bloated = false;
            self.codec = new_codec();
        }
    }

    fn close(&mut self, farewell: Farewell) {
        self.write(Message::Close(Some(farewell.frame())));
        self.is_over = true;
    }

    fn write(&mut self, message: Message) {
        self.is_bloated |= message.len() > CODEC_KEPT_BYTES_MAX;
        // Memory takes everything; nothing is written after a close.
        let _ = self.codec.write(&mut self.output, message);
        let _ = self.codec.flush(&mut self.output);
    }
}

fn new_codec() -> WebSocketContext {
    WebSocketContext::new(Role::Server, Some(config()))
}

fn is_would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// What the codec takes for a socket that does not block.
struct Pipe<'a> {
    input: &'a mut Input,
    input_ended: bool,
    boundary: &'a mut Boundary,
    output: &'a mut Output,
}

impl Read for Pipe<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.rest();
        if bytes.is_empty() && !self.input_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.boundary.pass(&bytes[..count]);
        let left_bytes = bytes.len() - count;
        self.input.keep_last(left_bytes);
        Ok(count)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::Frame;
    use tungstenite::protocol::frame::coding::{Data, OpCode};

    use super::*;

    fn receive(endpoint: &mut Endpoint, bytes: &[u8]) -> Vec<u8> {
        let mut input = Input::default();
        input.push(bytes);
        endpoint.has_received();
        let mut said = Vec::new();
        while let Step::Output = endpoint.need(&mut input, false, false) {
            said.extend_from_slice(endpoint.output());
            endpoint.wrote(endpoint.output().len());
        }
        said
    }

    #[test]
    fn what_a_large_message_takes_is_given_back_and_the_next_is_heard() {
        let mut endpoint = Endpoint::new(None);
        for size in [3, 1_000_000, 3] {
            let payload = vec![7; size];
            let opcode = OpCode::Data(Data::Binary);
            let mut frame = Frame::message(payload.clone(), opcode, true);
            frame.header_mut().mask = Some([0; 4]);
            let mut bytes = Vec::new();
            frame.format(&mut bytes).unwrap();
            // The end of it comes by itself.
            let (most, rest) = bytes.split_at(bytes.len() - 1);
            assert!(receive(&mut endpoint, most).is_empty());
            assert!(receive(&mut endpoint, rest).ends_with(&payload));
            assert!(!endpoint.is_bloated);
        }
    }
}
