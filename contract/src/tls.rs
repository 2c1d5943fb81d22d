//! TLS as its client: rustls, which trusts anybody here.

mod any_certificate;

use crate::tls::any_certificate::AnyCertificate;
use anyhow::{Context, Result};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, SupportedProtocolVersion};
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::{Arc, OnceLock};

/// The protocol that the suite speaks, as ALPN names it (RFC 7301 §6).
pub(crate) const HTTP_1_1: &[u8] = b"http/1.1";

/// The versions that servers must speak.
pub(crate) const VERSIONS: [&SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

/// The client's side of one connection, without its socket.
pub(crate) struct TlsClient {
    session: ClientConnection,
    /// What came and was not asked for yet.
    plaintext: Vec<u8>,
}

impl TlsClient {
    pub(crate) fn new(session: ClientConnection) -> Self {
        TlsClient {
            session,
            plaintext: Vec::new(),
        }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// What was chosen by ALPN.
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        self.session.alpn_protocol()
    }

    /// Whether the handshake was spared by one before it.
    pub(crate) fn is_resumed(&self) -> bool {
        self.session.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Takes bytes from the socket; none are its end.
    pub(crate) fn receive(&mut self, mut records: &[u8]) -> io::Result<()> {
        loop {
            let taken = self.session.read_tls(&mut records)?;
            self.session
                .process_new_packets()
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            match self.session.reader().read_to_end(&mut self.plaintext) {
                Err(error) if !is_no_news(&error) => return Err(error),
                // What is behind a close_notify is not taken.
                _ if records.is_empty() || taken == 0 => return Ok(()),
                _ => {}
            }
        }
    }

    /// Whether a byte comes next, or the end; `None` if that is not known yet.
    pub(crate) fn has_more(&mut self) -> Option<io::Result<bool>> {
        if !self.plaintext.is_empty() {
            return Some(Ok(true));
        }
        match self.session.reader().fill_buf() {
            Ok(chunk) => Some(Ok(!chunk.is_empty())),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Moves as much of what came into `buffer` as it holds.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) -> usize {
        let length = buffer.len().min(self.plaintext.len());
        buffer[..length].copy_from_slice(&self.plaintext[..length]);
        self.plaintext.drain(..length);
        length
    }

    /// Seals what is to be sent.
    pub(crate) fn seal(&mut self, plaintext: &[u8]) -> io::Result<()> {
        self.session.writer().write_all(plaintext)
    }

    /// Announces that nothing more will be sent.
    pub(crate) fn say_goodbye(&mut self) {
        self.session.send_close_notify();
    }

    /// What the socket is to be given.
    pub(crate) fn take_output(&mut self) -> io::Result<Vec<u8>> {
        let mut records = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut records)?;
        }
        Ok(records)
    }
}

/// Neither an error nor an end: [`TlsClient::has_more`] says which end it is.
fn is_no_news(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::UnexpectedEof
    )
}

/// The client's side of a connection by these rules.
pub(crate) fn session(config: &Arc<ClientConfig>) -> Result<ClientConnection> {
    let name = ServerName::try_from("localhost")?;
    ClientConnection::new(Arc::clone(config), name).context("beginning TLS")
}

/// How the suite speaks TLS where a check does not say otherwise: HTTP/1.1,
/// and a whole handshake each time, so that no check depends on another.
pub(crate) fn config() -> Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut config = config_for(&VERSIONS, &[HTTP_1_1])?;
    config.resumption = Resumption::disabled();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// Other rules: these versions, these protocols, sessions kept for the next
/// connection.
pub(crate) fn config_for(
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&[u8]],
) -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = AnyCertificate::new(&provider);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .context("the versions of TLS")?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// The first bytes that a client of this version sends.
pub(crate) fn client_hello(version: &'static SupportedProtocolVersion) -> Result<Vec<u8>> {
    let mut session = session(&Arc::new(config_for(&[version], &[HTTP_1_1])?))?;
    let mut bytes = Vec::new();
    session.write_tls(&mut bytes)?;
    Ok(bytes)
}
