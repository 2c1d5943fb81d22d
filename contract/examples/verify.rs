//! Runs the suite against a server that is up already:
//! `cargo run -p contract --example verify http://127.0.0.1:8080 300`
//!
//! The arguments are where it listens, as its start line says it (`https://…`
//! and `unix:…` as well), its `--read-timeout` in milliseconds, and if it does not
//! keep connections open `close`, or `sequential` if it takes no WebSocket clients
//! besides.

use anyhow::{Context, Result, bail};
use contract::{Address, Subject, checks_of, verify};
use std::env;
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let place = arguments.next().context("where it listens is missing")?;
    let read_timeout_ms = arguments.next().context("its read timeout is missing")?;
    let (address, tls) = Address::from_place(&place)
        .with_context(|| format!("{place}: give it as http://127.0.0.1:8080"))?;
    let (keep_alive, websocket) = match arguments.next().as_deref() {
        None => (true, true),
        Some("close") => (false, true),
        Some("sequential") => (false, false),
        Some(other) => bail!("{other}: give `close` or `sequential`, or nothing"),
    };
    let subject = Subject {
        address,
        tls,
        read_timeout: Duration::from_millis(read_timeout_ms.parse().context(read_timeout_ms)?),
        keep_alive,
        websocket,
    };
    let started = Instant::now();
    verify(&subject)?;
    println!(
        "{} checks passed in {:.1?}",
        checks_of(&subject).count(),
        started.elapsed()
    );
    Ok(())
}
