//! The record of a push run: `loadgen/push/v1`.
//!
//! As in the record of other runs, keys are only added within v1, a key's last word is its unit, and
//! the comments here are the schema's.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ending::Ending;
use super::plan::{Client, Work};
use crate::record::{Environment, Tool, Validity, document, schema_of};
use crate::statistics::median_of_sorted;

/// The identity of this version of the document, as its `schema` field says it.
pub const SCHEMA: &str = "loadgen/push/v1";

/// Clients that take what a server pushes, over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Always `loadgen/push/v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// When the clients were connected: UTC, RFC 3339, milliseconds.
    pub started_at: String,
    /// What measured; as `tool` in `run.v1.json`.
    #[schemars(schema_with = "as_in_a_run")]
    pub tool: Tool,
    /// What was measured.
    pub target: Target,
    /// How it was measured: every setting in effect, defaults included.
    pub plan: Settings,
    /// The machine that the clients ran on; as `environment` in `run.v1.json`.
    #[schemars(schema_with = "as_in_a_run")]
    pub environment: Environment,
    /// From the start to the end, in seconds of the monotonic clock.
    pub elapsed_s: f64,
    /// Messages of all clients: `received` = `processed` + `queued`.
    pub messages: Messages,
    /// Messages that were read, per second of `elapsed_s`.
    pub received_per_second: f64,
    /// Messages that were worked on, per second of `elapsed_s`.
    pub processed_per_second: f64,
    /// How long the work on a message took in truth; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_us: Option<WorkTime>,
    /// The rows in short.
    pub course: Course,
    /// How much the client's memory grew from the first row to the last, or,
    /// where a queue took all the memory that it might, to the first with the
    /// largest `rss_bytes`; in bytes for each second between them. Absent where
    /// that is one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_growth_bytes_per_second: Option<f64>,
    /// Each client.
    pub clients: Vec<ClientEnd>,
    /// CPU seconds of the load generator's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<f64>,
    /// The server's process; absent if it was not given or has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// One for each 100 ms, and one at the end.
    pub rows: Vec<Row>,
    /// Rows that were taken over 100 ms late; those that were due meanwhile
    /// are missing.
    pub late_rows: u64,
    /// Whether the numbers can be believed; as `validity` in `run.v1.json`.
    #[schemars(schema_with = "as_in_a_run")]
    pub validity: Validity,
    /// A signal ended the run before its time.
    pub interrupted: bool,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// As it was given.
    pub name: String,
    /// The address and port of the first client's server; where no client came
    /// to one, the first that the name has.
    pub address: String,
}

/// Every setting in effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// `blocking`: a thread reads a message, works on it, reads the next.
    /// `async`: a loop reads all connections into queues, which workers empty.
    pub client: Client,
    /// Connections, each with a worker of its own.
    pub clients: u64,
    /// `wait`: the work is to wait. `cpu`: it takes the CPU as long.
    pub work: Work,
    /// How long the work on a message is to take, in microseconds.
    pub delay_us: f64,
    /// Most messages that a client's queue holds; null if it has no bound, or
    /// if there is no queue.
    pub queue_messages: Option<u64>,
    /// Most bytes that all queues together hold; a client that comes to its
    /// share of it stops reading for good.
    pub queue_memory_bytes: u64,
    /// `SO_RCVBUF` as it was asked for; null if it was the system's choice.
    pub receive_buffer_bytes: Option<u64>,
    /// Planned length of the run.
    pub duration_s: f64,
    /// Longest time without a byte while one is waited for.
    pub timeout_s: f64,
    /// Longest time for a connection to come about.
    pub connect_timeout_s: f64,
}

/// Messages of one client or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// Read from the connection.
    pub received: u64,
    /// Worked on, to the end.
    pub processed: u64,
    /// Held by the client at the end: read, and not done.
    pub queued: u64,
    /// Places where a number was higher than the next should be.
    pub gaps: u64,
    /// Messages that are missing there.
    pub missing: u64,
    /// Messages whose number had come before.
    pub repeated: u64,
    /// Messages that were none: each ends its client's stream.
    pub malformed: u64,
}

/// Times of the work on a message, in the unit of the key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkTime {
    /// As it was asked for.
    pub asked: f64,
    /// Mean of what it took.
    pub mean: f64,
    /// Longest that one took.
    pub max: f64,
}

/// The rows in short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Course {
    /// Of `send_queue_bytes`.
    pub send_queue_bytes: Option<Range>,
    /// Of `receive_queue_bytes`.
    pub receive_queue_bytes: Option<Range>,
    /// Of `queue_messages`.
    pub queue_messages: Option<Range>,
    /// Of `rss_bytes`.
    pub rss_bytes: Option<Range>,
    /// Of `server_rss_bytes`.
    pub server_rss_bytes: Option<Range>,
    /// Of `age_ms`.
    pub age_ms: Option<Range>,
}

/// A quantity over the rows in which it is known, in the unit of the key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// In the first row.
    pub first: f64,
    /// In the middle one, by size.
    pub median: f64,
    /// The most.
    pub max: f64,
    /// In the last row.
    pub last: f64,
}

/// What became of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientEnd {
    /// How its stream ended: `done` if it went on until the end of the run.
    pub ending: Ending,
    /// Its messages.
    pub messages: Messages,
}

/// The server's process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// CPU seconds that it took meanwhile, user and system.
    pub cpu_s: f64,
    /// Most memory that it held meanwhile, in bytes; in its whole life where
    /// the count could not be set back.
    pub rss_bytes_peak: Option<u64>,
}

/// What had happened since the row before, and what waited where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// When it was taken, in milliseconds since the start.
    pub at_ms: f64,
    /// Messages read since the row before.
    pub received: u64,
    /// Messages worked on since then.
    pub processed: u64,
    /// `received` per second.
    pub received_per_second: f64,
    /// `processed` per second.
    pub processed_per_second: f64,
    /// Gaps and repeated numbers since then.
    pub errors: u64,
    /// In the server's sockets: written, and not acknowledged (Send-Q). Sum
    /// over the clients; null if the server's sockets are not on this machine.
    pub send_queue_bytes: Option<u64>,
    /// The longest of them.
    pub longest_send_queue_bytes: Option<u64>,
    /// In the clients' sockets: came, and was not read (Recv-Q). Sum.
    pub receive_queue_bytes: Option<u64>,
    /// Messages that the clients had read and not done. Sum.
    pub queue_messages: u64,
    /// Most that one client had.
    pub longest_queue_messages: u64,
    /// `queue_messages` in bytes.
    pub queue_bytes: u64,
    /// Resident memory of the load generator (`/proc/self/status`, VmRSS).
    pub rss_bytes: Option<u64>,
    /// Resident memory of the server; null if its process is not known.
    pub server_rss_bytes: Option<u64>,
    /// How old the message was whose work began last, when it began: since the
    /// server made it, by the clock of the wall. Of several clients the
    /// oldest; null before the first.
    pub age_ms: Option<f64>,
}

impl Record {
    /// Messages with a wrong number, and those that were none.
    #[must_use]
    pub fn errors(&self) -> u64 {
        let messages = &self.messages;
        messages.gaps + messages.repeated + messages.malformed
    }

    /// The JSON document: indented, ends in a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        document(self)
    }
}

impl Messages {
    /// Of several clients together.
    #[must_use]
    pub fn sum(of: impl Iterator<Item = Self>) -> Self {
        of.fold(Self::default(), |sum, one| Self {
            received: sum.received + one.received,
            processed: sum.processed + one.processed,
            queued: sum.queued + one.queued,
            gaps: sum.gaps + one.gaps,
            missing: sum.missing.saturating_add(one.missing),
            repeated: sum.repeated + one.repeated,
            malformed: sum.malformed + one.malformed,
        })
    }
}

impl Course {
    pub(super) fn of(rows: &[Row]) -> Self {
        let range = |value: fn(&Row) -> Option<f64>| Range::of(rows.iter().filter_map(value));
        Self {
            send_queue_bytes: range(|row| Some(row.send_queue_bytes? as f64)),
            receive_queue_bytes: range(|row| Some(row.receive_queue_bytes? as f64)),
            queue_messages: range(|row| Some(row.queue_messages as f64)),
            rss_bytes: range(|row| Some(row.rss_bytes? as f64)),
            server_rss_bytes: range(|row| Some(row.server_rss_bytes? as f64)),
            age_ms: range(|row| row.age_ms),
        }
    }
}

impl Range {
    /// `None` if there are no values.
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            first: *values.first()?,
            median: median_of_sorted(&sorted)?,
            max: *sorted.last()?,
            last: *values.last()?,
        })
    }
}

/// What the schema of a run's record says in detail, and would have to say again here.
fn as_in_a_run(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

/// The JSON Schema (draft 2020-12) of `loadgen/push/v1`, as `results/schema/push.v1.json` keeps it.
#[must_use]
pub fn schema() -> Value {
    schema_of::<Record>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::assert_kept;

    #[test]
    fn the_schema_that_is_kept_is_the_schema_of_the_types() {
        assert_kept("push", &schema());
    }

    #[test]
    fn a_range_says_where_it_began_and_ended() {
        let range = Range::of([3.0, 9.0, 1.0].into_iter()).unwrap();
        assert_eq!((range.first, range.last), (3.0, 1.0));
        assert_eq!((range.median, range.max), (3.0, 9.0));
        assert_eq!(Range::of([].into_iter()), None);
    }
}
