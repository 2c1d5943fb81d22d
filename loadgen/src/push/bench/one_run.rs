//! One run: a fresh server and a fresh client, since what is looked at is their memory.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::plan::{Case, Plan};
use crate::bench::BenchError;
use crate::bench::directory::Directory;
use crate::cli::hide_variables;
use crate::push::record::Record;

/// How much longer than its run a client may take: to connect, to stop and to write.
const CLIENT_EXTRA: Duration = Duration::from_secs(30);

/// How often its end is looked for.
const POLL: Duration = Duration::from_millis(20);

/// Carries out one run; its record is in the directory too.
pub(super) fn measure(
    plan: &Plan,
    case: &Case,
    directory: &Directory,
    interrupted: &AtomicBool,
) -> Result<Record, BenchError> {
    let mut server = case
        .server
        .start(&case.server_flags(), &plan.cores.server)?;
    let address = server.push_address()?;
    let file = case.file_name();
    let mut command = Command::new(&plan.loadgen);
    hide_variables(&mut command);
    command
        // The record keeps the command line, which is to name no place of this machine.
        .arg0("loadgen")
        .args(["push", &format!("tcp://{address}"), "--format", "json"])
        .args(case.client_flags())
        .args(["--duration", &format!("{}s", plan.duration.as_secs_f64())])
        .args(["--queue-memory", &plan.queue_memory_bytes.to_string()])
        .args(["--server-pid", &server.pid().to_string()])
        .args(["--output", &file])
        .current_dir(directory.path())
        // A terminal's signal is for this process, which passes it on: two would end the client
        // before it has written anything.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let client = plan.cores.load.run(|| command.spawn()).and_then(|it| it)?;
    let said = wait(client, plan.duration + CLIENT_EXTRA, interrupted)?;
    let record = read(&directory.path().join(file))
        .map_err(|error| io::Error::other(format!("{error}; {said}")))?;
    if !record.interrupted {
        server.check_alive()?;
    }
    Ok(record)
}

/// Waits for the client's end, which a signal to this process brings about; what it said.
fn wait(mut client: Child, longest: Duration, interrupted: &AtomicBool) -> io::Result<String> {
    let until = Instant::now() + longest;
    let pid = i32::try_from(client.id()).ok().and_then(Pid::from_raw);
    let mut is_told = false;
    while client.try_wait()?.is_none() {
        if interrupted.load(Ordering::Relaxed) && !is_told {
            is_told = true;
            // It may just have ended.
            let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        }
        if Instant::now() >= until {
            client.kill()?;
            client.wait()?;
            return Err(io::Error::other(format!(
                "loadgen push did not end within {longest:?} and was killed"
            )));
        }
        thread::sleep(POLL);
    }
    let mut said = String::new();
    if let Some(mut stderr) = client.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    Ok(said.trim().replace('\n', " | "))
}

fn read(file: &Path) -> io::Result<Record> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}
