//! What ab says of TLS, as OpenSSL calls things.

use super::rows::Row;
use crate::plan::openssl_name;
use crate::record::Tls;

/// The lines about what was agreed upon.
pub(super) fn rows(tls: &Tls) -> Vec<Row> {
    let key_bits = tls.certificate_key_bits.unwrap_or(0);
    let cipher_bits = if tls.cipher.contains("_128_") {
        128
    } else {
        256
    };
    let cipher = openssl_name(&tls.cipher);
    let agreed = format!("{},{cipher},{key_bits},{cipher_bits}", tls.version);
    let group = tls.key_exchange.as_deref().map(temporary_key);
    let name = tls.server_name.clone();
    [
        Some(Row::Value("SSL/TLS Protocol:", agreed)),
        group.map(|key| Row::Value("Server Temp Key:", key)),
        name.map(|name| Row::Value("TLS Server Name:", name)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The key of this key exchange, with its length.
fn temporary_key(group: &str) -> String {
    match group {
        "X25519" => "X25519 253 bits".to_owned(),
        "secp256r1" => "ECDH prime256v1 256 bits".to_owned(),
        "secp384r1" => "ECDH secp384r1 384 bits".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_agreed_upon_is_said_as_ab_says_it() {
        let tls = Tls {
            version: "TLSv1.2".to_owned(),
            cipher: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256".to_owned(),
            key_exchange: Some("secp384r1".to_owned()),
            protocol: Some("http/1.1".to_owned()),
            server_name: Some("localhost".to_owned()),
            certificate_subject: None,
            certificate_key_bits: Some(384),
        };
        let rows = rows(&tls).into_iter().map(|row| match row {
            Row::Value(name, value) => (name, value),
            Row::Detail(detail) => panic!("{detail}"),
        });
        let expected = [
            (
                "SSL/TLS Protocol:",
                "TLSv1.2,ECDHE-ECDSA-AES128-GCM-SHA256,384,128",
            ),
            ("Server Temp Key:", "ECDH secp384r1 384 bits"),
            ("TLS Server Name:", "localhost"),
        ];
        assert!(rows.eq(expected.map(|(name, value)| (name, value.to_owned()))));
    }
}
