//! Starts the `loadgen` binary, guards against a hang, and collects what it
//! said. The only place that touches the command line's process.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::record::Counts;
use crate::schema::{self, Schema};

/// A run that lasts longer hangs. Well below the default request timeout of
/// 30 s, so that "waited for the timeout" is told from "saw it at once", and
/// well above what any run here takes on a loaded machine.
const HANG_GUARD: Duration = Duration::from_secs(20);

/// A `loadgen` that runs.
pub(crate) struct Running {
    pid: Pid,
    ended: Receiver<Output>,
}

/// A `loadgen` that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The command with its arguments; stdout is captured unless the caller says
/// otherwise before [`start`].
pub(crate) fn command(args: &[&str]) -> Command {
    command_of(program(), args)
}

/// Where the program is.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_loadgen"))
}

/// The same for another program, or for this one under another name.
pub(crate) fn command_of(program: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::piped());
    command
}

/// The command, allowed at most `limit` open file descriptors. The shell sets
/// the limit on itself and becomes `loadgen`.
pub(crate) fn command_with_descriptor_limit(limit: usize, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
    command
        .arg("-c")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_loadgen"));
    command.args(args).stdout(Stdio::piped());
    command
}

/// Runs `loadgen` to its end.
pub(crate) fn run(args: &[&str]) -> Ended {
    start(command(args)).end()
}

/// The same with arguments that blanks separate.
pub(crate) fn run_words(words: &str) -> Ended {
    run(&words.split_whitespace().collect::<Vec<_>>())
}

pub(crate) fn start(mut command: Command) -> Running {
    command.stderr(Stdio::piped());
    start_as_it_is(command)
}

/// The same for a command whose stderr goes where the caller wants it.
pub(crate) fn start_as_it_is(mut command: Command) -> Running {
    let child = command
        .stdin(Stdio::null())
        .spawn()
        .expect("loadgen starts");
    Running {
        pid: Pid::from_child(&child),
        ended: collect_output(child),
    }
}

/// A thread that reads both streams to their end and then reaps the child.
fn collect_output(child: Child) -> Receiver<Output> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        // The receiver is gone when the test has failed already.
        let _ = sender.send(child.wait_with_output().expect("loadgen's output"));
    });
    receiver
}

impl Running {
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("loadgen runs");
    }

    /// Signals its process group, which it must have been given.
    pub(crate) fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid, signal).expect("loadgen runs");
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it hangs (it is killed then), or speaks of a panic.
    pub(crate) fn end(self) -> Ended {
        self.end_within(HANG_GUARD)
    }

    /// The same for what may take longer.
    pub(crate) fn end_within(self, limit: Duration) -> Ended {
        let output = match self.ended.recv_timeout(limit) {
            Ok(output) => output,
            Err(RecvTimeoutError::Timeout) => {
                self.signal(Signal::KILL);
                let output = self.ended.recv().expect("loadgen's output after the kill");
                panic!(
                    "hung for {limit:?} and was killed: {:?}",
                    Ended::from(output)
                );
            }
            Err(RecvTimeoutError::Disconnected) => panic!("loadgen's output was not collected"),
        };
        let ended = Ended::from(output);
        assert!(!ended.stderr.contains("panicked"), "panicked: {ended:?}");
        assert!(!ended.stderr.contains("backtrace"), "backtrace: {ended:?}");
        ended
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// The record on stdout.
    ///
    /// # Panics
    /// When stdout is anything else.
    pub(crate) fn record(&self) -> Value {
        self.document(&schema::RUN)
    }

    /// What is on stdout: one JSON document and nothing else, as its schema has it.
    ///
    /// # Panics
    /// When stdout is anything else.
    pub(crate) fn document(&self, schema: &Schema) -> Value {
        let document = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON document ({error}): {self:?}"));
        schema.assert_valid(&document);
        document
    }

    /// Asserts that there were so many requests, which all failed for `cause`; the record.
    pub(crate) fn assert_all_failed(&self, requests: u64, cause: &str) -> Value {
        assert_eq!(self.code, Some(1), "{self:?}");
        let record = self.record();
        let expected = Counts::new(0, &[(cause, requests)]);
        assert_eq!(Counts::of_record(&record), expected, "{self:?}");
        record
    }

    /// The same for handshakes, of which it must be told what was wrong.
    pub(crate) fn assert_no_handshake(&self, requests: u64) {
        let record = self.assert_all_failed(requests, "tls_handshake");
        assert!(record["target"]["tls_error"].is_string(), "{self:?}");
    }

    /// Asserts that the run failed as a tool should: this exit code, nothing on
    /// stdout, and one line on stderr that contains all of `words`.
    pub(crate) fn assert_one_line_error(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        self.assert_one_line_on_stderr(words);
    }

    /// Asserts that stderr is one line that contains all of `words`.
    pub(crate) fn assert_one_line_on_stderr(&self, words: &[&str]) {
        assert_eq!(
            self.stderr.trim_end().lines().count(),
            1,
            "not one line: {self:?}"
        );
        for word in words {
            assert!(
                self.stderr.contains(word),
                "{word:?} is not named: {self:?}"
            );
        }
    }
}
