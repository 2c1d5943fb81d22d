//! Who plays ping-pong through a relay, and what comes of it.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::library::Library;
use crate::program;
use crate::server::Running;

/// Length of a message in bytes: what a chat or a game sends.
const MESSAGE_BYTES: &str = "32";

/// A client that plays all pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// `loadgen websocket`.
    Ours(Waiting),
    Theirs(Library),
}

/// How our client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    Blocking,
    Async,
}

/// How long a client plays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playtime {
    /// Before the part that counts.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// One client through one relay, once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Played {
    pub(crate) round_trips_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// The relay's CPU time for each round trip, which is two messages in and two out.
    pub(crate) server_us: Option<f64>,
    /// Whether the client was the limit; others' clients do not tell.
    pub(crate) is_limited: bool,
}

impl Client {
    pub(crate) const OURS: [Self; 2] = [Self::Ours(Waiting::Blocking), Self::Ours(Waiting::Async)];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Ours(Waiting::Blocking) => "loadgen-blocking",
            Self::Ours(Waiting::Async) => "loadgen-async",
            Self::Theirs(library) => library.client().label(),
        }
    }

    pub(crate) fn is_missing(self) -> bool {
        match self {
            Self::Ours(_) => false,
            Self::Theirs(library) => library.client().is_missing(),
        }
    }

    /// Plays `pairs` pairs through `relay`, on one thread or as few as it can.
    pub(crate) fn command(self, relay: &Running, pairs: usize, time: Playtime) -> Command {
        let mut command = match self {
            Self::Ours(waiting) => {
                let mut command = Command::new(program::LOADGEN);
                // Records keep it, and are to name no place of this machine.
                command.arg0("loadgen");
                command.args(["websocket", "-q", "--format", "json", "--client"]);
                command.arg(waiting.label());
                if waiting == Waiting::Async {
                    command.args(["--threads", "1"]);
                }
                command
            }
            Self::Theirs(library) => library.client_command(),
        };
        command.args(["--pairs", &pairs.to_string(), "--size", MESSAGE_BYTES]);
        command.args(["--warmup", &self.time(time.warm_up)]);
        command.args(["--duration", &self.time(time.measured)]);
        command.args(["--server-pid", &relay.pid.to_string()]);
        command.arg(relay.relay_url());
        command
    }

    /// Ours wants a unit, the others take seconds.
    fn time(self, time: Duration) -> String {
        match self {
            Self::Ours(_) => format!("{}ms", time.as_millis()),
            Self::Theirs(_) => time.as_secs_f64().to_string(),
        }
    }

    /// Reads what it printed. A run with failures is none.
    pub(crate) fn read(self, stdout: &str) -> anyhow::Result<Played> {
        let result: Value = serde_json::from_str(stdout)
            .with_context(|| format!("what {} printed is no result", self.label()))?;
        let played = match self {
            Self::Ours(_) => read_record(&result),
            Self::Theirs(_) => read_theirs(&result),
        }?;
        let rate = played.round_trips_per_second;
        ensure!(rate > 0.0, "{} made no round trip", self.label());
        Ok(played)
    }
}

impl Waiting {
    fn label(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Async => "async",
        }
    }
}

fn read_record(record: &Value) -> anyhow::Result<Played> {
    let failed = number(&record["requests"]["failed"])?;
    ensure!(failed == 0.0, "{failed} round trips failed");
    let latency_ns = |name: &str| number(&record["latency_ns"]["total"][name]);
    Ok(Played {
        round_trips_per_second: number(&record["rate_per_second"])?,
        p50_us: latency_ns("p50")? / 1e3,
        p99_us: latency_ns("p99")? / 1e3,
        server_us: record["server"]["cpu_us_per_request"].as_f64(),
        is_limited: record["validity"]["reasons"]
            .as_array()
            .context("the record has no reasons")?
            .iter()
            .any(|reason| reason["severity"] == "limits_rate"),
    })
}

/// As `node/client.mjs` and `python/pingpong.py` print it.
fn read_theirs(result: &Value) -> anyhow::Result<Played> {
    let round_trips = number(&result["round_trips"])?;
    Ok(Played {
        round_trips_per_second: round_trips / number(&result["elapsed_s"])?,
        p50_us: number(&result["latency_us"]["p50"])?,
        p99_us: number(&result["latency_us"]["p99"])?,
        server_us: result["server_cpu_us"].as_f64().map(|us| us / round_trips),
        is_limited: false,
    })
}

fn number(value: &Value) -> anyhow::Result<f64> {
    value.as_f64().context("a number is missing")
}
