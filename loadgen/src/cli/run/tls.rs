//! How connections are secured, if the URL asks for it.

use std::path::PathBuf;

use clap::Args;

use super::super::UsageError;
use crate::plan::{CipherSuites, Identity, Scheme, Tls, TlsOptions, TlsVersions, Trust, Url};

/// Flags about TLS.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS (https URLs)")]
pub(in crate::cli) struct TlsFlags {
    /// Verify the server's certificate, with the authorities that this system trusts
    /// [default: any certificate will do, as with ab]
    #[arg(long)]
    verify: bool,
    /// Verify it with the authorities in this PEM file instead
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Show this certificate to a server that asks for one: a PEM file, with its private key unless
    /// --key has that
    #[arg(short = 'E', long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The private key of --cert, a PEM file
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Do not tell the server which name is wanted of it (SNI)
    #[arg(short = 'I')]
    no_server_name: bool,
    /// Versions to offer: TLS1.2, TLS1.3 or ALL
    #[arg(short = 'f', value_name = "PROTOCOL", default_value = "ALL")]
    versions: TlsVersions,
    /// Cipher suites to offer, and no others: names of OpenSSL or IANA with : between them
    /// [default: all there are]
    #[arg(short = 'Z', value_name = "CIPHERS")]
    ciphers: Option<CipherSuites>,
    /// A whole handshake for each connection: do not resume sessions [default: resume them; in
    /// ab's format do not, as ab]
    #[arg(long)]
    no_resumption: bool,
}

impl TlsFlags {
    /// TLS for connections to `url`, if it asks for that.
    pub(super) fn tls(&self, url: &Url, as_ab: bool) -> Result<Option<Tls>, UsageError> {
        if url.scheme == Scheme::Http {
            return self.check_unsecured().map(|()| None);
        }
        let tls = Tls::new(&url.host, &self.options(!as_ab)).map_err(UsageError::line)?;
        Ok(Some(tls))
    }

    /// What these flags say; sessions are resumed if the caller `resumes` them and no flag forbids it.
    pub(in crate::cli) fn options(&self, resumes: bool) -> TlsOptions {
        TlsOptions {
            trust: match &self.cacert {
                Some(file) => Trust::File(file.clone()),
                None if self.verify => Trust::System,
                None => Trust::Anyone,
            },
            identity: self.cert.as_ref().map(|certificate| Identity {
                certificate: certificate.clone(),
                key: self.key.as_ref().unwrap_or(certificate).clone(),
            }),
            hides_server_name: self.no_server_name,
            versions: self.versions,
            ciphers: self.ciphers.clone().unwrap_or_default(),
            resumes: resumes && !self.no_resumption,
        }
    }

    /// Who asks for these must not be left in the belief of having them. ab takes its own flags with
    /// any URL.
    pub(in crate::cli) fn check_unsecured(&self) -> Result<(), UsageError> {
        let flag = [
            ("--verify", self.verify),
            ("--cacert", self.cacert.is_some()),
            ("--no-resumption", self.no_resumption),
        ]
        .into_iter()
        .find_map(|(flag, is_given)| is_given.then_some(flag));
        match flag {
            None => Ok(()),
            Some(flag) => Err(UsageError::line(format!(
                "{flag} has a meaning only with https; write an https URL or drop {flag}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::typed::plan;

    #[test]
    fn what_only_tls_can_keep_is_refused_without_it() {
        for flag in ["--verify", "--cacert ca.pem", "--no-resumption"] {
            let error = plan(&format!("{flag} http://127.0.0.1:1/")).unwrap_err();
            let name = flag.split(' ').next().unwrap();
            assert!(error.contains(&format!("or drop {name}")), "{error}");
        }
        for flag in ["-I", "-E cert.pem", "-f TLS1.2"] {
            plan(&format!("{flag} http://127.0.0.1:1/")).unwrap();
        }
        plan("--no-resumption https://127.0.0.1:1/").unwrap();
    }
}
