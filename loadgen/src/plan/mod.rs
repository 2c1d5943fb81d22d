//! What a run is to do, in types: the only door from strings to meaning.
//!
//! Four axes stay apart: what to send ([`Scenario`]), how much and when ([`Load`]), when to stop
//! ([`Stop`]), and how bytes move ([`Engine`]). Past this module nothing parses.

mod background;
mod client;
mod connect_to;
mod engine;
mod expect;
mod gate;
mod header;
mod input_file;
mod limits;
mod load;
mod parse;
mod paths;
mod proxy;
mod route;
mod scenario;
mod schedule;
mod shard;
mod slo;
mod sources;
mod target;
mod tls;
mod url;
mod websocket;

use std::time::Duration;

pub use background::{BACKGROUND_MAX, Background, path};
pub use client::{Client, DriverName, EngineName};
pub use connect_to::ConnectTo;
pub use engine::{Driver, Engine};
pub use expect::{Expect, LengthRule, StatusSet};
pub use gate::Gate;
pub use header::{Credentials, Header, fields, with_media_type};
pub use input_file::read_file;
pub use load::{Arrival, CONNECTIONS_MAX, Load, ON_EACH_MAX};
pub use parse::{above_zero, duration, percentage, seconds, share};
pub use paths::{Order, Paths};
pub use proxy::Proxy;
pub use route::{Destination, Route};
pub use scenario::{HttpVersion, Method, Scenario, identification};
pub use schedule::{Curve, MAX_IN_FLIGHT, RATE_MAX_PER_SECOND, Rate, Schedule, Spacing, Spread};
pub(crate) use shard::portion;
pub use shard::{SHARDS_MAX, Shard};
pub use slo::Slo;
pub use sources::Sources;
pub use target::{Target, TargetError};
pub use tls::{
    CipherSuites, Identity, Tls, TlsOptions, TlsVersions, Trust, iana_name, openssl_name,
};
pub use url::{Scheme, Url, mask_password, mask_passwords};
pub use websocket::{Framing, WebSocket, WebSocketClient};

use crate::system::affinity::CpuSet;

/// One run, complete: two runs with equal plans do the same.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where requests go.
    pub target: Target,
    /// How connections are secured, if they are.
    pub tls: Option<Tls>,
    /// What is sent, and whether connections are used again.
    pub scenario: Scenario,
    /// What counts as a success.
    pub expect: Expect,
    /// How many connections, and when requests start on them.
    pub load: Load,
    /// Which part of the run is this process's, if others make the rest. Connections are its own; so
    /// is the count of requests in closed loop. In open loop rate and count are those of the whole
    /// schedule, of which it takes its arrivals.
    pub shard: Option<Shard>,
    /// What is open besides.
    pub background: Background,
    /// When the run ends.
    pub stop: Stop,
    /// Load before the measured part; nothing of it is counted.
    pub warmup: Duration,
    /// Limit for one request, from its start to the last byte of its answer.
    pub timeout: Duration,
    /// Limit for opening a connection, TLS included.
    pub connect_timeout: Duration,
    /// What makes requests and reads answers.
    pub engine: Engine,
    /// Whether what only ab's text shows is recorded.
    pub ab_times: bool,
    /// The cores that workers are kept on, if any were named.
    pub cores: Option<CpuSet>,
    /// The process that serves, if its costs are to be measured.
    pub server: Option<ServerProcess>,
    /// What the finished run is held against.
    pub gates: Vec<Gate>,
}

impl Plan {
    /// Connections open at a time, at most: a pair of WebSocket clients has two.
    #[must_use]
    pub fn connections(&self) -> usize {
        let websocket = self.engine.websocket();
        self.load.connections * websocket.map_or(1, WebSocket::clients_of_pair)
    }
}

/// When a run ends; whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// After so many requests.
    pub requests: Option<u64>,
    /// After so long, warm-up not counted.
    pub duration: Option<Duration>,
}

/// A server on this machine whose process is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerProcess {
    /// Process id.
    pub pid: u32,
    /// Whether all that it started belongs to it.
    pub is_family: bool,
    /// What people call it.
    pub label: String,
    /// Its concurrency model, if it has a choice.
    pub model: Option<String>,
    /// The cores it was started on, if it was pinned.
    pub cores: Option<CpuSet>,
}
