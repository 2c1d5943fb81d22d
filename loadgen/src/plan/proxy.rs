//! A proxy between here and the server. It is asked in its own words (RFC 9112 §3.2): for a whole
//! URL where requests are in the clear, else once for a way through (CONNECT).

use std::fmt;
use std::str::FromStr;

use http::uri::Authority;

use super::header::{Credentials, Header};
use super::scenario::HttpVersion;
use super::url::{self, Url};

/// The port where none is named, as with ab.
const PORT_DEFAULT: u16 = 80;

/// A proxy, which is spoken to in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Name or address; an IPv6 address has its brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whom it is told that it serves.
    pub credentials: Option<Credentials>,
}

impl Proxy {
    /// The field that only the proxy is to read (RFC 9110 §11.7.1), if there is one.
    #[must_use]
    pub fn authorization(&self) -> Option<Header> {
        let credentials = self.credentials.as_ref()?;
        Some(Header::new("Proxy-Authorization", credentials.basic()))
    }

    /// The request for a way through to the server of `url` (RFC 9110 §9.3.6).
    #[must_use]
    pub fn connect_request(&self, url: &Url, version: HttpVersion) -> Vec<u8> {
        let (server, version) = (url.host_and_port(), version.label());
        let mut head = format!("CONNECT {server} HTTP/{version}\r\nHost: {server}\r\n");
        if let Some(Header { name, value }) = self.authorization() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

impl FromStr for Proxy {
    type Err = String;

    /// Reads `HOST` or `HOST:PORT`.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "a proxy is written HOST or HOST:PORT, its user with -P".to_owned();
        let authority: Authority = text.parse().map_err(|_| form())?;
        let port = url::port(&authority, PORT_DEFAULT).ok_or_else(form)?;
        if authority.host().is_empty() || text.contains('@') {
            return Err(form());
        }
        Ok(Self {
            host: authority.host().to_owned(),
            port,
            credentials: None,
        })
    }
}

/// As records have it: a password is not shown.
impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.credentials.is_some() {
            formatter.write_str("***@")?;
        }
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        let text = |proxy: &str| proxy.parse::<Proxy>().map(|proxy| proxy.to_string());
        assert_eq!(text("proxy.test").unwrap(), "proxy.test:80");
        assert_eq!(text("127.0.0.1:3128").unwrap(), "127.0.0.1:3128");
        assert_eq!(text("[::1]:3128").unwrap(), "[::1]:3128");
        for wrong in [
            "",
            ":80",
            "a:b",
            "a:0",
            "a:99999",
            "http://a:80",
            "me:secret@a",
        ] {
            let error = text(wrong).unwrap_err();
            assert!(error.contains("HOST:PORT"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_way_through_is_asked_for_with_the_port_and_the_proxys_credentials() {
        let url = Url::parse("https://me:mine@example.org/path").unwrap();
        let mut proxy: Proxy = "proxy.test:3128".parse().unwrap();
        let request = |proxy: &Proxy| {
            let bytes = proxy.connect_request(&url, HttpVersion::Http11);
            String::from_utf8(bytes).unwrap()
        };
        let head = "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n";
        assert_eq!(request(&proxy), format!("{head}\r\n"));
        proxy.credentials = Some("Aladdin:open sesame".parse().unwrap());
        assert_eq!(
            request(&proxy),
            format!("{head}Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
        );
        assert_eq!(proxy.to_string(), "***@proxy.test:3128");
    }
}
