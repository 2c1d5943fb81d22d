//! The record of one run: what is written to disk, read again and compared.
//!
//! A record is frozen when the run ends and nothing is computed from it later
//! that it does not carry, so that a file alone can be believed or doubted. The
//! types are plain data with public fields. Their doc comments become the JSON
//! Schema (`results/schema/run.v1.json`): each says the unit and the source.
//!
//! Within `loadgen/run/v1` fields are only ever added; readers pass over fields
//! that they do not know. No key may be renamed or change its unit.

mod background;
mod bench;
pub(crate) mod build;
mod client;
mod environment;
mod gate;
mod histogram;
mod imported;
mod judge;
mod latency;
mod merged;
mod metrics;
mod network;
mod pack;
mod path;
mod percentile;
mod plan;
mod read;
mod reason;
mod requests;
mod schedule;
mod schema;
mod series;
mod server;
mod shard;
mod target;
mod timestamp;
mod tool;
mod unanswered;
mod validity;

#[cfg(test)]
pub(crate) mod sample;

pub use background::{Background, BackgroundMeasured, HeldConnections};
pub use bench::Bench;
pub(crate) use build::settings;
pub use build::{Context, Measured, ServerMeasured, build, build_part};
pub use client::Client;
pub use environment::{Environment, PortRange};
pub use gate::GateResult;
pub use histogram::{HistogramError, Histograms, decode_histogram, encode_histogram};
pub use imported::{Imported, LatencyFrom, LatencyOf, Percentile};
pub use judge::judge;
pub use latency::{Distribution, LatencyNs};
pub use merged::{Merged, MergedShard};
pub(crate) use merged::{made_by, shift_s};
pub use metrics::{LatencyMs, Metrics};
pub use network::Network;
pub use pack::pack;
pub use path::{Path, PathLatency};
pub(crate) use plan::unit;
pub use plan::{Plan, TlsSettings, WebSocketSettings};
pub use read::ReadError;
pub(crate) use reason::percent;
pub use reason::{Reason, Severity};
pub use requests::{Bytes, Connections, Failures, Requests};
pub use schedule::Schedule;
#[cfg(test)]
pub(crate) use schema::assert_kept;
pub use schema::schema;
pub(crate) use schema::{document, schema_of};
pub use series::Second;
pub use server::Server;
pub use shard::{ClockQuality, Part, Shard};
pub use target::{Target, Tls};
pub use timestamp::{directory_timestamp, timestamp};
pub(crate) use timestamp::{epoch_ms, utc};
pub use tool::Tool;
pub(crate) use unanswered::{behind, too_many_unanswered};
pub use validity::{Finding, Validity};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The identity of this version of the record, as its `schema` field says it.
pub const SCHEMA: &str = "loadgen/run/v1";

/// One run of the load generator against one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Always `loadgen/run/v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// A name of this run that no other run has.
    pub id: String,
    /// When the measured part of the run began: UTC, RFC 3339, milliseconds.
    /// The width is fixed, so that the order of the text is the order in time.
    pub started_at: String,
    /// What measured.
    pub tool: Tool,
    /// What was measured.
    pub target: Target,
    /// How it was measured: every setting in effect, defaults included.
    pub plan: Plan,
    /// The machine that the load came from.
    pub environment: Environment,
    /// The place of this run in a benchmark; absent outside of `loadgen bench`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bench: Option<Bench>,
    /// Length of the measured part, warm-up left out, in seconds of the
    /// monotonic clock.
    pub elapsed_s: f64,
    /// Every request, counted once.
    pub requests: Requests,
    /// Failed requests by cause: every cause is listed, and they add up to
    /// `requests.failed`.
    pub failures: Failures,
    /// Answers received whole, by HTTP status.
    pub statuses: BTreeMap<u16, u64>,
    /// What became of connections.
    pub connections: Connections,
    /// Bytes that went over the connections.
    pub bytes: Bytes,
    /// Requests that succeeded, per second of `elapsed_s`.
    pub rate_per_second: f64,
    /// How long requests took, in nanoseconds.
    pub latency_ns: LatencyNs,
    /// The whole distributions behind `latency_ns`: HdrHistogram V2 in base64,
    /// to be merged by this tool or others. Values are nanoseconds.
    pub histograms: Histograms,
    /// One row for each second of the run, the last one possibly shorter.
    pub series: Vec<Second>,
    /// By path, if requests were for several; absent if for one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<Path>,
    /// How the schedule was kept; absent in closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Connections beside the load; absent if none were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// What the load generator itself spent.
    pub client: Client,
    /// What the server spent; absent if its process was not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// What the kernel's TCP counted meanwhile; absent if it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Whether the run can be believed, and why not.
    pub validity: Validity,
    /// The limits that were set for the run, and whether it kept them; absent
    /// if there were none, or if the run was interrupted: part of a run says
    /// nothing about the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateResult>,
    /// The run was ended by a signal before its plan was done.
    pub interrupted: bool,
    /// A flat summary under the names that CI scripts already read from other
    /// tools.
    pub metrics: Metrics,
    /// What `loadgen import` made of another tool's file; absent if this tool
    /// measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// Which part of a run this is; absent if it is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What this record was put together of; absent if one process measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
}

impl Record {
    /// The JSON document: indented, ends in a newline.
    pub fn to_json(&self) -> String {
        document(self)
    }
}
