//! Runs the suite against a server that is up already:
//! `cargo run -p contract --example verify 127.0.0.1:8080 300`
//!
//! The arguments are the server's address, its `--read-timeout` in
//! milliseconds, and `close` if it does not keep connections open.

use anyhow::{Context, Result};
use contract::{CHECKS, Subject, verify};
use std::env;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let address = arguments
        .next()
        .context("the server's address is missing")?;
    let read_timeout_ms = arguments.next().context("its read timeout is missing")?;
    let subject = Subject {
        address: address.parse::<SocketAddr>().context(address)?.into(),
        tls: false,
        read_timeout: Duration::from_millis(read_timeout_ms.parse().context(read_timeout_ms)?),
        keep_alive: arguments.next().as_deref() != Some("close"),
    };
    let started = Instant::now();
    verify(&subject)?;
    println!(
        "{} checks passed in {:.1?}",
        CHECKS.len(),
        started.elapsed()
    );
    Ok(())
}
