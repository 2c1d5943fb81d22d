//! Bytes to the server and back: over TCP or a UNIX socket, through TLS or in the clear.

use crate::subject::Address;
use crate::tls::TlsClient;
use rustls::ClientConnection;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much is sealed at once: what a record may hold (RFC 8446 §5.1).
const RECORD_BYTES_MAX: usize = 16 * 1024;

/// A connected socket, and TLS on it if the server speaks it. One thread may
/// read while another writes.
pub(crate) struct Channel {
    socket: Socket,
    tls: Option<Mutex<TlsClient>>,
}

impl Channel {
    /// Connects; `patience` limits this and every later read and write.
    pub(crate) fn connect(address: &Address, patience: Duration) -> io::Result<Self> {
        let (domain, to) = match address {
            Address::Tcp(address) => (Domain::for_address(*address), SockAddr::from(*address)),
            Address::Unix(path) => (Domain::UNIX, SockAddr::unix(path)?),
        };
        let socket = Socket::new(domain, Type::STREAM, None)?;
        socket.set_read_timeout(Some(patience))?;
        // On Linux it is a limit for connect(2) as well.
        socket.set_write_timeout(Some(patience))?;
        socket.connect(&to)?;
        if domain != Domain::UNIX {
            socket.set_tcp_nodelay(true)?;
        }
        Ok(Channel { socket, tls: None })
    }

    /// Begins TLS and shakes hands, with `session` as the client's side.
    pub(crate) fn secure(self, session: ClientConnection) -> io::Result<Self> {
        let tls = Mutex::new(TlsClient::new(session));
        while lock(&tls).is_handshaking() {
            self.flush(&tls)?;
            self.receive(&tls).inspect_err(|_| {
                // The server is told why, if TLS has a word for it.
                let _ = self.flush(&tls);
            })?;
        }
        self.flush(&tls)?;
        Ok(Channel {
            tls: Some(tls),
            ..self
        })
    }

    /// The client's side of TLS, to be asked what was agreed on.
    pub(crate) fn tls(&self) -> Option<MutexGuard<'_, TlsClient>> {
        self.tls.as_ref().map(lock)
    }

    /// The client's own address; none over a UNIX socket.
    pub(crate) fn local_ip(&self) -> io::Result<Option<IpAddr>> {
        let address = self.socket.local_addr()?.as_socket();
        Ok(address.map(|address| address.ip().to_canonical()))
    }

    /// How long one read may take from now on.
    pub(crate) fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(patience))
    }

    /// Writes all of `bytes`.
    pub(crate) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &self.tls else {
            return (&self.socket).write_all(bytes);
        };
        for piece in bytes.chunks(RECORD_BYTES_MAX) {
            lock(tls).seal(piece)?;
            self.flush(tls)?;
        }
        Ok(())
    }

    /// Writes `bytes` past TLS, as somebody in between could.
    pub(crate) fn write_past_tls(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.socket).write_all(bytes)
    }

    /// Whether a byte comes next, or the end.
    pub(crate) fn has_more(&self) -> io::Result<bool> {
        let Some(tls) = &self.tls else {
            return Ok(self.socket.peek(&mut [std::mem::MaybeUninit::uninit()])? > 0);
        };
        loop {
            if let Some(has_more) = lock(tls).has_more() {
                return has_more;
            }
            self.receive(tls)?;
        }
    }

    /// Writes all of `bytes` and says that nothing more will be sent, through
    /// TLS with a `close_notify` in the same write.
    pub(crate) fn write_last(&self, bytes: &[u8]) -> io::Result<()> {
        match &self.tls {
            None => (&self.socket).write_all(bytes)?,
            Some(tls) => {
                lock(tls).seal(bytes)?;
                lock(tls).say_goodbye();
                self.flush(tls)?;
            }
        }
        match self.socket.shutdown(Shutdown::Write) {
            // The server was faster, and the connection is closed.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    /// Ends reads and writes, whoever waits for them.
    pub(crate) fn shut_down(&self) {
        // It fails if the server was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Waits until the server has closed its socket, whatever TLS has said before.
    pub(crate) fn wait_for_close(&self) {
        // An error is an end as well.
        let _ = io::copy(&mut &self.socket, &mut io::sink());
    }

    /// Lets so many bytes, or as few as the kernel can do with, lie unread in the client's socket.
    pub(crate) fn hold_at_most(&self, bytes: usize) -> io::Result<()> {
        self.socket.set_recv_buffer_size(bytes)
    }

    /// Makes the close a reset (RST). A UNIX socket knows none: its peer is
    /// told of a reset if it leaves something unread.
    pub(crate) fn close_with_reset(&self) -> io::Result<()> {
        self.socket.set_linger(Some(Duration::ZERO))
    }

    /// Hands on what one read of the socket gives to TLS.
    fn receive(&self, tls: &Mutex<TlsClient>) -> io::Result<()> {
        let mut records = [0; RECORD_BYTES_MAX];
        let length = (&self.socket).read(&mut records)?;
        lock(tls).receive(&records[..length])
    }

    /// Writes what TLS has to say. The lock is not held meanwhile, or the
    /// server's bytes could not be read that it waits to get rid of.
    fn flush(&self, tls: &Mutex<TlsClient>) -> io::Result<()> {
        let records = lock(tls).take_output()?;
        (&self.socket).write_all(&records)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The end is 0 as always; through TLS an end that nobody announced is
/// `UnexpectedEof`.
impl Read for &Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.tls {
            None => (&self.socket).read(buffer),
            Some(tls) => match self.has_more() {
                Ok(true) => Ok(lock(tls).take(buffer)),
                Ok(false) => Ok(0),
                Err(error) => Err(error),
            },
        }
    }
}

/// Does `call` again as long as a signal interrupts it: a socket with a timeout is not resumed by
/// the kernel (signal(7)).
pub(crate) fn retrying<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Linux says `WouldBlock` where a socket's timeout passes, others `TimedOut`.
pub(crate) fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn lock(tls: &Mutex<TlsClient>) -> MutexGuard<'_, TlsClient> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}
