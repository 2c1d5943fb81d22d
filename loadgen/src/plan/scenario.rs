//! What is sent: the request, built once and written as it is for every request of the run.

use std::borrow::Cow;
use std::str::FromStr;

use super::header::Header;
use super::paths::Paths;
use super::proxy::Proxy;
use super::target::Target;
use super::url::Scheme;

/// The HTTP version of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// As ab speaks.
    Http10,
    /// The default.
    Http11,
    /// Several requests at a time on a connection that stays (RFC 9113).
    Http2,
}

/// A request method: a token (RFC 9110 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method(Cow<'static, str>);

/// What each request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// GET unless said otherwise.
    pub method: Method,
    /// In the request line.
    pub version: HttpVersion,
    /// Whether a connection serves more than one request.
    pub keep_alive: bool,
    /// Fields beside Host, Connection and those of the body; defaults included.
    pub headers: Vec<Header>,
    /// The body, with its media type among the headers.
    pub body: Option<Vec<u8>>,
    /// What is asked for.
    pub paths: Paths,
}

impl Method {
    /// GET
    pub const GET: Self = Self(Cow::Borrowed("GET"));
    /// HEAD, whose answers have no body.
    pub const HEAD: Self = Self(Cow::Borrowed("HEAD"));
    /// POST
    pub const POST: Self = Self(Cow::Borrowed("POST"));
    /// PUT
    pub const PUT: Self = Self(Cow::Borrowed("PUT"));

    /// The method's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether answers end with their head (RFC 9112 §6.3).
    #[must_use]
    pub fn is_head(&self) -> bool {
        *self == Self::HEAD
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let method = http::Method::from_str(text)
            .map_err(|_| "a method is a word such as GET or PUT".to_owned())?;
        Ok(Self(Cow::Owned(method.as_str().to_owned())))
    }
}

impl HttpVersion {
    /// `1.0`, `1.1` or `2`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
            Self::Http2 => "2",
        }
    }

    /// Its name where TLS agrees on a protocol (ALPN, RFC 7301); that of 1.1 stands for 1.0 too.
    #[must_use]
    pub const fn alpn(self) -> &'static str {
        match self {
            Self::Http10 | Self::Http11 => "http/1.1",
            Self::Http2 => "h2",
        }
    }

    /// Whether nobody may speak it in TLS without having agreed on it (RFC 9113 §3.2).
    #[must_use]
    pub const fn needs_agreement(self) -> bool {
        matches!(self, Self::Http2)
    }
}

/// The fields by which the load generator tells who it is and what it takes.
#[must_use]
pub fn identification() -> Vec<Header> {
    vec![
        Header::new("User-Agent", concat!("loadgen/", env!("CARGO_PKG_VERSION"))),
        Header::new("Accept", "*/*"),
    ]
}

impl Scenario {
    /// The bytes of one request to `target`.
    #[must_use]
    pub fn request(&self, target: &Target, path: &str) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/{}\r\n",
            self.method.as_str(),
            request_target(target, path),
            self.version.label()
        );
        for field in self.fields(target) {
            head.push_str(&field.name);
            head.push_str(": ");
            head.push_str(&field.value);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// All fields of a request to `target`, in their order.
    ///
    /// Host comes first (RFC 9110 §7.2 recommends it); a field that the user gave replaces the
    /// one that would stand here.
    #[must_use]
    pub fn fields(&self, target: &Target) -> Vec<Header> {
        let ours = [
            ("Host", Some(target.url.authority())),
            ("Connection", self.connection_field().map(str::to_owned)),
            (
                "Content-Length",
                self.content_length().map(|length| length.to_string()),
            ),
        ];
        let needed = ours
            .into_iter()
            .filter(|(name, _)| !self.has(name))
            .filter_map(|(name, value)| Some(Header::new(name, value?)));
        let proxys = proxy_in_the_clear(target)
            .and_then(Proxy::authorization)
            .filter(|field| !self.has(&field.name));
        needed
            .chain(self.headers.iter().cloned())
            .chain(proxys)
            .collect()
    }

    /// A method that is about a body says so even if it is empty (RFC 9110 §8.6).
    fn content_length(&self) -> Option<usize> {
        match &self.body {
            Some(body) => Some(body.len()),
            None => matches!(self.method.as_str(), "POST" | "PUT" | "PATCH").then_some(0),
        }
    }

    /// Left out where the version implies it.
    fn connection_field(&self) -> Option<&'static str> {
        match (self.version, self.keep_alive) {
            (HttpVersion::Http10, true) => Some("Keep-Alive"),
            (HttpVersion::Http11, false) => Some("close"),
            _ => None,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.is(name))
    }
}

/// What the request line asks for: a proxy is told of which server (RFC 9112 §3.2.2).
fn request_target<'a>(target: &Target, path: &'a str) -> Cow<'a, str> {
    match proxy_in_the_clear(target) {
        Some(_) => Cow::Owned(format!("{}{path}", target.url.origin())),
        None => Cow::Borrowed(path),
    }
}

/// The proxy that requests are for. Those in TLS pass through it.
fn proxy_in_the_clear(target: &Target) -> Option<&Proxy> {
    let proxy = target.route.proxy.as_ref();
    proxy.filter(|_| target.url.scheme == Scheme::Http)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Url;

    fn scenario() -> Scenario {
        Scenario {
            method: Method::GET,
            version: HttpVersion::Http11,
            keep_alive: false,
            headers: vec![Header::new("Accept", "*/*")],
            body: None,
            paths: Paths::one("/a?b"),
        }
    }

    fn request(scenario: &Scenario) -> String {
        let target = Target::resolve("http://127.0.0.1:7080/").unwrap();
        String::from_utf8(scenario.request(&target, &scenario.paths.list()[0])).unwrap()
    }

    #[test]
    fn a_get_says_what_it_needs_to_and_no_more() {
        assert_eq!(
            request(&scenario()),
            "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:7080\r\nConnection: close\r\nAccept: */*\r\n\r\n"
        );
        let kept = Scenario {
            keep_alive: true,
            ..scenario()
        };
        assert!(!request(&kept).contains("Connection"));
    }

    #[test]
    fn http_1_0_asks_for_keep_alive_in_words() {
        let kept = Scenario {
            version: HttpVersion::Http10,
            keep_alive: true,
            ..scenario()
        };
        assert!(request(&kept).contains(" HTTP/1.0\r\n"));
        assert!(request(&kept).contains("\r\nConnection: Keep-Alive\r\n"));
    }

    #[test]
    fn a_post_without_a_body_says_that_it_has_none() {
        let post = Scenario {
            method: Method::POST,
            ..scenario()
        };
        assert!(request(&post).contains("\r\nContent-Length: 0\r\n"));
        assert!(!request(&scenario()).contains("Content-Length"));
    }

    #[test]
    fn a_body_comes_with_its_length_and_a_given_host_replaces_ours() {
        let post = Scenario {
            method: "POST".parse().unwrap(),
            headers: vec![Header::new("host", "example.org")],
            body: Some(b"hello".to_vec()),
            ..scenario()
        };
        let request = request(&post);
        assert!(request.contains("\r\nContent-Length: 5\r\n"), "{request}");
        assert!(
            request.ends_with("\r\nhost: example.org\r\n\r\nhello"),
            "{request}"
        );
        assert_eq!(request.to_lowercase().matches("host: ").count(), 1);
    }

    #[test]
    fn a_proxy_is_told_the_whole_url_unless_it_only_leads_through() {
        let mut proxy: Proxy = "127.0.0.1:3128".parse().unwrap();
        proxy.credentials = Some("me:secret".parse().unwrap());
        let request = |url: &str| {
            let target = Target::by_proxy(Url::parse(url).unwrap(), proxy.clone());
            String::from_utf8(scenario().request(&target, "/a?b")).unwrap()
        };
        let plain = request("http://example.org/");
        assert!(
            plain.starts_with("GET http://example.org/a?b HTTP/1.1\r\nHost: example.org\r\n"),
            "{plain}"
        );
        assert!(plain.ends_with("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"));
        let secured = request("https://example.org/");
        assert!(secured.starts_with("GET /a?b HTTP/1.1\r\nHost: example.org\r\n"));
        assert!(!secured.contains("Proxy-"), "{secured}");
    }
}
