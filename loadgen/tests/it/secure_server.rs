//! A server that speaks TLS and nothing unusual, and tells what each client
//! said in its handshake.

use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{CertificateParams, CertifiedKey, Issuer, KeyPair};
use rustix::event::{PollFd, PollFlags, poll};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion, version,
};
use tempfile::NamedTempFile;

use crate::files::file_with;

/// Longest wait for a client: beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// An authority, and what it vouches for.
pub(crate) struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// How the server differs from one that takes everybody.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// All versions if there is none.
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    /// Names of application protocols that it chooses from.
    pub(crate) protocols: Vec<&'static str>,
    /// Whether sessions can be resumed.
    pub(crate) resumes: bool,
    /// Whether clients must show a certificate of the authority.
    pub(crate) asks_for_certificate: bool,
}

/// What a client said in its handshake, and what it made of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) server_name: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) has_certificate: bool,
    pub(crate) is_resumed: bool,
    pub(crate) requests: usize,
    /// It said that it would close (`close_notify`).
    pub(crate) said_goodbye: bool,
}

/// The server; it listens while it lives.
pub(crate) struct SecureServer {
    address: SocketAddr,
    clients: Arc<Mutex<Vec<Client>>>,
    /// Closing it is the stop signal.
    stop: Option<PipeWriter>,
    acceptor: Option<JoinHandle<()>>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for `name`, with its key.
    pub(crate) fn vouch_for(&self, name: &str) -> CertifiedKey<KeyPair> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        CertifiedKey {
            cert,
            signing_key: key,
        }
    }

    /// Its certificate, for clients that are to trust it.
    pub(crate) fn file(&self) -> NamedTempFile {
        file_with(self.certificate.pem())
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        Arc::new(roots)
    }
}

impl SecureServer {
    /// Listens on a free port of the loopback address, as `localhost`.
    pub(crate) fn start(authority: &Authority, manner: &Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        let (stopped, stop) = io::pipe().expect("a pipe");
        let clients = Arc::default();
        let acceptor = thread::spawn({
            let config = config(authority, manner);
            let clients = Arc::clone(&clients);
            move || accept_until_stopped(&listener, &stopped, &config, &clients)
        });
        Self {
            address,
            clients,
            stop: Some(stop),
            acceptor: Some(acceptor),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/", self.address.port())
    }

    pub(crate) fn address_url(&self) -> String {
        format!("https://{}/", self.address)
    }

    /// Stops it, and tells of each connection whose handshake was done.
    pub(crate) fn stop(mut self) -> Vec<Client> {
        self.join();
        self.clients.lock().unwrap().clone()
    }

    fn join(&mut self) {
        let Some(acceptor) = self.acceptor.take() else {
            return;
        };
        drop(self.stop.take());
        let result = acceptor.join();
        assert!(result.is_ok() || thread::panicking(), "the server panicked");
    }
}

impl Drop for SecureServer {
    fn drop(&mut self) {
        self.join();
    }
}

fn config(authority: &Authority, manner: &Manner) -> Arc<ServerConfig> {
    let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
    let all = vec![&version::TLS12, &version::TLS13];
    let versions = match manner.versions.is_empty() {
        true => &all,
        false => &manner.versions,
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match manner.asks_for_certificate {
        false => builder.with_no_client_auth(),
        true => {
            let verifier = WebPkiClientVerifier::builder_with_provider(authority.roots(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let (chain, key) = der(&authority.vouch_for("localhost"));
    let mut config = builder.with_single_cert(chain, key).unwrap();
    let protocols = manner.protocols.iter();
    config.alpn_protocols = protocols.map(|name| name.as_bytes().to_vec()).collect();
    if manner.resumes {
        config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    } else {
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
    }
    Arc::new(config)
}

fn der(
    certified: &CertifiedKey<KeyPair>,
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    (vec![certified.cert.der().clone()], key.into())
}

fn accept_until_stopped(
    listener: &TcpListener,
    stopped: &PipeReader,
    config: &Arc<ServerConfig>,
    clients: &Arc<Mutex<Vec<Client>>>,
) {
    listener
        .set_nonblocking(true)
        .expect("a nonblocking listener");
    let mut connections = Vec::new();
    let mut is_stopped = false;
    while !is_stopped {
        let mut sources = [
            PollFd::new(stopped, PollFlags::IN),
            PollFd::new(listener, PollFlags::IN),
        ];
        poll(&mut sources, None).expect("something to wait for");
        is_stopped = !sources[0].revents().is_empty();
        // Also at the stop: what is in the accept queue has connected and counts.
        while let Ok((stream, _)) = listener.accept() {
            let connection = ServerConnection::new(Arc::clone(config)).unwrap();
            let clients = Arc::clone(clients);
            connections.push(thread::spawn(move || meet(stream, connection, &clients)));
        }
    }
    for connection in connections {
        connection.join().expect("no panic in a connection");
    }
}

/// One connection, to its end.
fn meet(stream: TcpStream, connection: ServerConnection, clients: &Mutex<Vec<Client>>) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    // An error means that the handshake failed, which the client should tell of.
    let (requests, said_goodbye) = serve(&mut stream);
    if !stream.conn.is_handshaking() {
        let client = client(&stream.conn, requests, said_goodbye);
        clients.lock().unwrap().push(client);
    }
}

/// Answers requests until one asks for a close or the client leaves; how many, and whether it left
/// with a word.
fn serve(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> (usize, bool) {
    let mut reader = BufReader::new(stream);
    let mut requests = 0;
    let mut answer = || -> io::Result<Option<bool>> {
        let Some(keep_alive) = read_head(&mut reader)? else {
            return Ok(None);
        };
        let stream = reader.get_mut();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        stream.flush()?;
        Ok(Some(keep_alive))
    };
    loop {
        match answer() {
            Ok(Some(keep_alive)) => {
                requests += 1;
                if keep_alive {
                    continue;
                }
                let stream = reader.get_mut();
                stream.conn.send_close_notify();
                let _ = stream.flush();
                return (requests, false);
            }
            Ok(None) => return (requests, true),
            Err(_) => {
                // What is wrong with the handshake is said before the connection is closed.
                let _ = reader.get_mut().flush();
                return (requests, false);
            }
        }
    }
}

/// Reads a request's head; whether the connection is to stay. `None` if the client said goodbye.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<bool>> {
    let mut keep_alive = true;
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end().to_ascii_lowercase().as_str() {
            "" => return Ok(Some(keep_alive)),
            "connection: close" => keep_alive = false,
            first if first.ends_with(" http/1.0") => keep_alive = false,
            _ => {}
        }
    }
}

fn client(connection: &ServerConnection, requests: usize, said_goodbye: bool) -> Client {
    let protocol = connection.alpn_protocol();
    Client {
        server_name: connection.server_name().map(str::to_owned),
        protocol: protocol.map(|name| String::from_utf8_lossy(name).into_owned()),
        has_certificate: connection.peer_certificates().is_some(),
        is_resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        requests,
        said_goodbye,
    }
}
