//! Versions and cipher suites, as people name them: ab and OpenSSL in one way, IANA in another.

use std::str::FromStr;

use rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, SupportedCipherSuite, SupportedProtocolVersion};

/// Versions of the protocol that are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersions {
    /// All there are.
    #[default]
    All,
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.3 only.
    Tls13,
}

/// Cipher suites that are offered, the preferred first.
#[derive(Clone, Debug, PartialEq)]
pub struct CipherSuites(Vec<SupportedCipherSuite>);

impl TlsVersions {
    /// Those for which `ciphers` has a suite.
    pub(super) fn with_suites(
        self,
        ciphers: &CipherSuites,
    ) -> Vec<&'static SupportedProtocolVersion> {
        let versions: &[&'static SupportedProtocolVersion] = match self {
            Self::All => &[&TLS13, &TLS12],
            Self::Tls12 => &[&TLS12],
            Self::Tls13 => &[&TLS13],
        };
        let has_suite = |version: &&&'static SupportedProtocolVersion| {
            ciphers.0.iter().any(|suite| suite.version() == **version)
        };
        versions.iter().filter(has_suite).copied().collect()
    }
}

impl CipherSuites {
    pub(super) fn of_versions(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Vec<SupportedCipherSuite> {
        let is_of = |suite: &&SupportedCipherSuite| versions.contains(&suite.version());
        self.0.iter().filter(is_of).copied().collect()
    }
}

impl Default for CipherSuites {
    fn default() -> Self {
        Self(ALL_CIPHER_SUITES.to_vec())
    }
}

impl FromStr for TlsVersions {
    type Err = String;

    /// Reads ab's names, in any case.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_uppercase().as_str() {
            "ALL" => Ok(Self::All),
            "TLS1.2" => Ok(Self::Tls12),
            "TLS1.3" => Ok(Self::Tls13),
            "SSL2" | "SSL3" | "TLS1" | "TLS1.0" | "TLS1.1" => {
                Err("that version is not safe, nor spoken here; give TLS1.2, TLS1.3 or ALL".into())
            }
            _ => Err("give TLS1.2, TLS1.3 or ALL".into()),
        }
    }
}

impl FromStr for CipherSuites {
    type Err = String;

    /// Reads names with `:` or `,` between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let suites: Result<Vec<_>, String> = text.split([':', ',']).map(suite).collect();
        suites.map(Self)
    }
}

/// The suite of this name, in any case.
fn suite(name: &str) -> Result<SupportedCipherSuite, String> {
    let is_name = |suite: &&SupportedCipherSuite| {
        let own = suite.suite().as_str().unwrap_or_default();
        let iana = iana_name(suite.suite());
        let names = [own, &iana, &openssl_name(&iana)];
        names.iter().any(|other| other.eq_ignore_ascii_case(name))
    };
    let found = ALL_CIPHER_SUITES.iter().find(is_name).copied();
    found.ok_or_else(|| {
        let all = ALL_CIPHER_SUITES.iter();
        let all: Vec<_> = all
            .map(|suite| openssl_name(&iana_name(suite.suite())))
            .collect();
        format!("there is no suite '{name}'; give some of {}", all.join(":"))
    })
}

/// The suite's name in IANA's registry, such as `TLS_AES_128_GCM_SHA256`: rustls calls those of
/// TLS 1.3 a little otherwise.
#[must_use]
pub fn iana_name(suite: CipherSuite) -> String {
    suite
        .as_str()
        .unwrap_or("unknown")
        .replace("TLS13_", "TLS_")
}

/// A suite's name as OpenSSL has it and ab shows it, such as `ECDHE-RSA-AES128-GCM-SHA256`.
#[must_use]
pub fn openssl_name(iana_name: &str) -> String {
    let Some((exchange, cipher)) = iana_name.split_once("_WITH_") else {
        // Those of TLS 1.3 say nothing of the key exchange and have one name only.
        return iana_name.to_owned();
    };
    let exchange = exchange.trim_start_matches("TLS_");
    let cipher = match cipher {
        "CHACHA20_POLY1305_SHA256" => "CHACHA20-POLY1305",
        cipher => &cipher.replace("AES_", "AES"),
    };
    format!("{exchange}-{cipher}").replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_called_as_openssl_calls_them() {
        let names: Vec<_> = ALL_CIPHER_SUITES
            .iter()
            .map(|suite| openssl_name(&iana_name(suite.suite())))
            .collect();
        assert_eq!(
            names,
            [
                "TLS_AES_256_GCM_SHA384",
                "TLS_AES_128_GCM_SHA256",
                "TLS_CHACHA20_POLY1305_SHA256",
                "ECDHE-ECDSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-AES128-GCM-SHA256",
                "ECDHE-ECDSA-CHACHA20-POLY1305",
                "ECDHE-RSA-AES256-GCM-SHA384",
                "ECDHE-RSA-AES128-GCM-SHA256",
                "ECDHE-RSA-CHACHA20-POLY1305",
            ]
        );
    }

    #[test]
    fn a_suite_has_three_names() {
        let by_openssl: CipherSuites = "TLS_AES_128_GCM_SHA256:ecdhe-rsa-aes128-gcm-sha256"
            .parse()
            .unwrap();
        let by_others = "TLS13_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        assert_eq!(by_others.parse(), Ok(by_openssl));
    }

    #[test]
    fn what_there_is_not_is_told_what_there_is() {
        let error = "AES128-SHA".parse::<CipherSuites>().unwrap_err();
        assert!(error.contains("'AES128-SHA'"), "{error}");
        assert!(error.contains("ECDHE-RSA-AES128-GCM-SHA256"), "{error}");
        for name in ["SSL3", "TLS1", "TLS1.1", "TLS9", ""] {
            let error = name.parse::<TlsVersions>().unwrap_err();
            assert!(error.contains("TLS1.2, TLS1.3 or ALL"), "{error}");
        }
        assert_eq!("tls1.2".parse(), Ok(TlsVersions::Tls12));
    }
}
