//! How the servers speak TLS: one configuration for every model of both.
//!
//! rustls with the cryptography of AWS-LC: TLS 1.3 and 1.2, the suites and curves that Mozilla's
//! guide calls intermediate. What rustls keeps for all connections is here too: the keys of the
//! tickets by which sessions are resumed (RFC 8446 §4.6.1, RFC 5077), which it makes anew every
//! six hours. Nothing else in this crate looks at a clock or draws a random number, and this does
//! so only inside rustls.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{self, Ticketer};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};

/// A server's certificate, key and rules, shared by all its connections.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ServerConfig>);

/// What can be spoken inside TLS, as it is agreed upon in the handshake (ALPN, RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2 (RFC 9113 §3.2).
    Http2,
    /// HTTP/1.1 (RFC 9112).
    Http11,
}

impl Protocol {
    /// Its name in the handshake.
    #[must_use]
    pub const fn name(self) -> &'static [u8] {
        match self {
            Self::Http2 => b"h2",
            Self::Http11 => b"http/1.1",
        }
    }
}

impl Tls {
    /// From PEM text (RFC 7468): the server's certificate followed by those that vouch for it,
    /// and its private key (PKCS #8, PKCS #1 or SEC 1). One text may hold both; whatever else is
    /// in it is passed over. HTTP/1.1 is spoken unless [`Self::with_protocols`] says otherwise.
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub fn from_pem(certificate_chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(certificate_chain)?;
        let key = private_key(key)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        config.ticketer = Ticketer::new().map_err(TlsError::Unusable)?;
        Ok(Self(Arc::new(config)).with_protocols(&[Protocol::Http11]))
    }

    /// The same, with these protocols to choose from, the preferred first.
    ///
    /// A client that offers none of them is refused (`no_application_protocol`); one that has
    /// nothing to say about it is taken to speak HTTP/1.1.
    #[must_use]
    pub fn with_protocols(mut self, protocols: &[Protocol]) -> Self {
        let names = protocols.iter().map(|protocol| protocol.name().to_vec());
        Arc::make_mut(&mut self.0).alpn_protocols = names.collect();
        self
    }

    /// What rustls is given.
    #[must_use]
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.0
    }
}

/// Why a certificate and a key are of no use; its `Display` goes on after the text's name, and
/// ends with the next step.
#[derive(Debug)]
pub enum TlsError {
    /// The certificate's text is broken, or holds none that can be used.
    Certificate(String),
    /// The key's text is broken, or holds none that can be used.
    Key(String),
    /// Each is good, and they do not belong together.
    Mismatch,
    /// Something else that rustls found, or no random numbers were to be had.
    Unusable(rustls::Error),
}

impl Error for TlsError {}

impl fmt::Display for TlsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(reason) | Self::Key(reason) => formatter.write_str(reason),
            Self::Mismatch => formatter.write_str(
                "is not the key of the first certificate; \
                 give the two that belong together, the server's own certificate first",
            ),
            Self::Unusable(error) => write!(
                formatter,
                "cannot be used: {error}; give another with --cert and --key"
            ),
        }
    }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match read {
        Ok(chain) if chain.is_empty() => Err(TlsError::Certificate(
            "has no certificate; give one in PEM, which begins -----BEGIN CERTIFICATE-----"
                .to_owned(),
        )),
        Ok(chain) => Ok(chain),
        Err(error) => Err(TlsError::Certificate(broken(&error))),
    }
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| {
        TlsError::Key(match error {
            pem::Error::NoItemsFound => {
                "has no private key that can be read; give one in PEM, without a passphrase \
                 (openssl pkey takes it off)"
                    .to_owned()
            }
            error => broken(&error),
        })
    })
}

fn broken(error: &pem::Error) -> String {
    let reason = match error {
        pem::Error::MissingSectionEnd { .. } => "it ends before its END line".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line is broken".to_owned(),
        pem::Error::Base64Decode(_) => "what is between BEGIN and END is not base64".to_owned(),
        error => error.to_string(),
    };
    format!("is no good PEM: {reason}; get it whole from where it comes")
}

/// What rustls says of a pair that came out of good PEM.
fn unusable(error: rustls::Error) -> TlsError {
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch,
        rustls::Error::InvalidCertificate(error) => TlsError::Certificate(format!(
            "has a certificate that cannot be read ({error:?}); have it issued again, as X.509 v3"
        )),
        // All that it says of a key it does not know.
        rustls::Error::General(reason) => TlsError::Key(format!(
            "has a key that cannot be used ({reason}); \
             give one for ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 to 8192 bits)"
        )),
        error => TlsError::Unusable(error),
    }
}

#[cfg(test)]
mod tests;
