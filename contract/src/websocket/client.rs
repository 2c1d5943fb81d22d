//! A connection on which WebSocket is spoken.

use super::frame::Frame;
use crate::answer::mask_date;
use crate::connection::Connection;
use crate::subject::Subject;
use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// The key of RFC 6455 §1.3, and what proves that it was read.
pub(crate) const EXAMPLE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const EXAMPLE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The request that opens a connection (RFC 6455 §4.1).
pub(crate) fn handshake(target: &str) -> String {
    handshake_with(
        target,
        &format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {EXAMPLE_KEY}\r\nSec-WebSocket-Version: 13\r\n"
        ),
    )
}

/// One with these header lines, each ended by CRLF.
pub(crate) fn handshake_with(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: contract\r\n{headers}\r\n")
}

/// The answer to a good handshake, its date masked.
fn switching(accept: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nDate: *\r\n\r\n"
    )
}

/// A client whose handshake is done.
pub(crate) struct Client {
    connection: Connection,
}

impl Client {
    /// Connects and shakes hands.
    pub(crate) fn open(subject: &Subject, target: &str) -> Result<Self> {
        Self::upgrade(Connection::open(subject)?, target)
    }

    /// The same with each step taking up to `patience`.
    pub(crate) fn open_patiently(
        subject: &Subject,
        target: &str,
        patience: Duration,
    ) -> Result<Self> {
        Self::upgrade(Connection::open_patiently(subject, patience)?, target)
    }

    /// Shakes hands on a connection.
    pub(crate) fn upgrade(mut connection: Connection, target: &str) -> Result<Self> {
        connection.send(handshake(target))?;
        Self::begin(connection)
    }

    /// Begins to speak WebSocket on a connection on which a handshake with [`EXAMPLE_KEY`] has been
    /// sent.
    pub(crate) fn begin(connection: Connection) -> Result<Self> {
        Self::begin_with(EXAMPLE_ACCEPT, connection)
    }

    /// The same for a handshake with the key that `accept` answers.
    pub(crate) fn begin_with(accept: &str, mut connection: Connection) -> Result<Self> {
        let head = connection.answer_head().context("shaking hands")?;
        let (came, expected) = (mask_date(&head), switching(accept));
        ensure!(
            came == expected,
            "a handshake was answered with\n{came}expected was\n{expected}"
        );
        Ok(Client { connection })
    }

    /// What it is spoken on.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The same for who is done with WebSocket.
    pub(crate) fn into_connection(self) -> Connection {
        self.connection
    }

    pub(crate) fn send(&mut self, frame: &Frame) -> Result<()> {
        self.connection.send(frame.masked())
    }

    /// Sends all of them in one write.
    pub(crate) fn send_all(&mut self, frames: &[Frame]) -> Result<()> {
        self.connection.send(Frame::masked_all(frames))
    }

    /// The next frame.
    pub(crate) fn receive(&mut self) -> Result<Frame> {
        Frame::read(&mut self.connection, Connection::peek, Connection::take)
    }

    /// The next frame is this one.
    pub(crate) fn expect(&mut self, expected: &Frame) -> Result<()> {
        let came = self
            .receive()
            .with_context(|| format!("waiting for a frame of {expected:?}"))?;
        ensure!(
            came == *expected,
            "expected a frame of {expected:?}, but got one of {came:?}"
        );
        Ok(())
    }

    /// Nothing lies there for this client: what answers a ping comes next.
    pub(crate) fn expect_nothing(&mut self) -> Result<()> {
        self.send(&Frame::ping("nothing?"))?;
        self.expect(&Frame::pong("nothing?"))
    }

    /// The server closes with this code and a reason, and then the connection.
    pub(crate) fn expect_farewell(&mut self, code: u16) -> Result<()> {
        let came = self
            .receive()
            .with_context(|| format!("waiting for a close with {code}"))?;
        ensure!(
            came.close_code() == Some(code) && came.payload().len() > 2,
            "expected a close with {code} and a reason, but got a frame of {came:?}"
        );
        self.connection.expect_close()
    }
}
