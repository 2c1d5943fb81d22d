//! Where requests go.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use http::Uri;

use super::route::{Destination, Route};

/// The server, resolved if that is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As given, in parts.
    pub url: Url,
    /// How connections get there.
    pub route: Route,
    /// What the resolver said, if the name did not resolve.
    pub dns_error: Option<String>,
}

/// A URL, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The whole as given, a password replaced by `***`.
    pub masked: String,
    /// Whether the connection is encrypted.
    pub scheme: Scheme,
    /// Host as written, brackets of IPv6 included.
    pub host: String,
    /// Port, 80 or 443 if the URL has none.
    pub port: u16,
    /// Path and query, as the request line has them.
    pub path: String,
    /// User and password, as in `http://user:password@host/`.
    pub userinfo: Option<String>,
}

/// What is spoken on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// Why there is no target. Each is one line that says what to do.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TargetError {
    /// Not a URL that can be requested.
    #[error("'{url}' is not a URL to load: {reason}; write http://HOST[:PORT]/PATH, or https")]
    Url {
        /// As given, a password replaced by `***`.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name did not resolve.
    #[error("cannot resolve '{host}': {reason}; check the name, or give an IP address")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
}

impl Url {
    /// Takes `url` apart.
    ///
    /// # Errors
    ///
    /// It is none, or neither http nor https.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let wrong = |reason| TargetError::Url {
            url: abbreviated(&mask_password(url)),
            reason,
        };
        let uri: Uri = url.parse().map_err(|_| wrong("it cannot be parsed"))?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) => return Err(wrong("only http and https are supported")),
            None => return Err(wrong("the scheme is missing")),
        };
        let authority = uri
            .authority()
            .ok_or_else(|| wrong("the host is missing"))?;
        if authority.host().is_empty() {
            return Err(wrong("the host is missing"));
        }
        let userinfo = authority.as_str().rsplit_once('@').map(|(user, _)| user);
        Ok(Self {
            masked: mask_password(url),
            scheme,
            host: authority.host().to_owned(),
            port: port(authority, scheme).ok_or_else(|| wrong("the port is not 1 to 65535"))?,
            path: path(&uri),
            userinfo: userinfo.map(str::to_owned),
        })
    }
}

impl Url {
    /// Scheme, host and port: what makes one server.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.label(), self.authority())
    }

    /// Host and port, as the `Host` field has them (RFC 9112 §3.2): the port only if it is not the
    /// scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port == self.scheme.port() {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl Target {
    /// Parses `url` and resolves its host.
    ///
    /// # Errors
    ///
    /// A URL that is none, that is neither http nor https, or whose host does not resolve.
    pub fn resolve(url: &str) -> Result<Self, TargetError> {
        let target = Self::of(Url::parse(url)?);
        match target.dns_error {
            None => Ok(target),
            Some(reason) => Err(TargetError::Dns {
                host: target.url.host,
                reason,
            }),
        }
    }

    /// Resolves the host of `url`. If that fails, so does each request.
    #[must_use]
    pub fn of(url: Url) -> Self {
        let (addresses, dns_error) = match resolve(&url.host, url.port) {
            Ok(addresses) => (addresses, None),
            Err(reason) => (Vec::new(), Some(reason)),
        };
        Self {
            url,
            route: Route::to(addresses),
            dns_error,
        }
    }

    /// By way of `path`, a socket in the file system: no name needs to resolve.
    #[must_use]
    pub fn by_unix(url: Url, path: PathBuf) -> Self {
        Self {
            url,
            route: Route::to_unix(path),
            dns_error: None,
        }
    }

    /// Whether connections stay on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.route.destinations.iter().all(Destination::is_local)
    }
}

impl Scheme {
    /// As URLs begin with it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where a URL names none.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

fn port(authority: &http::uri::Authority, scheme: Scheme) -> Option<u16> {
    match authority.port() {
        Some(port) => Some(port.as_u16()).filter(|&port| port > 0),
        // `Authority::port` is also None where the port is no number.
        None if authority.as_str().ends_with(authority.host()) => Some(scheme.port()),
        None => None,
    }
}

/// The target of the request line: `http://host?query` has an empty path, which is sent as `/`
/// (RFC 9112 §3.2.1).
fn path(uri: &Uri) -> String {
    match uri.path_and_query().map_or("/", |path| path.as_str()) {
        path if path.starts_with('/') => path.to_owned(),
        query => format!("/{query}"),
    }
}

/// A URL as a message quotes it.
fn abbreviated(url: &str) -> String {
    const CHARS_MAX: usize = 100;
    match url.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &url[..end]),
        None => url.to_owned(),
    }
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (name, port).to_socket_addrs();
    let addresses: Vec<_> = addresses.map_err(|error| error.to_string())?.collect();
    match addresses.is_empty() {
        true => Err("it has no address".to_owned()),
        false => Ok(addresses),
    }
}

/// `url` with the password that it may carry replaced by `***`.
#[must_use]
pub fn mask_password(url: &str) -> String {
    let authority_at = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(authority_at);
    let authority_bytes = rest.find('/').unwrap_or(rest.len());
    let userinfo = rest[..authority_bytes]
        .rsplit_once('@')
        .map(|(user, _)| user);
    match userinfo.and_then(|userinfo| userinfo.split_once(':')) {
        Some((user, password)) => {
            format!(
                "{scheme}{user}:***{}",
                &rest[user.len() + 1 + password.len()..]
            )
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::resolve(url).unwrap()
    }

    #[test]
    fn a_url_comes_apart_into_address_host_and_path() {
        let target = target("http://127.0.0.1:7080/delay/10?x=1");
        assert_eq!(
            target.route,
            Route::to(vec!["127.0.0.1:7080".parse().unwrap()])
        );
        assert_eq!(target.url.authority(), "127.0.0.1:7080");
        assert_eq!(target.url.path, "/delay/10?x=1");
    }

    #[test]
    fn port_and_path_have_defaults() {
        let target = target("http://[::1]");
        assert_eq!(target.route, Route::to(vec!["[::1]:80".parse().unwrap()]));
        assert_eq!(
            (target.url.authority().as_str(), target.url.path.as_str()),
            ("[::1]", "/")
        );
    }

    #[test]
    fn a_query_without_a_path_is_sent_with_one() {
        assert_eq!(target("http://127.0.0.1?x=1").url.path, "/?x=1");
    }

    #[test]
    fn a_password_is_not_repeated() {
        let target = target("http://me:secret@127.0.0.1/");
        assert_eq!(target.url.masked, "http://me:***@127.0.0.1/");
        assert_eq!(target.url.userinfo.as_deref(), Some("me:secret"));
        assert_eq!(target.url.authority(), "127.0.0.1");
    }

    #[test]
    fn what_cannot_be_loaded_is_named_with_the_next_step() {
        for url in [
            "",
            "127.0.0.1:80",
            "/path",
            "ftp://127.0.0.1/",
            "ws://127.0.0.1/",
            "http:///",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:x/",
        ] {
            let error = Target::resolve(url).unwrap_err();
            assert!(matches!(error, TargetError::Url { .. }), "{url}: {error}");
            assert!(!error.to_string().contains('\n'));
        }
    }
}
