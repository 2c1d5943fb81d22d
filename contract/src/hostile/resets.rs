//! Clients that leave with a reset, at each moment of a connection's life.

use super::*;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "resets of new connections harm nobody",
        run: |victim| reset_after(victim, "", |_| Ok(())),
    },
    Scenario {
        name: "resets in a head harm nobody",
        run: |victim| reset_after(victim, "GET / HTTP/1.1\r\nHost: ", |_| Ok(())),
    },
    Scenario {
        name: "resets in a body harm nobody",
        run: |victim| {
            let head = "POST /echo HTTP/1.1\r\nHost: contract\r\nContent-Length: 10\r\n\r\n";
            reset_after(victim, &format!("{head}hello"), |_| Ok(()))
        },
    },
    Scenario {
        name: "resets while the server waits to answer harm nobody",
        run: |victim| {
            let request = "GET /delay/50 HTTP/1.1\r\nHost: contract\r\n\r\n";
            reset_after(victim, request, |_| Ok(()))
        },
    },
    Scenario {
        name: "resets in the middle of an answer harm nobody",
        run: |victim| {
            let request = "GET /bytes/8388608 HTTP/1.1\r\nHost: contract\r\n\r\n";
            reset_after(victim, request, |client| client.answer_head().map(drop))
        },
    },
    Scenario {
        name: "resets after an answer harm nobody",
        run: |victim| {
            let request = "GET / HTTP/1.1\r\nHost: contract\r\n\r\n";
            reset_after(victim, request, |client| client.answer().map(drop))
        },
    },
    Scenario {
        name: "resets after a refusal, while the server lingers, harm nobody",
        run: |victim| {
            let request = "nonsense\r\n\r\nand more of it";
            reset_after(victim, request, |client| client.answer().map(drop))
        },
    },
    Scenario {
        name: "resets in the middle of a handshake harm nobody",
        run: |victim| {
            // A client's hello begins so; in the clear it is nonsense like any other.
            let hello = [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
            let clear = victim.subject.in_the_clear();
            crowd::of(victim.crowd(), |_| {
                let mut connection = Connection::open(&clear)?;
                connection.send(hello)?;
                connection.reset()
            })
        },
    },
];

/// Clients send these bytes, wait until `reached` says that the moment has come, and reset.
fn reset_after(
    victim: &Victim,
    bytes: &str,
    reached: impl Fn(&mut Connection) -> Result<()> + Sync,
) -> Result<()> {
    let limit = victim.end_max(victim.subject.read_timeout + victim.write_timeout);
    crowd::of(victim.crowd(), |_| {
        let mut connection = Connection::open_patiently(&victim.subject, limit)?;
        // They fail if the client was too slow, on a busy machine, and was let go before.
        let _ = connection
            .send(bytes)
            .and_then(|()| reached(&mut connection));
        connection.reset()
    })
}
