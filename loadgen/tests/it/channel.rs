//! One connection of the fault server, in the clear or encrypted: the same
//! operations, so that a behaviour is the same behaviour in both.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};
use socket2::SockRef;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 4096;

/// A connection whose socket blocks.
pub(crate) struct Channel {
    stream: TcpStream,
    /// If it is encrypted. The handshake is part of reading.
    session: Option<ServerConnection>,
}

impl Channel {
    /// A connection that has been accepted. What is written waits no longer than `patience`.
    pub(crate) fn new(
        stream: TcpStream,
        security: Option<&Arc<ServerConfig>>,
        patience: Duration,
    ) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(patience))?;
        let session = security.map(|config| ServerConnection::new(Arc::clone(config)));
        let session = session.transpose().map_err(io::Error::other)?;
        Ok(Self { stream, session })
    }

    /// To wait for what the client sends.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Once the socket can be read, what the client has sent is added to `received`: nothing, if
    /// the bytes were the session's own. False if the client has closed.
    pub(crate) fn receive(&mut self, received: &mut Vec<u8>) -> io::Result<bool> {
        let mut chunk = [0; CHUNK_BYTES];
        let Some(session) = &mut self.session else {
            let count = self.stream.read(&mut chunk)?;
            received.extend_from_slice(&chunk[..count]);
            return Ok(count > 0);
        };
        let count = session.read_tls(&mut self.stream)?;
        let processed = session.process_new_packets();
        // Also an alert about what cannot be processed.
        flush(session, &mut self.stream)?;
        let state = processed.map_err(io::Error::other)?;
        let mut plain = vec![0; state.plaintext_bytes_to_read()];
        session.reader().read_exact(&mut plain)?;
        received.extend_from_slice(&plain);
        Ok(count > 0 && !state.peer_has_closed())
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(session) = &mut self.session else {
            return self.stream.write_all(bytes);
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = session.writer().write(rest)?;
            rest = &rest[count..];
            flush(session, &mut self.stream)?;
        }
        Ok(())
    }

    /// Has small pieces wait for each other, or not.
    pub(crate) fn cork(&self, corked: bool) -> io::Result<()> {
        SockRef::from(&self.stream).set_tcp_cork(corked)
    }

    /// Says that no more will come, in the session and with a FIN.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        if let Some(session) = &mut self.session {
            session.send_close_notify();
            flush(session, &mut self.stream)?;
        }
        self.cut()
    }

    /// Says it with a FIN only: whoever is in between could have done that.
    pub(crate) fn cut(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Ends in a reset.
    pub(crate) fn reset(self) -> io::Result<()> {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }
}

/// Sends what the session has to say.
fn flush(session: &mut ServerConnection, stream: &mut TcpStream) -> io::Result<()> {
    while session.wants_write() {
        if session.write_tls(stream)? == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}
