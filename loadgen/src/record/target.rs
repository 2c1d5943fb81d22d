//! What was measured: the address and what answered there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the requests went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The URL, with a password replaced by `***`.
    pub url: String,
    /// The addresses that the name resolved to, or that of a proxy, or what
    /// connections were led to, as `IP:PORT`, in the order in which they are
    /// tried.
    pub addresses: Vec<String>,
    /// Path of the Unix socket that was used in place of an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unix_path: Option<String>,
    /// The `Server` header of the first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_software: Option<String>,
    /// Body length of the first answer in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_bytes: Option<u64>,
    /// What the resolver said of a name, if none did resolve: then every
    /// request failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_error: Option<String>,
    /// What TLS agreed upon; absent without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// What was wrong in TLS the first time that something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_error: Option<String>,
    /// Why the proxy would not lead to the server, the first time that it would
    /// not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_error: Option<String>,
    /// What the server did that is not WebSocket, or how it ended it, the first
    /// time: the status that answered the upgrade, the rule that a frame broke,
    /// the code of its close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websocket_error: Option<String>,
}

/// What client and server agreed upon in the first TLS handshake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// Protocol version, such as `TLSv1.3`.
    pub version: String,
    /// Cipher suite, by its IANA name.
    pub cipher: String,
    /// Group of the key exchange, such as `X25519`; absent if a resumed session
    /// did without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_exchange: Option<String>,
    /// Application protocol (ALPN), such as `http/1.1`; absent if the server
    /// chose none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Name that the server was told (SNI); absent if it was told none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Common name of the subject of the server's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_subject: Option<String>,
    /// Length of the public key in the server's certificate in bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_key_bits: Option<u32>,
}
