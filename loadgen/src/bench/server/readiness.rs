//! Whether a server answers yet.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use crate::plan::{Tls, TlsOptions};

/// How long a connection to this machine may take.
const CONNECT_LONGEST: Duration = Duration::from_millis(100);

/// How long an answer is waited for at a time.
const READ_LONGEST: Duration = Duration::from_millis(20);

/// The same where a handshake comes first, which cannot be taken up again.
const TLS_READ_LONGEST: Duration = Duration::from_secs(2);

/// A request that is on its way to a server which may not be there yet.
pub(super) struct Question {
    address: SocketAddr,
    tls: Option<Tls>,
    request: String,
    stream: Option<Box<dyn Stream>>,
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

impl Question {
    /// Whether what listens at `address` answers to `GET path`, over TLS or not.
    pub(super) fn new(address: SocketAddr, path: &str, tls: bool) -> io::Result<Self> {
        let host = address.ip().to_string();
        let tls = tls.then(|| Tls::new(&host, &TlsOptions::default()));
        Ok(Self {
            address,
            tls: tls.transpose().map_err(io::Error::other)?,
            request: format!(
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: loadgen\r\n\
                 Connection: close\r\n\r\n"
            ),
            stream: None,
        })
    }

    /// Asks, if it has not been, and waits for a moment: true if anything has come back.
    pub(super) fn is_answered(&mut self) -> bool {
        let stream = self.stream.take();
        let asked = stream.map_or_else(|| self.ask(), Ok);
        let mut stream = match asked {
            Ok(stream) => stream,
            Err(error) => return is_refusal(&error),
        };
        match stream.read(&mut [0; 1]) {
            // It was let in, and turned out again: perhaps the server has just begun.
            Ok(0) => false,
            Ok(_) => true,
            Err(error) => {
                let is_silent = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                self.stream = is_silent.then_some(stream);
                is_refusal(&error)
            }
        }
    }

    fn ask(&self) -> io::Result<Box<dyn Stream>> {
        let tcp = TcpStream::connect_timeout(&self.address, CONNECT_LONGEST)?;
        let longest = self.tls.as_ref().map_or(READ_LONGEST, |_| TLS_READ_LONGEST);
        tcp.set_read_timeout(Some(longest))?;
        tcp.set_write_timeout(Some(TLS_READ_LONGEST))?;
        let mut stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let config = tls.client_config(&["http/1.1"]);
                let session = ClientConnection::new(config, tls.server_name.clone());
                Box::new(StreamOwned::new(session.map_err(io::Error::other)?, tcp))
            }
        };
        stream.write_all(self.request.as_bytes())?;
        Ok(stream)
    }
}

/// Whether TLS was refused, which takes a server that is there: it may want a certificate or another
/// protocol, which are for the load to show.
fn is_refusal(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|it| it.downcast_ref());
    matches!(inner, Some(rustls::Error::AlertReceived(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn a_server_that_is_not_there_or_closes_or_keeps_silent_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut question = Question::new(address, "/a", false).unwrap();
        assert!(!question.is_answered(), "it keeps silent");
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 8];
        stream.read_exact(&mut request).unwrap();
        assert_eq!(request, *b"GET /a H");
        assert!(!question.is_answered(), "still");
        stream.write_all(b"H").unwrap();
        assert!(question.is_answered(), "on the connection that it has");

        let mut again = Question::new(address, "/", false).unwrap();
        assert!(!again.is_answered());
        drop(listener);
        while again.stream.is_some() {
            assert!(!again.is_answered(), "it closes");
        }
        assert!(!again.is_answered(), "it is not there");
    }

    #[test]
    fn a_server_that_refuses_tls_is_there() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut question = Question::new(listener.local_addr().unwrap(), "/", true).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // A fatal alert (2): handshake_failure (40).
            stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).unwrap();
            stream
        });
        assert!(question.is_answered());
        server.join().unwrap();
    }
}
