//! A proxy that leads everybody to one server, whatever name they ask for, and
//! keeps what it was asked first on each connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Longest wait for bytes: beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest head that it reads.
const HEAD_BYTES_MAX: usize = 1 << 16;

/// What it does when it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// Leads there: passes on what it is asked, or opens a way through.
    Leads(SocketAddr),
    /// Says this and closes.
    Says(&'static str),
    /// The same over and over.
    SaysForever(&'static str),
    /// Waits until the client leaves.
    SaysNothing,
}

/// It listens until the process ends; a connection lasts as long as its client.
pub(crate) struct ProxyServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ProxyServer {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        thread::spawn({
            let asked = Arc::clone(&asked);
            move || {
                while let Ok((stream, _)) = listener.accept() {
                    let asked = Arc::clone(&asked);
                    // An error means that the client went away.
                    thread::spawn(move || serve(stream, manner, &asked));
                }
            }
        });
        Self { address, asked }
    }

    /// As flags have it.
    pub(crate) fn name(&self) -> String {
        self.address.to_string()
    }

    /// The first head on each connection so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, manner: Manner, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let head = read_head(&mut client)?;
    asked.lock().unwrap().push(head.clone());
    match manner {
        Manner::Leads(server) => lead(client, server, &head),
        Manner::Says(answer) => client.write_all(answer.as_bytes()),
        Manner::SaysForever(answer) => loop {
            client.write_all(answer.as_bytes())?;
        },
        Manner::SaysNothing => client.read(&mut [0]).map(drop),
    }
}

fn lead(mut client: TcpStream, server: SocketAddr, head: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    match head.starts_with("CONNECT ") {
        true => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?,
        // Servers take whole URLs too (RFC 9112 §3.2.2).
        false => server.write_all(head.as_bytes())?,
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let upwards = thread::spawn(move || {
        let copied = io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(Shutdown::Write).and(copied)
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)?;
    upwards.join().expect("no panic in it").map(drop)
}

/// A head, byte by byte so that nothing behind it is taken.
fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    String::from_utf8(head).map_err(io::Error::other)
}
