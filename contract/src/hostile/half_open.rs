//! Clients that close their sending side and keep the other open.

use super::*;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "clients that half-close without a request are let go",
        run: |victim| half_close_after(victim, ""),
    },
    Scenario {
        name: "clients that half-close in a head are let go",
        run: |victim| half_close_after(victim, "GET / HTTP/1.1\r\nHost: "),
    },
    Scenario {
        name: "clients that half-close in a body are let go",
        run: |victim| {
            let head = "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: 10\r\n\r\n";
            half_close_after(victim, &format!("{head}hello"))
        },
    },
    Scenario {
        name: "clients that half-close after a request and never close are let go",
        run: |victim| half_close_after(victim, "GET / HTTP/1.1\r\nHost: contract\r\n\r\n"),
    },
];

/// The clients' own ends stay open until the server has given up all of its.
fn half_close_after(victim: &Victim, bytes: &str) -> Result<()> {
    let mut crowd = Vec::new();
    for _ in 0..victim.crowd() {
        let mut connection = Connection::open(&victim.subject)?;
        connection.send_last(bytes)?;
        crowd.push(connection);
    }
    victim.gives_back()
}
