//! Where requests go.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use super::connect_to::ConnectTo;
use super::proxy::Proxy;
use super::route::{Destination, Route};
use super::url::Url;

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
    #[error("cannot resolve {0}; check the name, or give an IP address")]
    Dns(String),
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
            Some(reason) => Err(TargetError::Dns(reason)),
        }
    }

    /// Resolves the host of `url`. If that fails, so does each request.
    #[must_use]
    pub fn of(url: Url) -> Self {
        let (addresses, dns_error) = resolve(&[(&url.host, url.port)]);
        Self::at(url, Route::to(addresses), dns_error)
    }

    /// Where `rules` lead connections for `url`: to the first that can be reached. `None` if no
    /// rule is about it.
    #[must_use]
    pub fn by_rules(url: Url, rules: Vec<ConnectTo>) -> Option<Self> {
        let places: Vec<_> = rules.iter().filter_map(|rule| rule.lead(&url)).collect();
        if places.is_empty() {
            return None;
        }
        let (addresses, dns_error) = resolve(&places);
        let route = Route {
            connect_to: rules,
            ..Route::to(addresses)
        };
        Some(Self::at(url, route, dns_error))
    }

    /// By way of `proxy`, which resolves the name of the server itself.
    #[must_use]
    pub fn by_proxy(url: Url, proxy: Proxy) -> Self {
        let (addresses, dns_error) = resolve(&[(&proxy.host, proxy.port)]);
        let route = Route {
            proxy: Some(proxy),
            ..Route::to(addresses)
        };
        Self::at(url, route, dns_error)
    }

    /// By way of `path`, a socket in the file system: no name needs to resolve.
    #[must_use]
    pub fn by_unix(url: Url, path: PathBuf) -> Self {
        Self::at(url, Route::to_unix(path), None)
    }

    fn at(url: Url, route: Route, dns_error: Option<String>) -> Self {
        Self {
            url,
            route,
            dns_error,
        }
    }

    /// The port that the server listens on, as far as that can be told from here.
    #[must_use]
    pub fn server_port(&self) -> u16 {
        let first = self.route.addresses().next();
        match (first, &self.route.proxy) {
            (Some(address), None) => address.port(),
            _ => self.url.port,
        }
    }

    /// Whether connections stay on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.route.destinations.iter().all(Destination::is_local)
    }
}

/// The addresses of `places`, in their order; what the resolver said if there is none.
fn resolve(places: &[(&str, u16)]) -> (Vec<SocketAddr>, Option<String>) {
    let mut addresses = Vec::new();
    let mut error = None;
    for (host, port) in places {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        match (name, *port).to_socket_addrs() {
            Ok(found) => addresses.extend(found),
            Err(failed) => error = Some(format!("{host}: {failed}")),
        }
    }
    match addresses.is_empty() {
        true => (addresses, error.or(Some("no address".to_owned()))),
        false => (addresses, None),
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
