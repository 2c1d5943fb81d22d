//! The load generators that are compared.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::program;

/// Open connections, the same for every client.
const CONNECTIONS: &str = "64";

/// More requests than ab makes in any round. It keeps a table with so many rows, so the number is
/// not larger than that.
const AB_REQUESTS_MAX: &str = "200000";

/// A load generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Loadgen,
    Wrk,
    Oha,
    Ab,
}

/// What a client says that it did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) requests: f64,
    pub(crate) elapsed: Duration,
}

impl Client {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Loadgen => "loadgen",
            Self::Wrk => "wrk",
            Self::Oha => "oha",
            Self::Ab => "ab",
        }
    }

    pub(crate) fn is_missing(self) -> bool {
        self.program().is_none()
    }

    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Loadgen => Some(program::LOADGEN.into()),
            peer => program::peer(peer.label()),
        }
    }

    /// One thread that loads `url` for so long. On its one core oha too has one thread.
    pub(crate) fn command(self, url: &str, seconds: u64, keep_alive: bool) -> Command {
        let mut command = Command::new(self.program().unwrap_or_default());
        match self {
            Self::Loadgen => {
                command.args(["--threads", "1", "-q", "--duration"]);
                command.arg(format!("{seconds}s"));
                command.args(keep_alive.then_some("-k"));
            }
            Self::Wrk => {
                command.args(["-t", "1", "-d"]).arg(format!("{seconds}s"));
                // The others send these by themselves; without them the server would have less to do.
                command.args(["-H", "User-Agent: wrk", "-H", "Accept: */*"]);
            }
            Self::Oha => {
                command.args(["--no-tui", "--output-format", "json", "-z"]);
                command.arg(format!("{seconds}s"));
                command.args((!keep_alive).then_some("--disable-keepalive"));
            }
            Self::Ab => {
                command.args(["-q", "-t"]).arg(seconds.to_string());
                command.args(["-n", AB_REQUESTS_MAX]);
                command.args(keep_alive.then_some("-k"));
            }
        }
        command.args(["-c", CONNECTIONS, url]);
        command
    }

    /// Reads what the client printed. A run with failures is none: errors are cheap.
    pub(crate) fn read(self, stdout: &str) -> anyhow::Result<Done> {
        let done = match self {
            Self::Loadgen => read_loadgen(stdout),
            Self::Wrk => read_wrk(stdout),
            Self::Oha => read_oha(stdout),
            Self::Ab => read_ab(stdout),
        };
        let done = done.with_context(|| format!("what {} printed is no result", self.label()))?;
        ensure!(done.requests > 0.0, "{} made no request", self.label());
        Ok(done)
    }
}

fn read_loadgen(stdout: &str) -> anyhow::Result<Done> {
    let record: Value = serde_json::from_str(stdout)?;
    let count = |name: &str| number(&record["requests"][name]);
    ensure!(count("failed")? == 0.0, "requests failed");
    Ok(Done {
        requests: count("succeeded")?,
        elapsed: Duration::from_secs_f64(number(&record["elapsed_s"])?),
    })
}

fn read_oha(stdout: &str) -> anyhow::Result<Done> {
    let result: Value = serde_json::from_str(stdout)?;
    let errors = result["errorDistribution"].as_object();
    if let Some((error, _)) = errors
        .into_iter()
        .flatten()
        .find(|(error, _)| *error != "aborted due to deadline")
    {
        bail!("requests failed: {error}");
    }
    let statuses = result["statusCodeDistribution"].as_object();
    let statuses = statuses.context("no statuses")?;
    ensure!(statuses.keys().all(|status| status == "200"), "not all 200");
    Ok(Done {
        requests: number(&result["statusCodeDistribution"]["200"])?,
        elapsed: Duration::from_secs_f64(number(&result["summary"]["total"])?),
    })
}

fn read_wrk(stdout: &str) -> anyhow::Result<Done> {
    for failure in ["Socket errors", "Non-2xx"] {
        ensure!(!stdout.contains(failure), "requests failed");
    }
    let requests = stdout
        .lines()
        .find_map(|line| line.split_once(" requests in "))
        .context("no requests")?;
    let requests: f64 = requests.0.trim().parse()?;
    let rate: f64 = field(stdout, "Requests/sec:")?.parse()?;
    Ok(Done {
        requests,
        elapsed: Duration::from_secs_f64(requests / rate),
    })
}

fn read_ab(stdout: &str) -> anyhow::Result<Done> {
    ensure!(
        field(stdout, "Failed requests:")? == "0" && !stdout.contains("Non-2xx"),
        "requests failed"
    );
    Ok(Done {
        requests: field(stdout, "Complete requests:")?.parse()?,
        elapsed: Duration::from_secs_f64(field(stdout, "Time taken for tests:")?.parse()?),
    })
}

fn number(value: &Value) -> anyhow::Result<f64> {
    value.as_f64().context("a number is missing")
}

/// The word behind `label`.
fn field<'a>(text: &'a str, label: &str) -> anyhow::Result<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    line.and_then(|rest| rest.split_ascii_whitespace().next())
        .with_context(|| format!("no `{label}`"))
}
