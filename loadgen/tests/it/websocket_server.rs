//! Servers that pass messages on, or back: over WebSocket, by tungstenite, or bytes as they are.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tungstenite::handshake::server::{Request, Response};
use tungstenite::{WebSocket, accept_hdr};

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// It listens until the process ends; a connection lasts as long as its client.
pub(crate) struct WebSocketServer(SocketAddr);

/// Whom a server sends what it gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// The other client of the same room.
    Partner,
    /// Whoever sent it.
    Sender,
}

impl WebSocketServer {
    pub(crate) fn start(to: To) -> Self {
        Self::start_on(ANY_PORT, to)
    }

    /// The same on this address.
    pub(crate) fn start_on(address: SocketAddr, to: To) -> Self {
        Self::listen_on(address, move |listener| serve_all(listener, to, Ok))
    }

    /// The same over TLS.
    pub(crate) fn start_secured(to: To, config: Arc<ServerConfig>) -> Self {
        let secure = move |stream| {
            let connection =
                ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            Ok(StreamOwned::new(connection, stream))
        };
        Self::listen(move |listener| serve_all(listener, to, secure))
    }

    /// The same without the protocol: bytes as they come.
    pub(crate) fn start_raw(to: To) -> Self {
        Self::listen(move |listener| serve_raw(listener, to))
    }

    fn listen(serve: impl FnOnce(&TcpListener) -> io::Result<()> + Send + 'static) -> Self {
        Self::listen_on(ANY_PORT, serve)
    }

    fn listen_on(
        address: SocketAddr,
        serve: impl FnOnce(&TcpListener) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        thread::spawn(move || serve(&listener));
        Self(address)
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.0)
    }
}

/// Handshakes one after another, so that it is known who came first.
fn serve_all<S: Read + Write + Send + 'static>(
    listener: &TcpListener,
    to: To,
    secure: impl Fn(TcpStream) -> io::Result<S>,
) -> io::Result<()> {
    let mut rooms = HashMap::new();
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut room = String::new();
        #[allow(clippy::result_large_err)] // It is the library's.
        let note_room = |request: &Request, response: Response| {
            room = request.uri().to_string();
            Ok(response)
        };
        // Who fails in the handshake is gone.
        let Ok(socket) = accept_hdr(secure(stream)?, note_room) else {
            continue;
        };
        match (to, rooms.remove(&room)) {
            (To::Sender, _) => drop(thread::spawn(move || echo(socket))),
            (To::Partner, Some(first)) => drop(thread::spawn(move || relay(first, socket))),
            (To::Partner, None) => drop(rooms.insert(room, socket)),
        }
    }
}

fn echo<S: Read + Write>(mut socket: WebSocket<S>) -> tungstenite::Result<()> {
    loop {
        let message = socket.read()?;
        if message.is_text() || message.is_binary() {
            socket.send(message)?;
        }
    }
}

/// The first speaks, then the second, and so on.
fn relay<S: Read + Write>(
    mut first: WebSocket<S>,
    mut second: WebSocket<S>,
) -> tungstenite::Result<()> {
    loop {
        second.send(first.read()?)?;
        first.send(second.read()?)?;
    }
}

fn serve_raw(listener: &TcpListener, to: To) -> io::Result<()> {
    loop {
        let (first, _) = listener.accept()?;
        let second = match to {
            To::Sender => first.try_clone()?,
            To::Partner => listener.accept()?.0,
        };
        for (from, to) in [(&first, &second), (&second, &first)] {
            from.set_nodelay(true)?;
            let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
            thread::spawn(move || io::copy(&mut from, &mut to));
        }
    }
}
