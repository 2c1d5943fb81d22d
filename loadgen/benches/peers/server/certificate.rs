//! The certificate that all servers have: with another one they would do other work.

use std::fs;
use std::path::{Path, PathBuf};

/// A certificate and its key as files, made anew each time for the curve that most certificates of
/// today have.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificate {
    /// Made in `directory`.
    pub(crate) fn make(directory: &Path) -> anyhow::Result<Self> {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = rcgen::CertificateParams::new(names)?.self_signed(&key)?;
        let made = Self {
            certificate: directory.join("cert.pem"),
            key: directory.join("key.pem"),
        };
        fs::write(&made.certificate, certificate.pem())?;
        fs::write(&made.key, key.serialize_pem())?;
        Ok(made)
    }

    /// As our servers are told of it.
    pub(super) fn flags(&self) -> [&std::ffi::OsStr; 5] {
        let [certificate, key] = [self.certificate.as_os_str(), self.key.as_os_str()];
        [
            "--tls".as_ref(),
            "--cert".as_ref(),
            certificate,
            "--key".as_ref(),
            key,
        ]
    }
}
