//! Where a server's certificate and key come from: files, or nowhere.

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use wire::tls::{Tls, TlsError};

/// The name that a certificate made here is for, besides addresses.
const NAME: &str = "localhost";

/// How long a certificate made here is good. Mozilla's guide allows 366 days; a server that runs
/// longer must be started anew.
const LIFETIME: Duration = Duration::from_secs(365 * DAY_S);

/// How much of it lies in the past, for clients whose clocks are slow.
const LIFETIME_PAST: Duration = Duration::from_secs(DAY_S);

const DAY_S: u64 = 24 * 60 * 60;

/// Largest file that is read, in bytes: a chain of certificates has a few thousand, and what is
/// endless is none.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads a certificate chain and its key, both PEM.
///
/// # Errors
///
/// One line that names the file, what is wrong with it, and the next step.
pub(crate) fn from_files(certificate_chain: &Path, key: &Path) -> anyhow::Result<Tls> {
    let text = |path| read(path).with_context(|| format!("cannot read {}", path.display()));
    Tls::from_pem(&text(certificate_chain)?, &text(key)?).map_err(|error| {
        let path = match &error {
            TlsError::Key(_) | TlsError::Mismatch => key,
            TlsError::Certificate(_) | TlsError::Unusable(_) => certificate_chain,
        };
        anyhow!("{} {error}", path.display())
    })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut text))
        .map_err(|error| anyhow!("{error}; {}", next_step(&error)))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(anyhow!(
            "it has more than {FILE_BYTES_MAX} bytes; give a PEM file"
        ));
    }
    Ok(text)
}

fn next_step(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "let the server's user read it",
        io::ErrorKind::IsADirectory => "give the file in it",
        _ => "check the path",
    }
}

/// Makes a key (ECDSA, P-256) and a certificate that nobody vouches for, good for `localhost`,
/// the loopback addresses and `addresses`. Both are kept in memory only.
///
/// # Errors
///
/// There are no random numbers, or the clock shows a year that a certificate cannot have.
pub(crate) fn self_signed(addresses: impl IntoIterator<Item = IpAddr>) -> anyhow::Result<Tls> {
    let make = || -> anyhow::Result<Tls> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = parameters(addresses)?.self_signed(&key)?;
        let key = key.serialize_pem();
        Ok(Tls::from_pem(certificate.pem().as_bytes(), key.as_bytes())?)
    };
    make().context("cannot make a certificate; give one with --cert and --key")
}

fn parameters(addresses: impl IntoIterator<Item = IpAddr>) -> anyhow::Result<CertificateParams> {
    let mut names = vec![NAME.to_owned()];
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    for address in loopback.into_iter().chain(addresses) {
        let name = address.to_canonical().to_string();
        // A listener on all addresses has none that a client could ask for.
        if !address.is_unspecified() && !names.contains(&name) {
            names.push(name);
        }
    }
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, NAME);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let epoch = date_time_ymd(1970, 1, 1);
    parameters.not_before = epoch + now.saturating_sub(LIFETIME_PAST);
    parameters.not_after = parameters.not_before + LIFETIME;
    Ok(parameters)
}

#[cfg(test)]
mod tests;
