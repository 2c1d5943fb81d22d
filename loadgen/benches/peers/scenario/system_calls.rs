//! Why one server costs more than another: the system calls that it makes for a request.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::Bench;
use crate::client::{Client, Driver};
use crate::load::Load;
use crate::process::Process;
use crate::program;
use crate::scenario::Report;
use crate::server::Server;

/// Connections at a time.
const CONNECTIONS: usize = 64;

/// Length of a run in seconds.
const SECONDS: u64 = 2;

/// How long a run may take, with perf's start and end.
const LONGEST: Duration = Duration::from_secs(30);

/// What is counted by name. Everything is counted in [`ALL`], so what is missing here is seen.
const NAMES: [&str; 38] = [
    "accept",
    "accept4",
    "recvfrom",
    "recvmsg",
    "read",
    "readv",
    "sendto",
    "sendmsg",
    "write",
    "writev",
    "shutdown",
    "close",
    "select",
    "pselect6",
    "poll",
    "ppoll",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_ctl",
    "io_uring_enter",
    "futex",
    "clone",
    "clone3",
    "exit",
    "mmap",
    "munmap",
    "mprotect",
    "madvise",
    "set_robust_list",
    "rseq",
    "sigaltstack",
    "rt_sigprocmask",
    "sched_getaffinity",
    "setsockopt",
    "getsockopt",
    "clock_nanosleep",
    "gettid",
];

const ALL: &str = "raw_syscalls:sys_enter";

/// Calls that fewer than one request in so many makes are not shown.
const SHOWN_MIN: f64 = 0.005;

const SERVERS: [Server; 8] = [
    Server::SEQUENTIAL,
    Server::THREAD_PER_CONNECTION,
    Server::SELECT,
    Server::POLL,
    Server::EPOLL,
    Server::IO_URING,
    Server::TOKIO,
    Server::Nginx,
];

/// Prints a line for each server and load. There is nothing to be met: it is there to be known.
pub(super) fn measure(bench: &Bench) -> anyhow::Result<Report> {
    println!("| server | connections | system calls per request | which |");
    println!("|---|---|---:|---|");
    let loads = [Load::new_each(CONNECTIONS), Load::kept(CONNECTIONS)];
    for load in loads {
        for server in SERVERS.into_iter().filter(|server| !server.is_missing()) {
            let counts = count(bench, server, load).with_context(|| server.label())?;
            println!("{}", line(server, load, &counts));
        }
    }
    Ok(Report::of(Vec::new()))
}

/// Calls per request, by name.
fn count(bench: &Bench, server: Server, load: Load) -> anyhow::Result<BTreeMap<String, f64>> {
    let running = server.start(bench)?;
    let client = Client::Loadgen(Driver::Epoll);
    let load_command = client.command(&running, &load, SECONDS)?;
    let perf = program::peer("perf").context("perf is not there; apt-get install linux-perf")?;
    let counts_file = bench.directory.path().join("perf.csv");
    let mut command = Command::new(perf);
    command.args(["stat", "-x", ",", "-e", &events(), "-p"]);
    command.arg(running.pid.to_string());
    command.arg("-o").arg(&counts_file).arg("--");
    command
        .arg(load_command.get_program())
        .args(load_command.get_args());
    let mut process = Process::start(bench, "perf", &bench.cores.load, command)?;
    process.wait(bench, LONGEST)?;
    let requests = client.read(&load, &process.stdout()?)?.requests;
    let counts = std::fs::read_to_string(&counts_file)?;
    let counts: BTreeMap<_, _> = counts.lines().filter_map(counted).collect();
    ensure!(counts.contains_key(ALL), "perf has counted nothing");
    Ok(counts
        .into_iter()
        .map(|(name, count)| (name, count / requests))
        .collect())
}

fn events() -> String {
    let named = NAMES.map(|name| format!("syscalls:sys_enter_{name}"));
    format!("{ALL},{}", named.join(","))
}

/// `123,,syscalls:sys_enter_close,…`: a name and its count.
fn counted(line: &str) -> Option<(String, f64)> {
    let mut fields = line.split(',');
    let count = fields.next()?.parse().ok()?;
    let event = fields.nth(1)?;
    let name = event.strip_prefix("syscalls:sys_enter_").unwrap_or(event);
    Some((name.to_owned(), count))
}

fn line(server: Server, load: Load, counts: &BTreeMap<String, f64>) -> String {
    let all = counts.get(ALL).copied().unwrap_or_default();
    let mut named: Vec<_> = counts.iter().filter(|(name, _)| *name != ALL).collect();
    named.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let others = all - named.iter().map(|(_, count)| **count).sum::<f64>();
    let others_name = "others".to_owned();
    named.push((&others_name, &others));
    let which: Vec<_> = named
        .into_iter()
        .filter(|(_, count)| **count >= SHOWN_MIN)
        .map(|(name, count)| format!("{name} {count:.2}"))
        .collect();
    format!(
        "| {} | {load} | {all:.2} | {} |",
        server.label(),
        which.join(", ")
    )
}
