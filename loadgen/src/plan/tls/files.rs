//! Certificates and keys, from PEM files and from the system.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The authorities that this system trusts.
pub(super) fn system_roots() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A system has hundreds; one that cannot be read vouches for nobody.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let reason = found.errors.first().map(|error| format!(" ({error})"));
        let reason = reason.unwrap_or_default();
        return Err(format!(
            "this system has no trusted certificates{reason}; name a file with --cacert"
        ));
    }
    Ok(roots)
}

/// The authorities in a file.
pub(super) fn roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| {
            let path = path.display();
            format!("{path} has a certificate that is of no use: {error}; check the file")
        })?;
    }
    Ok(roots)
}

/// The certificates in a file, in its order; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, Error> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    match read {
        Ok(certificates) if certificates.is_empty() => Err(format!(
            "{} has no certificate; give one in PEM, which begins -----BEGIN CERTIFICATE-----",
            path.display()
        )),
        read => read.map_err(|error| unreadable(path, &error)),
    }
}

/// The first private key in a file.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        Error::NoItemsFound => format!(
            "{} has no private key that can be read; give one in PEM, without a passphrase",
            path.display()
        ),
        error => unreadable(path, &error),
    })
}

fn unreadable(path: &Path, error: &Error) -> String {
    let path = path.display();
    match error {
        Error::Io(error) => format!("cannot read {path}: {error}; check the path"),
        error => format!("{path} is no good PEM: {error:?}; check the file"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_without_what_is_wanted_says_so() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "nothing of that kind").unwrap();
        let error = certificates(file.path()).unwrap_err();
        assert!(error.contains("has no certificate"), "{error}");
        let error = private_key(file.path()).unwrap_err();
        assert!(error.contains("has no private key"), "{error}");
        writeln!(
            file,
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"
        )
        .unwrap();
        let error = certificates(file.path()).unwrap_err();
        assert!(error.contains("no good PEM"), "{error}");
        let error = certificates(Path::new("/nowhere.pem")).unwrap_err();
        assert!(error.contains("cannot read /nowhere.pem"), "{error}");
    }
}
