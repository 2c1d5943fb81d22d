//! Where connections come from: addresses of this machine, each with all local ports to itself.

use std::net::IpAddr;
use std::str::FromStr;

use super::route::Destination;

/// Most addresses of one range: with the kernel's usual 28 000 ports each, more connections than
/// this program makes.
const RANGE_MAX: u128 = 1024;

/// Local addresses that connections come from, in turn; the kernel chooses if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
}

impl Sources {
    /// Whether the kernel chooses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// All of them, those of IPv4 first.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.v4.iter().chain(&self.v6).copied()
    }

    /// Those from which a connection can be opened to `destination`: of its family.
    #[must_use]
    pub fn toward(&self, destination: &Destination) -> &[IpAddr] {
        match destination {
            Destination::Tcp(address) if address.is_ipv4() => &self.v4,
            Destination::Tcp(_) => &self.v6,
            Destination::Unix(_) => &[],
        }
    }

    /// The one of them whose turn it is.
    #[must_use]
    pub fn in_turn(&self, destination: &Destination, turn: usize) -> Option<IpAddr> {
        let sources = self.toward(destination);
        Some(sources[turn.checked_rem(sources.len())?])
    }
}

impl FromIterator<IpAddr> for Sources {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> Self {
        let (v4, v6) = addresses.into_iter().partition(IpAddr::is_ipv4);
        Self { v4, v6 }
    }
}

impl FromStr for Sources {
    type Err = String;

    /// Reads `127.0.0.1`, `127.0.0.1-127.0.0.20`, and lists of these with commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(|part| match part.split_once('-') {
            None => address(part).map(|address| vec![address]),
            Some((first, last)) => range(address(first)?, address(last)?),
        });
        let addresses: Vec<_> = parts.collect::<Result<_, _>>()?;
        Ok(addresses.into_iter().flatten().collect())
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.trim().parse().map_err(|_| form())
}

fn range(first: IpAddr, last: IpAddr) -> Result<Vec<IpAddr>, String> {
    let (from, to) = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => (first.to_bits().into(), last.to_bits().into()),
        (IpAddr::V6(first), IpAddr::V6(last)) => (first.to_bits(), last.to_bits()),
        _ => return Err(form()),
    };
    if from > to {
        return Err(format!("{first} comes after {last}; {}", form()));
    }
    if to - from >= RANGE_MAX {
        return Err(format!("give at most {RANGE_MAX} addresses"));
    }
    let at = |bits: u128| match first {
        IpAddr::V4(_) => IpAddr::V4((bits as u32).into()),
        IpAddr::V6(_) => IpAddr::V6(bits.into()),
    };
    Ok((from..=to).map(at).collect())
}

fn form() -> String {
    "give IP addresses of this machine, such as 127.0.0.2 or 127.0.0.1-127.0.0.20".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &str) -> Vec<String> {
        let sources: Sources = list.parse().unwrap();
        sources.iter().map(|address| address.to_string()).collect()
    }

    #[test]
    fn a_list_has_addresses_and_ranges() {
        assert_eq!(texts("127.0.0.7"), ["127.0.0.7"]);
        assert_eq!(
            texts("127.0.0.254-127.0.1.1, 10.0.0.1"),
            [
                "127.0.0.254",
                "127.0.0.255",
                "127.0.1.0",
                "127.0.1.1",
                "10.0.0.1"
            ]
        );
        assert_eq!(texts("::ff-::101,::1"), ["::ff", "::100", "::101", "::1"]);
        assert_eq!(texts("10.0.0.0-10.0.3.255").len(), 1024);
        assert_eq!(texts("255.255.255.255-255.255.255.255").len(), 1);
    }

    #[test]
    fn what_is_no_list_is_told_how_one_is_written() {
        for text in [
            "",
            "localhost",
            "127.0.0.1-",
            "127.0.0.1-9",
            "127.0.0.1-::1",
            "1.2.3.4,",
        ] {
            let error = text.parse::<Sources>().unwrap_err();
            assert!(error.contains("127.0.0.1-127.0.0.20"), "{text}: {error}");
        }
        assert!("127.0.0.2-127.0.0.1".parse::<Sources>().is_err());
        assert!("10.0.0.0-10.0.4.0".parse::<Sources>().is_err());
        assert!("::-ffff::".parse::<Sources>().is_err());
    }

    #[test]
    fn a_connection_comes_from_an_address_of_its_own_family() {
        let sources: Sources = "127.0.0.2,::1".parse().unwrap();
        let toward = |address: &str| sources.toward(&Destination::Tcp(address.parse().unwrap()));
        assert_eq!(
            toward("127.0.0.1:80"),
            ["127.0.0.2".parse::<IpAddr>().unwrap()]
        );
        assert_eq!(toward("[::1]:80"), ["::1".parse::<IpAddr>().unwrap()]);
        assert!(sources.toward(&Destination::Unix("/s".into())).is_empty());
    }
}
