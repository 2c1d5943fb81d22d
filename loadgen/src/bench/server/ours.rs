//! A server of this project: its process, from its start to its end.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::{START_LONGEST, STOP_LONGEST, ServerError};
use super::log::Log;
use crate::bench::plan::Program;
use crate::system::affinity::CpuSet;

/// How often an end is looked for.
const STOP_POLL: Duration = Duration::from_millis(2);

/// A server that was started here. Dropped, it is killed.
#[derive(Debug)]
pub struct OurServer {
    label: String,
    child: Child,
    address: SocketAddr,
    /// Where it pushes, if it was asked to.
    push_address: Option<SocketAddr>,
    log: Option<Log>,
}

impl OurServer {
    /// Starts `program`, which is called `label`, with further `flags` on `cores`, on a port of
    /// 127.0.0.1 that it picks, and waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// It is not there, ends, or does not listen in time.
    pub fn start(
        label: &str,
        program: &Program,
        flags: &[String],
        cores: &CpuSet,
    ) -> Result<Self, ServerError> {
        check_program(program)?;
        let mut command = Command::new(&program.program);
        command
            .args(["--listen", "127.0.0.1:0", "--model", &program.model])
            .args(&program.flags)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let failed = |source| ServerError::Start {
            program: program.program.clone(),
            source,
        };
        // A child inherits the cores of the thread that starts it.
        let spawned = cores.run(|| command.spawn()).and_then(|child| child);
        let mut child = spawned.map_err(failed)?;
        let lines = child.stdout.take().map(read_lines);
        let mut server = Self {
            log: child.stderr.take().map(Log::read),
            label: label.to_owned(),
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            push_address: None,
        };
        let is_to_push = program.flags.iter().any(|flag| flag == "--push");
        server.address = server.wait_for_address(lines, is_to_push)?;
        Ok(server)
    }

    /// Where it pushes.
    ///
    /// # Errors
    ///
    /// It did not say so, in one of its first lines.
    pub fn push_address(&mut self) -> Result<SocketAddr, ServerError> {
        self.push_address.ok_or_else(|| ServerError::NotPushing {
            label: self.label.clone(),
            log: self.last_words(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// That it has not ended by itself.
    ///
    /// # Errors
    ///
    /// It has.
    pub fn check_alive(&mut self) -> Result<(), ServerError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(self.ended(status)),
            _ => Ok(()),
        }
    }

    /// Asks it to end, without waiting.
    pub fn ask_to_stop(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended already, which `stop` finds out.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Waits for the end of a server that was asked to end. Asked twice it would end at once, and
    /// not well.
    ///
    /// # Errors
    ///
    /// It ends otherwise than well, or not in time.
    pub fn wait_for_end(mut self) -> Result<(), ServerError> {
        let until = Instant::now() + STOP_LONGEST;
        while Instant::now() < until {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(self.ended(status)),
                _ => thread::sleep(STOP_POLL),
            }
        }
        let (label, log) = (self.label.clone(), self.last_words());
        Err(ServerError::Stuck { label, log })
    }

    /// The address in its first lines, once a connection there is accepted.
    fn wait_for_address(
        &mut self,
        lines: Option<Receiver<String>>,
        is_to_push: bool,
    ) -> Result<SocketAddr, ServerError> {
        let places = lines.map(|lines| Places::read(&lines, is_to_push));
        let Places { address, push } = places.unwrap_or_default();
        self.push_address = push;
        match address {
            Some(address) if TcpStream::connect_timeout(&address, START_LONGEST).is_ok() => {
                Ok(address)
            }
            address => Err(self.not_there(address)),
        }
    }

    fn not_there(&mut self, address: Option<SocketAddr>) -> ServerError {
        // A server that has closed its stdout is about to end: let it, to know how.
        for _ in 0..50 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return self.ended(status);
            }
            thread::sleep(STOP_POLL);
        }
        let (label, log) = (self.label.clone(), self.last_words());
        match address {
            Some(address) => ServerError::Deaf {
                label,
                address,
                log,
            },
            None => ServerError::Silent { label, log },
        }
    }

    fn ended(&mut self, status: ExitStatus) -> ServerError {
        let (label, log) = (self.label.clone(), self.last_words());
        ServerError::Ended { label, status, log }
    }

    /// The end of its log, which is complete only once it has ended.
    fn last_words(&mut self) -> String {
        self.kill();
        let log = self.log.as_ref().map(Log::last_words);
        match log.unwrap_or_default() {
            log if log.is_empty() => "; it said nothing on stderr".to_owned(),
            log => format!("; its last words: {log}"),
        }
    }

    fn kill(&mut self) {
        // Fails only if it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for OurServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// That the program is there.
///
/// # Errors
///
/// It is not.
pub fn check_program(program: &Program) -> Result<(), ServerError> {
    match program.program.exists() {
        true => Ok(()),
        false => Err(ServerError::Missing {
            program: program.program.clone(),
        }),
    }
}

/// What a server says of itself when it starts, a line for each place.
#[derive(Debug, Default, PartialEq, Eq)]
struct Places {
    address: Option<SocketAddr>,
    push: Option<SocketAddr>,
}

impl Places {
    /// Reads lines until one says where it listens, and one where it pushes if it is to; or until
    /// one says something else.
    fn read(lines: &Receiver<String>, is_to_push: bool) -> Self {
        let until = Instant::now() + START_LONGEST;
        let mut places = Self::default();
        while places.address.is_none() || (is_to_push && places.push.is_none()) {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = lines.recv_timeout(left) else {
                break;
            };
            match (address_in(&line), push_address_in(&line)) {
                (Some(address), _) => places.address = Some(address),
                (None, Some(address)) => places.push = Some(address),
                (None, None) => break,
            }
        }
        places
    }
}

/// The address in `… pushing to tcp://ADDRESS (model …)`.
fn push_address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(" pushing to tcp://")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The address in `… listening on http://ADDRESS (model …)`, or `https://`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, url) = line.split_once("listening on http")?;
    let rest = url.strip_prefix('s').unwrap_or(url).strip_prefix("://")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The lines of `stdout`, read on so that the server never waits for a reader.
fn read_lines(stdout: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // After the first line nobody listens any more.
            let _ = sender.send(line);
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A server that is a shell script: its start line and its end can be chosen.
    fn shell(script: &str) -> (tempfile::TempDir, Program) {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("server");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        let program = Program {
            program,
            model: "none".to_owned(),
            keep_alive: false,
            flags: Vec::new(),
        };
        (directory, program)
    }

    fn start(script: &str) -> Result<OurServer, ServerError> {
        let (_directory, program) = shell(script);
        OurServer::start("shell", &program, &[], &CpuSet::of_this_thread().unwrap())
    }

    #[test]
    fn the_start_line_tells_the_address() {
        let line = "server-sync listening on http://127.0.0.1:7080 (model sequential)";
        assert_eq!(address_in(line), Some(([127, 0, 0, 1], 7080).into()));
        let encrypted = line.replace("http://", "https://");
        assert_eq!(address_in(&encrypted), Some(([127, 0, 0, 1], 7080).into()));
        assert_eq!(address_in("hello"), None);
    }

    #[test]
    fn a_server_that_pushes_says_where_in_any_order() {
        let (sender, lines) = mpsc::channel();
        let listening = "x listening on http://127.0.0.1:1 (model y)";
        let pushing = "x pushing to tcp://127.0.0.1:2 (model y)";
        let expected = Places {
            address: Some(([127, 0, 0, 1], 1).into()),
            push: Some(([127, 0, 0, 1], 2).into()),
        };
        for said in [[listening, pushing], [pushing, listening]] {
            for line in said {
                sender.send(line.to_owned()).unwrap();
            }
            assert_eq!(Places::read(&lines, true), expected);
        }
        sender.send(listening.to_owned()).unwrap();
        assert_eq!(Places::read(&lines, false).push, None);
    }

    #[test]
    fn a_server_that_ends_at_once_is_quoted() {
        let error = start("echo 'no such model' >&2; exit 2").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 2"), "{text}");
        assert!(text.ends_with("its last words: no such model"), "{text}");
    }

    #[test]
    fn a_server_that_is_not_there_is_named_with_the_next_step() {
        let program = Program {
            program: PathBuf::from("/no/such/server"),
            model: "none".to_owned(),
            keep_alive: false,
            flags: Vec::new(),
        };
        let cores = CpuSet::of_this_thread().unwrap();
        let error = OurServer::start("none", &program, &[], &cores).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("/no/such/server is missing; build it")
        );
    }
}
