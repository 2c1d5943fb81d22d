//! Connections to elsewhere than the URL says: `--connect-to`, as curl has it.

use std::fmt;
use std::str::FromStr;

use super::url::Url;

/// Leads connections to one host and port to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// What it is about; any host if empty.
    host: String,
    /// Any port if there is none.
    port: Option<u16>,
    /// Where connections go; the URL's host if empty.
    to_host: String,
    /// The URL's port if there is none.
    to_port: Option<u16>,
}

impl ConnectTo {
    /// Host and port that connections for `url` go to, if it is about that.
    #[must_use]
    pub fn lead<'a>(&'a self, url: &'a Url) -> Option<(&'a str, u16)> {
        let is_host = self.host.is_empty() || self.host.eq_ignore_ascii_case(&url.host);
        let is_port = self.port.is_none_or(|port| port == url.port);
        let host = match self.to_host.is_empty() {
            true => &url.host,
            false => &self.to_host,
        };
        (is_host && is_port).then(|| (host.as_str(), self.to_port.unwrap_or(url.port)))
    }
}

impl FromStr for ConnectTo {
    type Err = String;

    /// Reads `HOST:PORT:TO_HOST:TO_PORT`, any of which may be empty.
    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write HOST:PORT:ADDRESS:PORT, IPv6 addresses in brackets".to_owned();
        let port = |text: &str| match text {
            "" => Ok(None),
            text => match text.parse() {
                Ok(0) | Err(_) => Err(form()),
                Ok(port) => Ok(Some(port)),
            },
        };
        let mut is_in_brackets = false;
        let parts = text.split(|char| {
            is_in_brackets = char == '[' || is_in_brackets && char != ']';
            char == ':' && !is_in_brackets
        });
        match parts.collect::<Vec<_>>()[..] {
            [host, from_port, to_host, to_port] => Ok(Self {
                host: host.to_owned(),
                port: port(from_port)?,
                to_host: to_host.to_owned(),
                to_port: port(to_port)?,
            }),
            _ => Err(form()),
        }
    }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = |port: Option<u16>| port.map(|port| port.to_string()).unwrap_or_default();
        let (from, to) = (port(self.port), port(self.to_port));
        write!(formatter, "{}:{from}:{}:{to}", self.host, self.to_host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(rule: &str, url: &str) -> Option<String> {
        let rule: ConnectTo = rule.parse().unwrap();
        let url = Url::parse(url).unwrap();
        rule.lead(&url).map(|(host, port)| format!("{host} {port}"))
    }

    #[test]
    fn a_rule_is_about_one_host_and_port_or_about_any() {
        let url = "http://Example.org/";
        let there = Some("127.0.0.1 8080".to_owned());
        for rule in ["example.org:80", "example.org:", ":80", ":"] {
            assert_eq!(lead(&format!("{rule}:127.0.0.1:8080"), url), there);
        }
        for rule in ["example.com:80", "example.org:81", ":443"] {
            assert_eq!(lead(&format!("{rule}:127.0.0.1:8080"), url), None);
        }
    }

    #[test]
    fn what_a_rule_leaves_out_stays_as_it_is() {
        let url = "http://example.org:81/";
        assert_eq!(lead(":::", url), Some("example.org 81".to_owned()));
        assert_eq!(lead(":::82", url), Some("example.org 82".to_owned()));
        assert_eq!(lead("::[::1]:", url), Some("[::1] 81".to_owned()));
    }

    #[test]
    fn ipv6_addresses_have_brackets_on_both_sides() {
        let rule = "[::1]:80:[::2]:81";
        assert_eq!(lead(rule, "http://[::1]/"), Some("[::2] 81".to_owned()));
        assert_eq!(rule.parse::<ConnectTo>().unwrap().to_string(), rule);
    }

    #[test]
    fn what_is_no_rule_is_told_how_one_is_written() {
        for text in [
            "",
            "a:80",
            "a:80:b",
            "a:x:b:80",
            "a:0:b:80",
            "a:80:b:80:c",
            "::1:80:b:80",
        ] {
            let error = text.parse::<ConnectTo>().unwrap_err();
            assert!(error.contains("HOST:PORT:ADDRESS:PORT"), "{text}: {error}");
        }
    }
}
