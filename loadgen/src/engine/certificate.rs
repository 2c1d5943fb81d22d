//! As much of an X.509 certificate as a record says of it: whom it is for, and how long its key
//! is. Nothing is verified here.
//!
//! Sources: RFC 5280 §4.1 (the certificate), RFC 3279 §2.3 (its keys), X.690 (DER).

/// What a certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The common name of its subject.
    pub(super) common_name: Option<String>,
    /// Length of its public key, in bits: of the modulus (RSA) or the curve's field.
    pub(super) key_bits: Option<u32>,
}

/// Tags of DER.
mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const BIT_STRING: u8 = 0x03;
    pub(super) const OID: u8 = 0x06;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    /// `[0]`, in which a certificate keeps its version.
    pub(super) const VERSION: u8 = 0xa0;
}

/// id-at-commonName, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// rsaEncryption, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-ecPublicKey, 1.2.840.10045.2.1.
const ELLIPTIC_CURVE: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

impl Certificate {
    /// Reads a certificate in DER; `None` if it is none.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Elements(Elements(der).expect(tag::SEQUENCE)?);
        let mut fields = Elements(certificate.expect(tag::SEQUENCE)?);
        let (first, _) = fields.next()?;
        if first == tag::VERSION {
            fields.expect(tag::INTEGER)?;
        }
        let _signature_algorithm = fields.expect(tag::SEQUENCE)?;
        let _issuer = fields.expect(tag::SEQUENCE)?;
        let _validity = fields.expect(tag::SEQUENCE)?;
        let subject = fields.expect(tag::SEQUENCE)?;
        let key = fields.expect(tag::SEQUENCE)?;
        Some(Self {
            common_name: common_name(subject),
            key_bits: key_bits(key),
        })
    }
}

fn common_name(subject: &[u8]) -> Option<String> {
    let mut names = Elements(subject);
    while let Some(name) = names.expect(tag::SET) {
        let mut attribute = Elements(Elements(name).expect(tag::SEQUENCE)?);
        if attribute.expect(tag::OID)? == COMMON_NAME {
            let (_, value) = attribute.next()?;
            return Some(String::from_utf8_lossy(value).into_owned());
        }
    }
    None
}

fn key_bits(key: &[u8]) -> Option<u32> {
    let mut parts = Elements(key);
    let algorithm = Elements(parts.expect(tag::SEQUENCE)?).expect(tag::OID)?;
    // The first byte counts the bits that are unused, none in a key.
    let (_, key) = parts.expect(tag::BIT_STRING)?.split_first()?;
    match algorithm {
        RSA => {
            let modulus = Elements(Elements(key).expect(tag::SEQUENCE)?).expect(tag::INTEGER)?;
            let zeros = modulus.iter().take_while(|&&byte| byte == 0).count();
            let (first, rest) = modulus[zeros..].split_first()?;
            Some(8 * u32::try_from(rest.len()).ok()? + first.ilog2() + 1)
        }
        // A point is a byte and two coordinates (SEC 1 §2.3.3).
        ELLIPTIC_CURVE => match key.len() {
            65 => Some(256),
            97 => Some(384),
            133 => Some(521),
            _ => None,
        },
        _ => None,
    }
}

/// Elements of DER, one behind the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The contents of the next element, if it has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, contents) = self.next()?;
        (found == tag).then_some(contents)
    }

    /// Tag and contents of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&length, rest) = rest.split_first()?;
        let (length, rest) = match length {
            0..0x80 => (usize::from(length), rest),
            _ => {
                let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                // Three bytes are more than any certificate has.
                if bytes.len() > 3 {
                    return None;
                }
                let of_bytes = |length, &byte: &u8| length << 8 | usize::from(byte);
                (bytes.iter().fold(0, of_bytes), rest)
            }
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{
        CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    };

    use super::*;

    fn certificate(algorithm: &'static rcgen::SignatureAlgorithm) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Nobody");
        params
            .distinguished_name
            .push(DnType::CommonName, "example.org");
        let key = KeyPair::generate_for(algorithm).unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_says_whom_it_is_for_and_how_long_its_key_is() {
        for (algorithm, bits) in [
            (&PKCS_ECDSA_P256_SHA256, 256),
            (&PKCS_ECDSA_P384_SHA384, 384),
        ] {
            let read = Certificate::read(&certificate(algorithm)).unwrap();
            assert_eq!(read.key_bits, Some(bits));
            assert_eq!(read.common_name.as_deref(), Some("example.org"));
        }
    }

    #[test]
    fn an_rsa_key_is_as_long_as_its_modulus() {
        // SEQUENCE { SEQUENCE { rsaEncryption }, BIT STRING { SEQUENCE { INTEGER } } }
        let mut key = vec![0x30, 0x0b, 0x06, 0x09];
        key.extend_from_slice(RSA);
        key.extend_from_slice(&[0x03, 0x07, 0x00, 0x30, 0x04, 0x02, 0x02, 0x7f, 0xff]);
        assert_eq!(key_bits(&key), Some(15));
    }

    proptest! {
        #[test]
        fn whatever_is_no_certificate_is_refused_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            at in 0_usize..400,
            byte: u8,
        ) {
            let _ = Certificate::read(&bytes);
            let mut changed = certificate(&PKCS_ECDSA_P256_SHA256);
            let at = at % changed.len();
            changed[at] = byte;
            let _ = Certificate::read(&changed);
            prop_assert_eq!(Certificate::read(&changed[..at]), None);
        }
    }
}
