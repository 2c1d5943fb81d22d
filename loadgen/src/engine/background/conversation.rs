//! What is said on one connection, in bytes: a way to the server, then requests and their answers.

use crate::engine::failure::Phase;
use crate::engine::fast::transport::{Setup, Transport};
use crate::http1::{Answer, Question, ResponseReader};
use crate::outcome::Cause;

const QUESTION: Question<'_> = Question {
    is_head: false,
    expected_body: None,
};

/// One connection's, from its beginning.
pub(super) struct Conversation {
    transport: Transport,
    reader: ResponseReader,
    is_asked: bool,
    /// What is to be sent and is not in the kernel's hands.
    pub(super) unsent: Vec<u8>,
}

impl Conversation {
    /// Before anything is said.
    pub(super) fn new(setup: &Setup<'_>) -> Result<Self, Cause> {
        Ok(Self {
            transport: setup.transport().map_err(|_| Cause::TlsHandshake)?,
            reader: ResponseReader::default(),
            is_asked: false,
            unsent: Vec::new(),
        })
    }

    /// Has what is to be said next among [`Self::unsent`]: `request`, as soon as it can be said and
    /// once for each answer.
    pub(super) fn speak(&mut self, setup: &Setup<'_>, request: &[u8]) -> Result<(), Cause> {
        if let Transport::Tunnel(tunnel) = &self.transport
            && tunnel.is_open()
        {
            self.transport = setup.to_server().map_err(|_| Cause::TlsHandshake)?;
        }
        if let Some(bytes) = self.transport.outgoing() {
            self.unsent.extend_from_slice(&bytes);
        }
        if !self.is_asked && self.leads_to_the_server() {
            let sealed = self.transport.seal(request.into());
            self.unsent.extend_from_slice(&sealed);
            self.is_asked = true;
        }
        Ok(())
    }

    /// Takes bytes of the server's; the answer, if it is complete. Whatever comes after it was not
    /// asked for and is passed over.
    pub(super) fn hear(&mut self, mut bytes: &[u8]) -> Result<Option<Answer>, Cause> {
        match &mut self.transport {
            Transport::Plain => self.reader.read(QUESTION, &mut bytes),
            Transport::Tunnel(tunnel) => {
                let heard = tunnel.hear(bytes);
                heard.map(|()| None).map_err(|_| Cause::ConnectRefused)
            }
            Transport::Tls(tls) => {
                let mut answer = None;
                // Of what comes after an answer TLS must know too.
                while let Some(mut plaintext) = tls.open(&mut bytes)? {
                    if answer.is_none() {
                        answer = self.reader.read(QUESTION, &mut plaintext)?;
                    }
                }
                Ok(answer)
            }
        }
    }

    /// The server has closed. The answer whose end that is, or why there is none.
    pub(super) fn ends(&mut self) -> Result<Answer, Cause> {
        match self.phase() {
            Phase::Securing => Err(Cause::TlsHandshake),
            _ => self.reader.end_of_stream(QUESTION),
        }
    }

    /// The status of the answer that is being read.
    pub(super) fn status(&self) -> Option<u16> {
        self.reader.status()
    }

    /// Makes ready to ask again.
    pub(super) fn begin_again(&mut self) {
        self.reader.reset();
        self.is_asked = false;
    }

    /// How far an open connection has come.
    pub(super) fn phase(&self) -> Phase {
        match (self.leads_to_the_server(), self.unsent.is_empty()) {
            (false, _) => Phase::Securing,
            (true, false) => Phase::Sending,
            (true, true) => Phase::Receiving,
        }
    }

    fn leads_to_the_server(&self) -> bool {
        match &self.transport {
            Transport::Plain => true,
            Transport::Tunnel(_) => false,
            Transport::Tls(tls) => tls.is_secured(),
        }
    }
}
