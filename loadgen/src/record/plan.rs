//! How it was measured: every setting in effect, so that the run can be had
//! again without knowing this version's defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// What was done in place of HTTP requests: `websocket`; absent if nothing.
    /// What the record says of requests is then true of round trips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The pairs of WebSocket clients and their messages; absent if there were
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websocket: Option<WebSocketSettings>,
    /// Request method.
    pub method: String,
    /// HTTP version that is asked for: `1.0`, `1.1` or `2`.
    pub http_version: String,
    /// Headers sent besides those that the protocol needs, as `Name: value`,
    /// with credentials replaced by `***`.
    pub headers: Vec<String>,
    /// Length of the request's body in bytes.
    pub request_body_bytes: u64,
    /// Whether a connection serves more than one request. If not, each request
    /// opens its own.
    pub keep_alive: bool,
    /// Requests in flight at most: connections times pipeline depth.
    pub concurrency: u64,
    /// Connections open at a time at most.
    pub connections: u64,
    /// Requests in flight on one connection at most.
    pub pipeline: u64,
    /// Worker threads that make the load.
    pub threads: u64,
    /// What made and read HTTP: `fast`, `hyper`, `reqwest`, `reqwest-blocking`;
    /// or `websocket`.
    pub engine: String,
    /// What moved the bytes: `epoll` or `io-uring`; absent if the engine
    /// decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Stop after this many requests; absent if only time stops the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Stop after this many seconds; absent if only the count stops the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Seconds of load before the measured part; nothing of it is counted.
    pub warmup_s: f64,
    /// Requests per second offered, whatever the server answers (open loop).
    /// Absent: the next request starts when one ends (closed loop).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<f64>,
    /// Requests per second offered at the end of the run, if the rate changes
    /// evenly from `rate_per_second` to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_to_per_second: Option<f64>,
    /// How starts are spread in open loop: `constant` or `poisson`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrival: Option<String>,
    /// What decides the random numbers of `poisson`: the same seed gives the
    /// same starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Open loop: requests in flight at most. An arrival beyond waits, and its
    /// time counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<u64>,
    /// Open loop: whether a worker awaits the last moments before a start on
    /// its CPU instead of asleep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spin: Option<bool>,
    /// Limit for a whole request in seconds.
    pub timeout_s: f64,
    /// Limit for opening a connection, TLS included, in seconds.
    pub connect_timeout_s: f64,
    /// Statuses that count as success; a class is written `2xx`.
    pub expect_statuses: Vec<String>,
    /// What is asked of the answer's length: `first` (the same as the first
    /// answer's) or a number of bytes; absent if any length will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_length: Option<String>,
    /// Whether the answer's body is compared with an expected one.
    pub expect_body: bool,
    /// Local addresses that connections come from; empty if the kernel chooses.
    pub source_addresses: Vec<String>,
    /// Proxy that was asked, as `HOST:PORT`, with `***@` before it if it was
    /// told who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Where connections were led to, as `HOST:PORT:TO:PORT`, any part of which
    /// may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connect_to: Vec<String>,
    /// How connections are secured; absent without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSettings>,
    /// Size that was asked for of the sockets' send and receive buffers, in
    /// bytes (the kernel keeps twice as much); absent if the kernel decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_bytes: Option<u64>,
    /// Connections beside the load that took one answer each and then kept
    /// silent; absent if none were asked for. `background` says what became of
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_connections: Option<u64>,
    /// Connections beside the load that asked for answers and took them slowly;
    /// absent if none were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_readers: Option<u64>,
    /// What slow readers asked for; absent if it was what the load asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_path: Option<String>,
    /// CPUs that the workers were pinned to; empty if not pinned.
    pub cpu_list: Vec<usize>,
}

impl Plan {
    /// Settings that each machine of a run that several make has for itself.
    pub(crate) const MACHINES_OWN: [&'static str; 3] = ["threads", "cpu_list", "source_addresses"];

    /// The others.
    pub(crate) fn without_machines_own(self) -> Self {
        Self {
            threads: 0,
            cpu_list: Vec::new(),
            source_addresses: Vec::new(),
            ..self
        }
    }

    /// What was counted, in the singular: a request or a round trip.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        unit(self.websocket.is_some())
    }
}

/// What is counted, in the singular.
pub(crate) fn unit(is_round_trip: bool) -> &'static str {
    match is_round_trip {
        true => "round trip",
        false => "request",
    }
}

/// Clients that send a message to and fro by way of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebSocketSettings {
    /// Round trips under way at a time at most.
    pub pairs: u64,
    /// Whether the server answers its sender. If not, a pair is two clients, and
    /// the server passes the messages of each on to the other.
    pub echo: bool,
    /// How clients wait: `async` or `blocking`.
    pub client: String,
    /// Length of a message in bytes.
    pub message_bytes: u64,
    /// Whether messages are text; binary if not.
    pub text: bool,
    /// What tells messages apart: `websocket`, or `raw` if nothing does but their
    /// length.
    pub framing: String,
}

/// What is offered to the server in a TLS handshake, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsSettings {
    /// Whether the server's certificate is verified.
    pub verify: bool,
    /// Whether sessions are resumed, which spares both sides most of a
    /// handshake.
    pub resumption: bool,
    /// Whether a certificate is shown to a server that asks for one.
    pub client_certificate: bool,
    /// Cipher suites that are offered, the preferred first, by their IANA names.
    pub ciphers: Vec<String>,
}
