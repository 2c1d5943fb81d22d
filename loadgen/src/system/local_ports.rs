//! Whether the local ports will last. A connection is (source address and
//! port, destination address and port); with the other three fixed there are
//! as many as `ip_local_port_range` has ports, 28 232 by default, and a port
//! whose connection *this side closed first* stays in TIME_WAIT for a minute.
//! A run with a new connection for each request can use them all up within
//! seconds and then fails with EADDRNOTAVAIL. Where the server closes first,
//! its side has the TIME_WAIT, and the client's port is free at once.
//!
//! The rule of [`LocalPorts::will_run_out`] was tried in a network namespace
//! with 1000 ports: without reuse the 1001st connection fails; with it, 900 a
//! second last and 1200 a second fail at the 1001st; with the server closing
//! first, none fails.
//!
//! Sources: ip(7), tcp(7), RFC 9293 section 3.6.1 (TIME_WAIT), /proc/net/sockstat.

use std::fs;
use std::str::FromStr;

use super::proc_file::read_value;

/// How long the kernel keeps a connection in TIME_WAIT: `TCP_TIMEWAIT_LEN`,
/// fixed when the kernel is built.
const TIME_WAIT_S: f64 = 60.0;

/// How old a connection in TIME_WAIT must be for `tcp_tw_reuse` to give its
/// port to a new one: one second, `tcp_tw_reuse_delay` in newer kernels.
const TIME_WAIT_REUSE_S: f64 = 1.0;

/// The ports that connect(2) chooses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest, which belongs to the range.
    pub last: u16,
}

/// The kernel's stock of local ports before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalPorts {
    /// `ip_local_port_range`.
    pub range: PortRange,
    /// Connections in TIME_WAIT, to any destination and on either side: how
    /// many of them are in the way is not told, so all are counted.
    pub time_wait: u64,
    /// `tcp_tw_reuse`: 0 never, 1 always, 2 on loopback only (the default
    /// since Linux 4.19).
    pub tw_reuse: u32,
}

/// The new connections that a run will make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewConnections {
    /// How many; `None` if only the duration is set.
    pub count: Option<u64>,
    /// How many a second, where the run has a set rate.
    pub rate_per_second: Option<f64>,
    /// Pairs of a source and a destination address among which they are
    /// spread; each has the whole range to itself.
    pub address_pairs: u64,
    /// Whether source or destination is 127.0.0.0/8 or ::1.
    pub on_loopback: bool,
}

impl PortRange {
    /// Reads `ip_local_port_range`.
    pub fn read() -> Option<Self> {
        read_value("/proc/sys/net/ipv4/ip_local_port_range")
    }

    /// How many ports.
    pub fn count(&self) -> u64 {
        u64::from(self.last.saturating_sub(self.first)) + 1
    }
}

impl LocalPorts {
    /// Reads the three; `None` if the range or the count of TIME_WAIT cannot
    /// be read.
    pub fn read() -> Option<Self> {
        Some(Self {
            range: PortRange::read()?,
            time_wait: parse_time_wait(&fs::read_to_string("/proc/net/sockstat").ok()?)?,
            tw_reuse: read_value("/proc/sys/net/ipv4/tcp_tw_reuse").unwrap_or(0),
        })
    }

    /// Ports that a new connection can take now, for each pair of addresses.
    pub fn available(&self, on_loopback: bool) -> u64 {
        if self.reuses_time_wait(on_loopback) {
            self.range.count()
        } else {
            self.range.count().saturating_sub(self.time_wait)
        }
    }

    /// Whether the run is to be expected to use up the local ports, if it is
    /// this side that closes the connections.
    ///
    /// The rule: each connection holds its port for 60 s, or for one second
    /// where `tcp_tw_reuse` applies (1: everywhere, 2: on loopback). At once
    /// are held: all of the run's connections or, if it has a rate, what that
    /// rate makes in this time, whichever is less. The ports run out if these
    /// are more than are [`available`](Self::available) for all pairs of
    /// addresses together.
    ///
    /// Where ports are reused and no rate is set the answer is no: it would
    /// take more than 28 000 connections within a second, which a load
    /// generator reaches on several cores only. Without reuse and without a
    /// rate all connections are taken to come within the minute.
    pub fn will_run_out(&self, new: &NewConnections) -> bool {
        let reused = self.reuses_time_wait(new.on_loopback);
        let held_s = if reused {
            TIME_WAIT_REUSE_S
        } else {
            TIME_WAIT_S
        };
        let held_at_rate = new.rate_per_second.map(|rate| rate * held_s);
        let held_in_all = new.count.map(|count| count as f64);
        let held = match (held_at_rate, held_in_all) {
            (Some(at_rate), Some(in_all)) => at_rate.min(in_all),
            (Some(at_rate), None) => at_rate,
            (None, Some(in_all)) if !reused => in_all,
            (None, _) => return false,
        };
        // What is in TIME_WAIT is in the way once, not of each pair.
        let other_pairs = new.address_pairs.saturating_sub(1);
        let available = self.available(new.on_loopback) + other_pairs * self.range.count();
        held > available as f64
    }

    fn reuses_time_wait(&self, on_loopback: bool) -> bool {
        self.tw_reuse == 1 || self.tw_reuse == 2 && on_loopback
    }
}

impl FromStr for PortRange {
    type Err = ();

    /// Reads `32768   60999`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut ports = text.split_ascii_whitespace().map(u16::from_str);
        match (ports.next(), ports.next(), ports.next()) {
            (Some(Ok(first)), Some(Ok(last)), None) if first <= last => Ok(Self { first, last }),
            _ => Err(()),
        }
    }
}

/// The number after `tw` in the line `TCP: inuse 4 orphan 0 tw 12 …`.
fn parse_time_wait(sockstat: &str) -> Option<u64> {
    let tcp = sockstat
        .lines()
        .find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = tcp.split_ascii_whitespace();
    words.find(|&word| word == "tw")?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: PortRange = PortRange {
        first: 32768,
        last: 60999,
    };

    fn ports(tw_reuse: u32, time_wait: u64) -> LocalPorts {
        LocalPorts {
            range: RANGE,
            time_wait,
            tw_reuse,
        }
    }

    fn new(count: Option<u64>, rate_per_second: Option<f64>) -> NewConnections {
        NewConnections {
            count,
            rate_per_second,
            address_pairs: 1,
            on_loopback: true,
        }
    }

    #[test]
    fn the_range_is_read() {
        assert_eq!("32768\t60999".parse(), Ok(RANGE));
        assert_eq!(RANGE.count(), 28_232);
        for text in ["", "1", "2 1", "1 2 3", "1 70000"] {
            assert_eq!(text.parse::<PortRange>(), Err(()), "{text}");
        }
    }

    #[test]
    fn the_count_of_time_wait_is_read() {
        let sockstat = "sockets: used 20\nTCP: inuse 4 orphan 0 tw 12 alloc 4 mem 0\n\
                        UDP: inuse 0 mem 0\n";
        assert_eq!(parse_time_wait(sockstat), Some(12));
        assert_eq!(parse_time_wait("UDP: inuse 0 mem 0\n"), None);
        assert_eq!(parse_time_wait("TCP: inuse 4 tw\n"), None);
    }

    #[test]
    fn without_reuse_each_connection_takes_a_port() {
        assert!(!ports(0, 0).will_run_out(&new(Some(28_232), None)));
        assert!(ports(0, 0).will_run_out(&new(Some(28_233), None)));
    }

    #[test]
    fn what_is_in_time_wait_is_taken_already() {
        assert!(ports(0, 1_000).will_run_out(&new(Some(28_000), None)));
        assert!(!ports(2, 1_000).will_run_out(&new(Some(28_000), None)));
    }

    #[test]
    fn a_slow_rate_gets_its_ports_back_after_a_minute() {
        assert!(!ports(0, 0).will_run_out(&new(Some(1_000_000), Some(470.0))));
        assert!(ports(0, 0).will_run_out(&new(Some(1_000_000), Some(471.0))));
        assert!(ports(0, 0).will_run_out(&new(None, Some(471.0))));
        assert!(!ports(0, 0).will_run_out(&new(Some(100), Some(471.0))));
    }

    #[test]
    fn with_reuse_only_the_rate_counts() {
        assert!(!ports(2, 0).will_run_out(&new(Some(1_000_000), None)));
        assert!(!ports(2, 0).will_run_out(&new(None, Some(28_000.0))));
        assert!(ports(2, 0).will_run_out(&new(None, Some(29_000.0))));
    }

    #[test]
    fn reuse_2_is_for_loopback_only() {
        let elsewhere = NewConnections {
            on_loopback: false,
            ..new(Some(50_000), None)
        };
        assert!(ports(2, 0).will_run_out(&elsewhere));
        assert!(!ports(1, 0).will_run_out(&elsewhere));
    }

    #[test]
    fn more_addresses_have_more_ports() {
        let spread = NewConnections {
            address_pairs: 2,
            ..new(Some(50_000), None)
        };
        assert!(ports(0, 0).will_run_out(&new(Some(50_000), None)));
        assert!(!ports(0, 0).will_run_out(&spread));
    }

    #[test]
    fn a_duration_alone_says_nothing() {
        assert!(!ports(0, 0).will_run_out(&new(None, None)));
    }

    #[test]
    fn this_machine_has_local_ports() {
        let ports = LocalPorts::read().unwrap();
        assert!(ports.range.count() >= ports.available(false));
    }
}
