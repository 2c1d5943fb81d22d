//! A client's end of one connection, from its first byte to its last: TLS if there is any, the
//! upgrade, then messages. No sockets, no clocks: bytes in, bytes out, messages in, messages out.

use std::borrow::Cow;

use super::failed::Failed;
use super::framing::{Framing, Kind, Received};
use super::input::Input;
use super::upgrade::Upgrade;
use crate::engine::fast::tls::Tls;
use crate::engine::fast::transport::Transport;
use crate::outcome::Cause;
use crate::record::Bytes;

#[derive(Debug)]
pub(super) struct Endpoint {
    transport: Transport,
    /// Until the server has agreed.
    upgrade: Option<Upgrade>,
    framing: Framing,
    /// What was received, decrypted.
    input: Input,
    /// What is to be sent, not encrypted yet.
    outgoing: Vec<u8>,
    /// The answer to the upgrade, until somebody wants to know.
    head: Option<Vec<u8>>,
    /// Whether bytes have come since the last message, or the answer to the upgrade.
    is_amid: bool,
    /// Since somebody last asked, without TLS.
    traffic: Bytes,
}

impl Endpoint {
    /// Of a new connection, which begins with [`Self::take_outgoing`]. Without an upgrade messages
    /// can be sent at once.
    pub(super) fn new(
        transport: Transport,
        upgrade: Option<(Upgrade, Vec<u8>)>,
        framing: Framing,
    ) -> Self {
        let (upgrade, outgoing) = upgrade.unzip();
        Self {
            transport,
            upgrade,
            framing,
            input: Input::default(),
            outgoing: outgoing.unwrap_or_default(),
            head: None,
            is_amid: false,
            traffic: Bytes::default(),
        }
    }

    /// Whether messages can be sent.
    pub(super) fn is_open(&self) -> bool {
        self.upgrade.is_none()
    }

    /// TLS once it has secured the connection, if it is to.
    pub(super) fn secured(&self) -> Option<&Tls> {
        match &self.transport {
            Transport::Tls(tls) if tls.is_secured() => Some(tls),
            _ => None,
        }
    }

    /// Whether there is TLS.
    pub(super) fn is_plain(&self) -> bool {
        self.transport.is_plain()
    }

    /// The head that answered the upgrade, once.
    pub(super) fn take_head(&mut self) -> Option<Vec<u8>> {
        self.head.take()
    }

    /// Puts a message behind what is to be sent.
    pub(super) fn send(&mut self, kind: Kind, message: &[u8]) {
        self.framing.send(kind, message, &mut self.outgoing);
    }

    /// Puts a farewell behind what is to be sent.
    pub(super) fn close(&mut self) {
        if self.is_open() {
            self.framing.close(&mut self.outgoing);
        }
    }

    /// Takes bytes that came; [`Self::next`] has what they say.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let unread_bytes = self.input.unread().len();
        let heard = match &mut self.transport {
            Transport::Tls(tls) => open(tls, bytes, &mut self.input),
            Transport::Plain | Transport::Tunnel(_) => {
                self.input.push(bytes);
                Ok(())
            }
        };
        let came_bytes = self.input.unread().len() - unread_bytes;
        self.traffic.received += came_bytes as u64;
        self.is_amid |= came_bytes > 0;
        heard
    }

    /// Takes the upgrade's answer, if it has come; whether messages can be sent.
    pub(super) fn upgrade(&mut self) -> Result<bool, Failed> {
        let Some(upgrade) = &self.upgrade else {
            return Ok(true);
        };
        let Some(head) = Upgrade::head(&mut self.input)? else {
            return Ok(false);
        };
        let judged = upgrade.judge(&head);
        self.head = Some(head);
        judged?;
        self.upgrade = None;
        self.is_amid = !self.input.is_empty();
        Ok(true)
    }

    /// The next message, if one has come whole. The upgrade's answer comes before the first.
    pub(super) fn next(&mut self) -> Result<Option<Received>, Failed> {
        if !self.upgrade()? {
            return Ok(None);
        }
        let next = self.framing.next(&mut self.input, &mut self.outgoing)?;
        if let Some(message) = &next {
            self.is_amid = !self.input.is_empty();
            self.traffic.received_body += message.bytes.len() as u64;
        }
        Ok(next)
    }

    /// Whether a part of what is awaited has come.
    pub(super) fn is_amid(&self) -> bool {
        self.is_amid
    }

    /// The connection has ended: what that means for who waits for something on it.
    pub(super) fn end(&self) -> Failed {
        let is_secured = self.is_plain() || self.secured().is_some();
        match (is_secured, self.is_amid) {
            (false, _) => Failed::new(
                Cause::TlsHandshake,
                "the server ended the connection in the middle of it",
            ),
            (true, false) => Cause::ClosedBeforeResponse.into(),
            (true, true) => Cause::ClosedMidResponse.into(),
        }
    }

    /// Whether the server has announced the end (TLS).
    pub(super) fn has_ended(&self) -> bool {
        self.transport.has_ended()
    }

    /// Whether something is to be sent.
    pub(super) fn has_outgoing(&self) -> bool {
        !self.outgoing.is_empty() || self.transport.has_outgoing()
    }

    /// What is to be sent now, as it goes over the connection; empty if nothing is.
    pub(super) fn take_outgoing(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.outgoing);
        self.traffic.sent += bytes.len() as u64;
        match bytes.is_empty() {
            true => self.transport.outgoing().unwrap_or_default(),
            false => self.transport.seal(Cow::Owned(bytes)).into_owned(),
        }
    }

    /// Gives the memory of [`Self::take_outgoing`] back, for the next.
    pub(super) fn give_back(&mut self, mut bytes: Vec<u8>) {
        if self.outgoing.capacity() == 0 {
            bytes.clear();
            self.outgoing = bytes;
        }
    }

    /// What went over the connection since this was asked last.
    pub(super) fn take_traffic(&mut self) -> Bytes {
        std::mem::take(&mut self.traffic)
    }

    /// The last `bytes` of [`Self::take_outgoing`] did not leave, and will not.
    pub(super) fn note_unsent(&mut self, bytes: usize) {
        let unsent = self.messages_in(bytes) as u64;
        self.traffic.sent = self.traffic.sent.saturating_sub(unsent);
    }

    /// How many bytes of messages there are in the last `bytes` that were to be sent, at most.
    pub(super) fn messages_in(&self, bytes: usize) -> usize {
        self.transport.requests_in(bytes)
    }

    /// What the server is told before the connection is closed.
    pub(super) fn farewell(mut self) -> Vec<u8> {
        let mut bytes = self.take_outgoing();
        bytes.extend(self.transport.farewell().unwrap_or_default());
        bytes
    }
}

fn open(tls: &mut Tls, bytes: &[u8], input: &mut Input) -> Result<(), Failed> {
    let mut rest = bytes;
    loop {
        match tls.open(&mut rest) {
            Ok(Some(plaintext)) => input.push(plaintext),
            Ok(None) => return Ok(()),
            Err(cause) => {
                return Err(Failed {
                    cause,
                    reason: tls.error(),
                });
            }
        }
    }
}
