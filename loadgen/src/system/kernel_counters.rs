//! What the kernel's TCP counted: the things that a client's own counts do not
//! show, such as a SYN that was dropped by a full accept queue and sent again
//! a second later.
//!
//! Source: /proc/net/snmp and /proc/net/netstat, proc_pid_net(5) and the
//! kernel's Documentation/networking/snmp_counter.rst. The counters belong to
//! the network namespace: other programs' traffic is in them, and a server in
//! a container of its own is not.

use std::fs;

/// From one table: the struct, how it is read and how two are subtracted, so
/// that a counter is added in one line.
macro_rules! counters {
    ($( $(#[$doc:meta])+ $field:ident: $protocol:literal $name:literal, )+) => {
        /// The counters since the machine started, or, from
        /// [`KernelCounters::since`], between two samples. `None` where the
        /// kernel has no such counter.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct KernelCounters {
            $( $(#[$doc])+ pub $field: Option<u64>, )+
        }

        impl KernelCounters {
            /// Reads the text of /proc/net/snmp, /proc/net/netstat or both.
            fn parse(text: &str) -> Self {
                Self { $( $field: find(text, $protocol, $name), )+ }
            }

            /// What was counted after `earlier`.
            pub fn since(&self, earlier: &Self) -> Self {
                Self { $( $field: difference(self.$field, earlier.$field), )+ }
            }
        }
    };
}

counters! {
    /// Connections that this machine began.
    active_opens: "Tcp" "ActiveOpens",
    /// Connections that were begun or being accepted and did not come about.
    attempt_fails: "Tcp" "AttemptFails",
    /// Segments sent again, SYNs included.
    retransmitted_segments: "Tcp" "RetransSegs",
    /// Resets sent.
    resets_sent: "Tcp" "OutRsts",
    /// SYNs and SYN-ACKs sent again: a connection that took a second longer.
    syn_retransmits: "TcpExt" "TCPSynRetrans",
    /// Connections that found the accept queue full.
    listen_overflows: "TcpExt" "ListenOverflows",
    /// SYNs dropped by a listening socket for any reason, overflows included.
    listen_drops: "TcpExt" "ListenDrops",
    /// SYNs dropped because the queue of half-open connections was full.
    syn_queue_drops: "TcpExt" "TCPReqQFullDrop",
    /// SYN cookies sent instead, because that queue was full.
    syn_queue_cookies: "TcpExt" "TCPReqQFullDoCookies",
    /// Retransmission timeouts.
    timeouts: "TcpExt" "TCPTimeouts",
    /// Connections given up after too many timeouts.
    aborts_on_timeout: "TcpExt" "TCPAbortOnTimeout",
    /// Connections that ended their TIME_WAIT.
    time_wait_ended: "TcpExt" "TW",
    /// Local ports taken over from TIME_WAIT (`tcp_tw_reuse`).
    time_wait_reused: "TcpExt" "TWRecycled",
    /// Connections closed without TIME_WAIT because there were too many.
    time_wait_overflows: "TcpExt" "TCPTimeWaitOverflow",
}

impl KernelCounters {
    /// Reads both files; a file that is missing leaves its counters `None`.
    pub fn read() -> Self {
        let files = ["/proc/net/snmp", "/proc/net/netstat"];
        let texts = files.map(|file| fs::read_to_string(file).unwrap_or_default());
        Self::parse(&texts.concat())
    }
}

/// The value under `name` in the pair of lines `PROTOCOL: names…` and
/// `PROTOCOL: values…`.
fn find(text: &str, protocol: &str, name: &str) -> Option<u64> {
    let mut rows = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(row, _)| *row == protocol)
        .map(|(_, columns)| columns.split_ascii_whitespace());
    let (mut names, mut values) = (rows.next()?, rows.next()?);
    values
        .nth(names.position(|column| column == name)?)?
        .parse()
        .ok()
}

fn difference(later: Option<u64>, earlier: Option<u64>) -> Option<u64> {
    // Counters are as wide as a pointer: on 32 bits one may have wrapped.
    later?.checked_sub(earlier?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{TcpListener, TcpStream};

    const TEXT: &str = "Tcp: RtoAlgorithm MaxConn ActiveOpens RetransSegs\n\
                        Tcp: 1 -1 70 4\n\
                        TcpExt: TW ListenOverflows TCPSynRetrans\n\
                        TcpExt: 11 3 2\n\
                        IpExt: TW\n\
                        IpExt: 99\n";

    #[test]
    fn a_counter_is_found_by_protocol_and_name() {
        let counters = KernelCounters::parse(TEXT);
        assert_eq!(counters.active_opens, Some(70));
        assert_eq!(counters.retransmitted_segments, Some(4));
        assert_eq!(counters.time_wait_ended, Some(11));
        assert_eq!(counters.syn_retransmits, Some(2));
        assert_eq!(counters.listen_drops, None);
    }

    #[test]
    fn the_difference_is_what_came_later() {
        let earlier = KernelCounters::parse(TEXT);
        let later = KernelCounters::parse(&TEXT.replace("11 3 2", "11 8 2"));
        let difference = later.since(&earlier);
        assert_eq!(difference.listen_overflows, Some(5));
        assert_eq!(difference.syn_retransmits, Some(0));
        assert_eq!(difference.listen_drops, None);
    }

    #[test]
    fn this_kernel_counts_a_new_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let earlier = KernelCounters::read();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let difference = KernelCounters::read().since(&earlier);
        assert!(difference.active_opens.unwrap() >= 1);
        assert!(difference.listen_overflows.is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "((TcpExt|Tcp):|TW|[0-9 \n-])*") {
            KernelCounters::parse(&text);
        }
    }
}
