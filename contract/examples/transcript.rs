//! Prints the transcript of a server that is up already, to compare two or to
//! renew the golden ones:
//! `cargo run -p contract --example transcript http://127.0.0.1:8080 close`
//!
//! The second argument is `close` or `keep-alive`, as the golden files are
//! called.

use anyhow::{Context, Result, bail};
use contract::{Address, Subject, keep_alive_transcript, transcript};
use std::env;
use std::time::Duration;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let place = arguments.next().context("where it listens is missing")?;
    let (address, tls) = Address::from_place(&place)
        .with_context(|| format!("{place}: give it as http://127.0.0.1:8080"))?;
    let subject = Subject {
        address,
        tls,
        read_timeout: Duration::from_secs(5),
        keep_alive: true,
        websocket: true,
    };
    let text = match arguments.next().as_deref() {
        Some("close") => transcript(&subject)?,
        Some("keep-alive") => keep_alive_transcript(&subject)?,
        _ => bail!("say which transcript: close or keep-alive"),
    };
    print!("{text}");
    Ok(())
}
