//! Where a master listens.

use std::fmt;
use std::str::FromStr;

/// Locust's own port for workers (`--master-bind-port`).
const PORT: u16 = 5557;

/// Host and port of a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an address, that of IPv6 in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// The host, without brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "give HOST or HOST:PORT, an IPv6 address in brackets".to_owned();
        if text.contains("://") || text.contains('/') {
            return Err("a master is no URL; give HOST:PORT, the port for workers".to_owned());
        }
        let after_host = text.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match text[after_host..].rsplit_once(':') {
            None => (text, PORT),
            Some((rest, port)) => {
                let port = port
                    .parse()
                    .ok()
                    .filter(|&port| port > 0)
                    .ok_or_else(form)?;
                (&text[..after_host + rest.len()], port)
            }
        };
        let in_brackets = host.starts_with('[') && host.ends_with(']');
        match host.is_empty() || (host.contains(':') && !in_brackets) {
            true => Err(form()),
            false => Ok(Self {
                host: host.to_owned(),
                port,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_for_workers_is_locusts_own_unless_it_is_said() {
        for (text, host, port) in [
            ("127.0.0.1", "127.0.0.1", 5557),
            ("master:6000", "master", 6000),
            ("[::1]", "[::1]", 5557),
            ("[::1]:6000", "[::1]", 6000),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(
                (address.host.as_str(), address.port),
                (host, port),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_told_the_form() {
        for text in [
            "",
            ":",
            ":5557",
            "host:",
            "host:0",
            "host:99999",
            "::1",
            "a:b:1",
            "[::1]x:",
        ] {
            assert!(
                text.parse::<Address>().unwrap_err().contains("HOST:PORT"),
                "{text}"
            );
        }
        for text in ["http://host:5557", "tcp://host", "host:1/path"] {
            assert!(
                text.parse::<Address>().unwrap_err().contains("no URL"),
                "{text}"
            );
        }
    }
}
