//! A URL, taken apart.

use http::Uri;
use http::uri::Authority;

use super::header::Credentials;
use super::target::TargetError;

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
    /// User and password, as in `http://user:password@host/`, with their `%` as written.
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
            port: port(authority, scheme.port())
                .ok_or_else(|| wrong("the port is not 1 to 65535"))?,
            path: path(&uri),
            userinfo: userinfo.map(str::to_owned),
        })
    }
}

impl Url {
    /// What stands before the host, as credentials, if anything does.
    ///
    /// # Errors
    ///
    /// One line: they are not of the form `USER:PASSWORD`.
    pub fn credentials(&self) -> Result<Option<Credentials>, String> {
        let credentials = self.userinfo.as_deref().map(Credentials::of_url);
        let credentials = credentials.transpose();
        credentials.map_err(|error| format!("in the URL, {error}"))
    }

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
            false => self.host_and_port(),
        }
    }

    /// Host and port, the port in any case.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
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

/// The port of `authority`, or the one where it names none; `None` if what it names is no port.
pub(super) fn port(authority: &Authority, by_default: u16) -> Option<u16> {
    match authority.port() {
        Some(port) => Some(port.as_u16()).filter(|&port| port > 0),
        // `Authority::port` is also None where the port is no number.
        None if authority.as_str().ends_with(authority.host()) => Some(by_default),
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

/// `text` with the passwords of all URLs in it replaced by `***`; they are between blanks.
#[must_use]
pub fn mask_passwords(text: &str) -> String {
    let mask = |word: &str| match word.contains("://") {
        true => mask_password(word),
        false => word.to_owned(),
    };
    text.split(' ').map(mask).collect::<Vec<_>>().join(" ")
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
