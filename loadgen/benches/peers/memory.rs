//! Whether memory grows with the number of requests.

use std::process::Command;
use std::time::Duration;

use anyhow::ensure;

use crate::Bench;
use crate::client::Client;
use crate::process::Process;
use crate::program;
use crate::server::Server;

/// A run long enough that a byte kept for each request would be seen.
const REQUESTS: u64 = 10_000_000;

/// Most that loadgen may ever have resident, in bytes.
const RSS_BYTES_WANTED: u64 = 64 << 20;

/// A server of 10 000 requests a second would take so long.
const LIMIT: Duration = Duration::from_secs(1000);

/// Makes ten million requests and prints loadgen's peak memory.
pub(crate) fn measure(bench: &Bench) -> anyhow::Result<()> {
    let server = Server::Tokio.start(bench)?;
    eprintln!("peers: ten million requests …");
    let mut command = Command::new(program::LOADGEN);
    command.args(["-k", "-q", "-c", "64", "--threads", "1", "-n"]);
    command.arg(REQUESTS.to_string()).arg(&server.url);
    let mut process = Process::start(bench, "loadgen", &bench.cores.load, command)?;
    let cost = process.wait(bench, LIMIT)?;
    let done = Client::Loadgen.read(&process.stdout()?)?;
    ensure!(done.requests == REQUESTS as f64, "not all were made");
    let verdict = match cost.peak_rss_bytes < RSS_BYTES_WANTED {
        true => "met",
        false => "missed",
    };
    println!(
        "  ten million requests in {:.0} s: peak RSS {:.1} MiB, wanted < {} MiB  {verdict}",
        done.elapsed.as_secs_f64(),
        cost.peak_rss_bytes as f64 / f64::from(1 << 20),
        RSS_BYTES_WANTED >> 20,
    );
    Ok(())
}
