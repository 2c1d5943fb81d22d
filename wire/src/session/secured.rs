//! TLS between a socket's bytes and a connection's.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncryptError, UnbufferedStatus, WriteTraffic};

use super::outgoing::{Outgoing, RECORD_BYTES_MAX};
use crate::connection::{Connection, Need, Options};
use crate::date::Date;
use crate::reader::Phase;
use crate::tls::Tls;

/// Most of an answer that is sealed at a time, in bytes: as much as a write takes without TLS. The
/// rest is not sealed before that is written, so that a client that reads slowly costs no more.
const SEALED_BYTES_MAX: usize = 4 * RECORD_BYTES_MAX;

/// Most bytes that may be kept because a message of the handshake is not whole, as rustls has it.
const INCOMING_BYTES_MAX: usize = 64 * 1024;

type Traffic<'a> = WriteTraffic<'a, ServerConnectionData>;

/// What the server's side of TLS holds for one connection.
///
/// rustls is used without buffers of its own. What the peer sends is opened as it comes and goes
/// on to the [`Connection`], so nothing is kept but the beginning of a record; what the connection
/// says is sealed when the socket is to have it. Between requests both buffers hold no memory.
pub(super) struct Secured {
    /// None once it has failed; what is then in `outgoing` is its alert.
    tls: Option<UnbufferedServerConnection>,
    /// Records that are not whole yet.
    incoming: Vec<u8>,
    outgoing: Outgoing,
    /// Whether some of the connection's output is in `outgoing`: at most one piece is, so that
    /// the access log's line is that of the answer that is written.
    has_sealed: bool,
    /// Asked for by the connection, once, while there was something to be written first.
    postponed: Option<Need>,
    /// Whether the peer has said that it will send no more (`close_notify`), or just ended.
    has_input_ended: bool,
    /// Whether it has been told so.
    has_said_goodbye: bool,
    /// When it has failed, whether the peer may still be sending.
    linger: bool,
    handshake_limit: Duration,
}

impl Secured {
    pub(super) fn new(tls: &Tls, options: &Options) -> Self {
        Self {
            // It fails only over a configuration that cannot be, and is then closed.
            tls: UnbufferedServerConnection::new(Arc::clone(tls.config())).ok(),
            incoming: Vec::new(),
            outgoing: Outgoing::default(),
            has_sealed: false,
            postponed: None,
            has_input_ended: false,
            has_said_goodbye: false,
            linger: false,
            handshake_limit: options.limit(Phase::Handshake, false),
        }
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Opens what is whole of `bytes` and what came before, for `connection` to receive.
    pub(super) fn receive(&mut self, bytes: &[u8], connection: &mut Connection) {
        if self.tls.is_none() || self.has_input_ended {
            return;
        }
        self.incoming.extend_from_slice(bytes);
        let has_ended = self.run(|plaintext| connection.receive(plaintext), |_, _| Ok(()));
        if has_ended {
            self.end_of_input();
            connection.end_of_input();
        }
    }

    /// The socket's end, whether or not TLS has said that it would come: a request that is whole
    /// is answered, and one that is cut off is not, as without TLS.
    pub(super) fn end_of_input(&mut self) {
        self.has_input_ended = true;
        if self.is_handshaking() {
            self.give_up();
        }
    }

    /// Ends it without another word.
    pub(super) fn give_up(&mut self) {
        self.tls = None;
        self.incoming = Vec::new();
        self.outgoing.clear();
    }

    pub(super) fn output(&self) -> &[u8] {
        self.outgoing.rest()
    }

    pub(super) fn wrote(&mut self, count: usize) {
        self.outgoing.wrote(count);
        self.has_sealed &= !self.outgoing.rest().is_empty();
    }

    pub(super) fn need(&mut self, connection: &mut Connection, date: &Date) -> Need {
        if self.has_sealed {
            return Need::Output;
        }
        if self.tls.is_none() {
            let linger = self.linger;
            return self.after_output(Need::Close { linger });
        }
        if self.is_handshaking() {
            let (phase, limit) = (Phase::Handshake, self.handshake_limit);
            return self.after_output(Need::Input { phase, limit });
        }
        let postponed = self.postponed.take();
        match postponed.unwrap_or_else(|| connection.need(date)) {
            Need::Output => {
                self.seal(connection);
                // Nothing came of it if the keys are worn out.
                self.after_output(Need::Close { linger: true })
            }
            Need::Close { linger } => {
                self.say_goodbye();
                // The peer's own goodbye is to come, and what comes to a closed socket is answered
                // with a reset, which may cost the peer the end of its answer.
                let linger = linger || !self.has_input_ended;
                self.after_output(Need::Close { linger })
            }
            need => self.after_output(need),
        }
    }

    /// `need`, or what is to be written before it. So the last words of the handshake leave
    /// together with the first answer, if that can be given at once.
    fn after_output(&mut self, need: Need) -> Need {
        if self.outgoing.rest().is_empty() {
            self.outgoing.free();
            return need;
        }
        // The others are asked for again.
        if let Need::Pause(_) | Need::Deliver(_) = need {
            self.postponed = Some(need);
        }
        Need::Output
    }

    /// Seals the next piece of an answer, and the goodbye behind the last one.
    fn seal(&mut self, connection: &mut Connection) {
        let output = connection.output();
        let piece = &output[..output.len().min(SEALED_BYTES_MAX)];
        let piece_bytes = piece.len();
        self.run(|_| (), |traffic, outgoing| outgoing.seal(traffic, piece));
        connection.wrote(piece_bytes);
        self.has_sealed = self.tls.is_some();
        if connection.is_over() {
            self.say_goodbye();
        }
    }

    fn say_goodbye(&mut self) {
        if !mem::replace(&mut self.has_said_goodbye, true) {
            self.run(|_| (), |traffic, outgoing| outgoing.say_goodbye(traffic));
        }
    }

    /// Has rustls take what came: the plaintext goes to `hear`, its own answers to `outgoing`;
    /// and then, if the handshake is done, `speak` may add to these. Whether the peer has said
    /// just now that it will send no more.
    fn run(
        &mut self,
        mut hear: impl FnMut(&[u8]),
        speak: impl FnOnce(&mut Traffic<'_>, &mut Outgoing) -> Result<(), EncryptError>,
    ) -> bool {
        let Some(tls) = &mut self.tls else {
            return false;
        };
        let (mut taken_bytes, mut has_ended) = (0, false);
        let mut speak = Some(speak);
        let is_good = loop {
            let UnbufferedStatus { discard, state } =
                tls.process_tls_records(&mut self.incoming[taken_bytes..]);
            taken_bytes += discard;
            let is_good = match state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    self.outgoing.add(&mut data).is_ok()
                }
                Ok(ConnectionState::ReadTraffic(mut records)) => {
                    while let Some(Ok(record)) = records.next_record() {
                        hear(record.payload);
                        taken_bytes += record.discard;
                    }
                    true
                }
                Ok(ConnectionState::TransmitTlsData(transmit)) => {
                    transmit.done();
                    true
                }
                Ok(ConnectionState::PeerClosed) => {
                    has_ended = true;
                    true
                }
                Ok(ConnectionState::WriteTraffic(mut traffic)) => match speak.take() {
                    Some(speak) => speak(&mut traffic, &mut self.outgoing).is_ok(),
                    None => break true,
                },
                Ok(_) => break true,
                Err(_) => false,
            };
            if !is_good {
                break false;
            }
        };
        self.incoming.drain(..taken_bytes);
        if !is_good || self.incoming.len() > INCOMING_BYTES_MAX {
            self.fail();
        }
        // What comes after the goodbye is nothing (RFC 8446 §6.1).
        if has_ended || self.incoming.is_empty() {
            self.incoming = Vec::new();
        }
        has_ended
    }

    /// Takes the alert that rustls has for the peer, if it has one, and ends TLS.
    fn fail(&mut self) {
        if let Some(mut tls) = self.tls.take() {
            while tls.wants_write() {
                let status = tls.process_tls_records(&mut self.incoming);
                let Ok(ConnectionState::EncodeTlsData(mut data)) = status.state else {
                    break;
                };
                if self.outgoing.add(&mut data).is_err() {
                    break;
                }
            }
        }
        self.incoming = Vec::new();
        self.linger = true;
    }

    /// Memory that its buffers hold.
    #[cfg(test)]
    pub(super) fn capacity_bytes(&self) -> usize {
        self.incoming.capacity() + self.outgoing.capacity_bytes()
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Secured")
            .field("is_handshaking", &self.is_handshaking())
            .field("incoming_bytes", &self.incoming.len())
            .field("outgoing_bytes", &self.outgoing.rest().len())
            .finish_non_exhaustive()
    }
}
