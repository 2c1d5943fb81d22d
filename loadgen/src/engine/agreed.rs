//! What a client and a server agreed upon in a TLS handshake.

use rustls::{CommonState, NamedGroup, ProtocolVersion};

use super::certificate::Certificate;
use crate::plan::{self, iana_name};
use crate::record;

/// What was agreed upon on a connection whose handshake is done.
pub(super) fn agreed(connection: &CommonState, tls: &plan::Tls) -> record::Tls {
    let suite = connection.negotiated_cipher_suite();
    let group = connection.negotiated_key_exchange_group();
    let certificates = connection.peer_certificates().unwrap_or_default();
    let certificate = certificates.first().and_then(|der| Certificate::read(der));
    let certificate = certificate.unwrap_or_default();
    record::Tls {
        version: connection
            .protocol_version()
            .map_or_else(String::new, version),
        cipher: suite.map_or_else(String::new, |suite| iana_name(suite.suite())),
        key_exchange: group.map(|group| group_name(group.name())),
        protocol: connection
            .alpn_protocol()
            .map(|name| String::from_utf8_lossy(name).into_owned()),
        server_name: tls.told_name().map(str::to_owned),
        certificate_subject: certificate.common_name,
        certificate_key_bits: certificate.key_bits,
    }
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
        other => format!("{other:?}"),
    }
}

fn group_name(group: NamedGroup) -> String {
    format!("{group:?}")
}
