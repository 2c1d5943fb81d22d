//! How connections are secured: TLS by rustls, with AWS-LC's cryptography.

mod any_certificate;
mod choice;
mod files;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, SupportedProtocolVersion};

use any_certificate::AnyCertificate;
pub use choice::{CipherSuites, TlsVersions, iana_name, openssl_name};

/// TLS as a run speaks it: what is offered to the server, and what is asked of it.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Whom the server's certificate should be for.
    pub server_name: ServerName<'static>,
    /// Whether sessions are resumed, which spares both sides most of a handshake.
    pub resumes: bool,
    /// Whether the server's certificate is verified.
    pub verifies: bool,
    /// Whether a certificate of ours is shown to a server that asks for one.
    pub has_certificate: bool,
    config: ClientConfig,
}

/// What a person can say about TLS.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsOptions {
    /// Who vouches for the server.
    pub trust: Trust,
    /// Our own certificate.
    pub identity: Option<Identity>,
    /// Whether the server is not told the name that is wanted of it (SNI, RFC 6066 §3).
    pub hides_server_name: bool,
    /// The protocol's versions that are offered.
    pub versions: TlsVersions,
    /// The cipher suites that are offered.
    pub ciphers: CipherSuites,
    /// Whether sessions are resumed.
    pub resumes: bool,
}

/// Who vouches for the server's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Nobody: any certificate will do.
    #[default]
    Anyone,
    /// The authorities that this system trusts.
    System,
    /// Those whose certificates are in this file (PEM).
    File(PathBuf),
}

/// Where our own certificate is, for a server that wants one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and those that vouch for it (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM); may be the same file.
    pub key: PathBuf,
}

impl Tls {
    /// Reads the files that `options` name, for connections to `host` (an IPv6 address in
    /// brackets).
    ///
    /// # Errors
    ///
    /// One line that names the flag or the file, and the next step.
    pub fn new(host: &str, options: &TlsOptions) -> Result<Self, String> {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let server_name = ServerName::try_from(name.to_owned())
            .map_err(|_| format!("'{host}' is not a name that a certificate can be for"))?;
        let mut config = config(options)?;
        config.enable_sni = !options.hides_server_name;
        config.resumption = Resumption::disabled();
        draw_from(config.crypto_provider());
        Ok(Self {
            server_name,
            resumes: options.resumes,
            verifies: !matches!(options.trust, Trust::Anyone),
            has_certificate: options.identity.is_some(),
            config,
        })
    }

    /// What a client's connections are made with, which offers to speak `protocols` (ALPN,
    /// RFC 7301). Sessions are kept for each caller apart, so that workers share no lock.
    #[must_use]
    pub fn client_config(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut config = self.config.clone();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        if self.resumes {
            // For the one server that there is.
            config.resumption = Resumption::in_memory_sessions(1);
        }
        Arc::new(config)
    }

    /// The name that the server is told, if it is told one: an address is none (RFC 6066 §3).
    #[must_use]
    pub fn told_name(&self) -> Option<&str> {
        match &self.server_name {
            ServerName::DnsName(name) if self.config.enable_sni => Some(name.as_ref()),
            _ => None,
        }
    }

    /// The names of the suites that are offered, as IANA has them, the preferred first.
    #[must_use]
    pub fn offered_ciphers(&self) -> Vec<String> {
        let suites = self.config.crypto_provider().cipher_suites.iter();
        suites.map(|suite| iana_name(suite.suite())).collect()
    }
}

/// Draws a random number: the first takes tens of milliseconds, while AWS-LC gathers entropy, which
/// are not the first handshake's.
fn draw_from(provider: &CryptoProvider) {
    // Whoever needs one later will hear that there is none.
    let _ = provider.secure_random.fill(&mut [0]);
}

fn config(options: &TlsOptions) -> Result<ClientConfig, String> {
    let versions = options.versions.with_suites(&options.ciphers);
    let suites = options.ciphers.of_versions(&versions);
    if suites.is_empty() {
        return Err("no suite of -Z belongs to a version of -f; drop one of them".to_owned());
    }
    let provider = CryptoProvider {
        cipher_suites: suites,
        ..aws_lc_rs::default_provider()
    };
    with_trust(Arc::new(provider), &versions, options)
}

fn with_trust(
    provider: Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
    options: &TlsOptions,
) -> Result<ClientConfig, String> {
    let schemes = provider
        .signature_verification_algorithms
        .supported_schemes();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| format!("TLS cannot be set up: {error}; drop -f or -Z"))?;
    let builder = match &options.trust {
        Trust::Anyone => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate::new(schemes))),
        Trust::System => builder.with_root_certificates(files::system_roots()?),
        Trust::File(path) => builder.with_root_certificates(files::roots(path)?),
    };
    let Some(identity) = &options.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = files::certificates(&identity.certificate)?;
    let key = files::private_key(&identity.key)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        let (certificate, key) = (identity.certificate.display(), identity.key.display());
        format!("{certificate} with the key of {key} is of no use: {error}; check -E and --key")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(options: &TlsOptions) -> Tls {
        Tls::new("example.org", options).unwrap()
    }

    #[test]
    fn the_server_is_told_its_name_unless_that_is_an_address_or_hidden() {
        let told = TlsOptions::default();
        let hidden = TlsOptions {
            hides_server_name: true,
            ..TlsOptions::default()
        };
        assert_eq!(tls(&told).told_name(), Some("example.org"));
        assert_eq!(tls(&hidden).told_name(), None);
        assert_eq!(Tls::new("[::1]", &told).unwrap().told_name(), None);
        assert!(Tls::new("not a name", &told).is_err());
    }

    #[test]
    fn only_what_was_chosen_is_offered() {
        let options = TlsOptions {
            ciphers: "ECDHE-RSA-AES128-GCM-SHA256".parse().unwrap(),
            ..TlsOptions::default()
        };
        assert_eq!(
            tls(&options).offered_ciphers(),
            ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
        );
    }

    #[test]
    fn versions_and_suites_that_exclude_each_other_are_an_error() {
        let options = TlsOptions {
            versions: "TLS1.3".parse().unwrap(),
            ciphers: "ECDHE-RSA-AES128-GCM-SHA256".parse().unwrap(),
            ..TlsOptions::default()
        };
        let error = Tls::new("example.org", &options).unwrap_err();
        assert!(error.contains("-Z") && error.contains("-f"), "{error}");
    }

    #[test]
    fn each_caller_keeps_its_own_sessions_and_only_if_asked_to() {
        let resuming = TlsOptions {
            resumes: true,
            ..TlsOptions::default()
        };
        let store = |config: &ClientConfig| format!("{:?}", config.resumption);
        let resuming = tls(&resuming);
        let config = resuming.client_config(&["http/1.1"]);
        assert_eq!(config.alpn_protocols, [b"http/1.1"]);
        assert!(store(&config).contains("Cache"), "{}", store(&config));
        let never = tls(&TlsOptions::default()).client_config(&[]);
        assert!(!store(&never).contains("Cache"), "{}", store(&never));
    }
}
