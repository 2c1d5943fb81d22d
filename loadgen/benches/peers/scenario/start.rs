//! How soon after its start loadgen makes its first request.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Report;
use crate::Bench;
use crate::goal::{Value, Verdict, Wanted};
use crate::process::Process;
use crate::program;
use crate::spread::Spread;

const STARTS: usize = 20;

/// From fork to the first byte at the server. It covers reading the program, the command line and
/// the machine's counters.
const WANTED_MS: f64 = 10.0;

/// Whatever takes longer has failed.
const LONGEST: Duration = Duration::from_secs(5);

/// Starts loadgen a number of times, each for one request.
pub(super) fn measure(bench: &Bench) -> anyhow::Result<Report> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let times = (0..STARTS)
        .map(|_| bench.cores.server.run(|| start_once(bench, &listener))?)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let times_ms = times.iter().map(|time| Some(time.as_secs_f64() * 1e3));
    Ok(Report::of(vec![Verdict {
        label: format!("ms from start to first byte, median of {STARTS}"),
        value: Spread::of(times_ms).map(Value::Rounds),
        wanted: Wanted::AtMost(WANTED_MS),
    }]))
}

fn start_once(bench: &Bench, listener: &TcpListener) -> anyhow::Result<Duration> {
    let mut command = Command::new(program::LOADGEN);
    command.args(["-q", "-n", "1"]);
    command.arg(format!("http://{}/", listener.local_addr()?));
    let began = Instant::now();
    let mut process = Process::start(bench, "loadgen", &bench.cores.load, command)?;
    let mut connection = accept(listener, &process)?;
    connection.set_read_timeout(Some(LONGEST))?;
    let mut request = [0; 4096];
    let count = connection.read(&mut request)?;
    let time = began.elapsed();
    ensure!(count > 0, "a connection without a request");
    connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    drop(connection);
    process.wait(bench, LONGEST)?;
    Ok(time)
}

/// The next connection, for which nobody waits for ever.
fn accept(listener: &TcpListener, process: &Process) -> anyhow::Result<TcpStream> {
    let limit = Timespec::try_from(LONGEST)?;
    let is_there = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&limit))?;
    if is_there == 0 {
        process.check_alive()?;
    }
    ensure!(is_there > 0, "no connection within {LONGEST:?}");
    Ok(listener.accept()?.0)
}
