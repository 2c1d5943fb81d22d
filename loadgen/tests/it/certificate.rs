//! Certificates, good and bad, made when they are needed: no key is in the
//! repository.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::NamedTempFile;

use crate::files::file_with;

/// A server's certificate, signed with its own key, and that key.
pub(crate) struct Certificate {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Certificate {
    /// For a server on the loopback address.
    pub(crate) fn good() -> Self {
        Self::of(&names(&["127.0.0.1", "localhost"]))
    }

    /// For another server.
    pub(crate) fn with_another_name() -> Self {
        Self::of(&names(&["192.0.2.1", "elsewhere.example"]))
    }

    /// Which was good once.
    pub(crate) fn expired() -> Self {
        let mut params = names(&["127.0.0.1"]);
        params.not_after = date_time_ymd(2001, 1, 1);
        Self::of(&params)
    }

    fn of(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, key }
    }

    /// What a server needs.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let chain = vec![self.certificate.der().clone()];
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(chain, key.into());
        let mut config = config.expect("the key is the certificate's");
        // A ticket is a segment before the answer's: a client that is told of it, and then reads
        // both, cannot know of the FIN that came with the second.
        config.send_tls13_tickets = 0;
        Arc::new(config)
    }

    /// What a client needs to trust it.
    pub(crate) fn client_config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    /// A file, for clients that are to trust it.
    pub(crate) fn file(&self) -> NamedTempFile {
        file_with(self.certificate.pem())
    }
}

fn names(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).expect("names and addresses")
}
