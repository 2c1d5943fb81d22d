//! Clients that come and go, thousands of them.

use super::*;
use crate::tls;

/// Clients at a time, and how often each comes.
const CLIENTS: usize = 4;
const VISITS: usize = 500;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "thousands of connections that are closed at once leave nothing behind",
    run: |victim| {
        let hello = tls::client_hello(&rustls::version::TLS13)?;
        let halves: [&[u8]; 4] = [b"", b"GET / HT", &hello[..hello.len() / 2], b"\0\0\0"];
        let clear = victim.subject.in_the_clear();
        crowd::of(CLIENTS, |_| {
            for (visit, half) in (0..VISITS).zip(halves.iter().cycle()) {
                let mut connection = Connection::open_patiently(&clear, victim.longest())?;
                // It fails if the server was faster than the kernel.
                let _ = connection.send(half);
                match (visit / halves.len()) % 2 {
                    0 => drop(connection),
                    _ => connection.reset()?,
                }
            }
            Ok(())
        })
    },
}];
