//! The line in which a server says where it listens.

use crate::subject::Address;
use anyhow::{Context, Result};

/// What such a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartLine {
    pub(super) address: Address,
    pub(super) tls: bool,
    /// Whether it is the push stream's and not HTTP's.
    pub(super) pushes: bool,
    pub(super) model: String,
    /// What follows `listening on ` or `pushing to `.
    pub(super) text: String,
}

impl StartLine {
    /// Reads `server-sync listening on https://127.0.0.1:7080 (model sequential)` or, with a
    /// path, `unix:/run/http` or `unix:/run/http with TLS`. A push stream's line is
    /// `server-sync pushing to tcp://127.0.0.1:7090 (model sequential)`.
    pub(super) fn parse(line: &str) -> Result<Self> {
        Self::read(line).with_context(|| format!("not a start line: {line:?}"))
    }

    fn read(line: &str) -> Option<Self> {
        let listening = line.split_once(" listening on ");
        let pushing = line.split_once(" pushing to tcp://");
        let (_, rest) = listening.or(pushing)?;
        let (place, model) = rest.rsplit_once(" (model ")?;
        let model = model.strip_suffix(")\n")?.to_owned();
        let pushes = listening.is_none();
        let (address, tls) = match pushes {
            true => (Address::Tcp(place.parse().ok()?), false),
            false => Address::from_place(place)?,
        };
        Some(StartLine {
            address,
            tls,
            pushes,
            model,
            text: rest.trim_end().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(place: &str) -> (Address, bool) {
        let line = format!("server-x listening on {place} (model y)\n");
        let line = StartLine::parse(&line).unwrap();
        assert_eq!(line.model, "y");
        (line.address, line.tls)
    }

    #[test]
    fn the_place_says_how_it_is_spoken_to() {
        let tcp = Address::Tcp("127.0.0.1:80".parse().unwrap());
        assert_eq!(parsed("http://127.0.0.1:80"), (tcp.clone(), false));
        assert_eq!(parsed("https://127.0.0.1:80"), (tcp, true));
        let tcp = Address::Tcp("[::1]:80".parse().unwrap());
        assert_eq!(parsed("http://[::1]:80"), (tcp, false));
        let unix = Address::Unix("/a b (c:d".into());
        assert_eq!(parsed("unix:/a b (c:d"), (unix.clone(), false));
        assert_eq!(parsed("unix:/a b (c:d with TLS"), (unix, true));
    }

    #[test]
    fn a_push_stream_says_that_it_is_one() {
        let line = "server-x pushing to tcp://127.0.0.1:80 (model y)\n";
        let line = StartLine::parse(line).unwrap();
        assert!(line.pushes && !line.tls);
        assert_eq!(line.address, Address::Tcp("127.0.0.1:80".parse().unwrap()));
    }

    #[test]
    fn anything_else_is_an_error() {
        for line in [
            "",
            "listening\n",
            "x listening on http://a (model y)\n",
            "x listening on http://1.1.1.1:1\n",
        ] {
            assert!(StartLine::parse(line).is_err(), "{line:?}");
        }
    }
}
