//! The messages of Locust's protocol, as bytes: each is a MessagePack array of three, its type, its
//! data and the worker that it is from or for (`locust/rpc/protocol.py`).
//!
//! A master's data is read for what a worker needs of it; what else is in it, a later Locust's
//! included, is passed over.

use std::time::Duration;

use rmpv::Value;

use super::options::Options;
use super::report::Report;
use super::users::Users;

/// Largest message that is read, in bytes: one has all options of a master, which take some
/// thousand.
pub const BYTES_MAX: usize = 1 << 22;

/// Longest that users may be given to end what they are about: a day.
const STOP_TIMEOUT_MAX_S: f64 = 86_400.0;

/// What a master says.
#[derive(Clone, Debug, PartialEq)]
pub enum FromMaster {
    /// It knows this worker now.
    Ack {
        /// The worker's place among all that the master has ever known, from 0; masters up to 2.10.2
        /// have none to give.
        index: Option<u64>,
    },
    /// How many users there are to be.
    Spawn(Box<Spawn>),
    /// All workers have their users.
    SpawningComplete,
    /// It has had a heartbeat.
    Heartbeat,
    /// The test is over.
    Stop,
    /// It wants no worker any more.
    Quit,
    /// It could not read a message: a new connection is wanted.
    Reconnect,
    /// What this worker does not know.
    Other(String),
}

/// How many users there are to be, and what they are to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Spawn {
    /// When it was said, in seconds since 1970 by the master's clock: later ones count.
    pub at_s: f64,
    /// The users that this worker is to have, those that it has included.
    pub users: Users,
    /// What to load, as the master's `--host` says it.
    pub host: Option<String>,
    /// How long users may take to end what they are about when they are stopped.
    pub stop_timeout: Duration,
    /// All options of the master, those of its locustfile included.
    pub options: Options,
}

/// What this worker says.
#[derive(Clone, Debug, PartialEq)]
pub enum ToMaster {
    /// It takes orders.
    ClientReady,
    /// It lives.
    Heartbeat {
        /// What it does.
        state: State,
        /// CPU time of the process in percent of what its threads can have.
        cpu_percent: f64,
        /// Its resident memory.
        memory_bytes: u64,
    },
    /// It has understood that there are to be users.
    Spawning,
    /// It has them.
    SpawningComplete(Users),
    /// What came of them since it last said so.
    Stats(Box<Report>),
    /// It has no users any more.
    ClientStopped,
    /// It cannot do what it was told; one line.
    Exception(String),
    /// It leaves.
    Quit,
}

/// What a worker does, as a master knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for a test.
    Ready,
    /// It has users.
    Running,
}

/// Why bytes are no message of a Locust master. One line that says what came instead.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct MessageError(String);

impl FromMaster {
    /// Reads one message.
    ///
    /// # Errors
    ///
    /// What came is none, or lacks what a message of its type has.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        if bytes.len() > BYTES_MAX {
            return Err(MessageError(format!(
                "a message of {} bytes, over {BYTES_MAX}",
                bytes.len()
            )));
        }
        let mut rest = bytes;
        let value = rmpv::decode::read_value(&mut rest)
            .map_err(|error| MessageError(format!("{}: {error}", quoted(bytes))))?;
        let parts = value.as_array().filter(|parts| parts.len() == 3);
        let kind = parts.and_then(|parts| parts[0].as_str());
        match (kind, parts) {
            (Some(kind), Some(parts)) if rest.is_empty() => Self::of(kind, &parts[1]),
            // One byte of letters is a whole number too.
            _ if !rest.is_empty() => Err(none(&quoted(bytes))),
            _ => Err(none(&abbreviated(&value.to_string()))),
        }
    }

    fn of(kind: &str, data: &Value) -> Result<Self, MessageError> {
        Ok(match kind {
            "ack" => Self::Ack {
                index: field(data, "index").and_then(Value::as_u64),
            },
            "spawn" => Self::Spawn(Box::new(Spawn::of(data)?)),
            "spawning_complete" => Self::SpawningComplete,
            "heartbeat" => Self::Heartbeat,
            "stop" => Self::Stop,
            "quit" => Self::Quit,
            "reconnect" => Self::Reconnect,
            other => Self::Other(abbreviated(other)),
        })
    }
}

impl Spawn {
    fn of(data: &Value) -> Result<Self, MessageError> {
        let at_s = wanted(data, "timestamp", Value::as_f64)?;
        let users = wanted(data, "user_classes_count", users)?;
        let stop_timeout_s = field(data, "stop_timeout").and_then(Value::as_f64);
        let stop_timeout_s = stop_timeout_s.unwrap_or_default();
        Ok(Self {
            at_s,
            users,
            host: field(data, "host")
                .and_then(Value::as_str)
                .map(str::to_owned),
            stop_timeout: match stop_timeout_s > 0.0 {
                true => Duration::from_secs_f64(stop_timeout_s.min(STOP_TIMEOUT_MAX_S)),
                false => Duration::ZERO,
            },
            options: Options::new(wanted(data, "parsed_options", pairs)?),
        })
    }
}

/// Field `name`, which a message to spawn users must have.
fn wanted<T>(
    data: &Value,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<T, MessageError> {
    field(data, name)
        .and_then(read)
        .ok_or_else(|| MessageError(format!("a spawn message without {name} that can be read")))
}

fn field<'a>(data: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = data.as_map()?;
    let found = fields.iter().find(|(key, _)| key.as_str() == Some(name));
    found.map(|(_, value)| value)
}

fn users(value: &Value) -> Option<Users> {
    let classes = value.as_map()?.iter();
    let classes = classes.map(|(class, count)| Some((class.as_str()?.to_owned(), count.as_u64()?)));
    classes.collect::<Option<_>>().map(Users::new)
}

fn pairs(value: &Value) -> Option<Vec<(String, Value)>> {
    let fields = value.as_map()?.iter();
    // What has no name in letters is none of our options.
    let named = fields.filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.clone())));
    Some(named.collect())
}

impl ToMaster {
    /// The message of worker `node_id`, as bytes.
    #[must_use]
    pub fn encode(&self, node_id: &str) -> Vec<u8> {
        let parts = vec![self.kind().into(), self.data(), node_id.into()];
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &Value::Array(parts))
            .expect("memory takes what is written");
        bytes
    }

    /// The name of its type.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ClientReady => "client_ready",
            Self::Heartbeat { .. } => "heartbeat",
            Self::Spawning => "spawning",
            Self::SpawningComplete(_) => "spawning_complete",
            Self::Stats(_) => "stats",
            Self::ClientStopped => "client_stopped",
            Self::Exception(_) => "exception",
            Self::Quit => "quit",
        }
    }

    fn data(&self) -> Value {
        match self {
            // Of no version: a master compares what it finds here with its own.
            Self::ClientReady => Value::from(-1),
            Self::Heartbeat {
                state,
                cpu_percent,
                memory_bytes,
            } => map([
                ("state", state.label().into()),
                ("current_cpu_usage", (*cpu_percent).into()),
                ("current_memory_usage", (*memory_bytes).into()),
            ]),
            Self::SpawningComplete(users) => map([
                ("user_classes_count", users.to_value()),
                ("user_count", users.count().into()),
            ]),
            Self::Stats(report) => report.to_value(),
            Self::Exception(line) => map([
                ("msg", line.as_str().into()),
                ("traceback", line.as_str().into()),
            ]),
            Self::Spawning | Self::ClientStopped | Self::Quit => Value::Nil,
        }
    }
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
        }
    }
}

/// A map with these keys.
pub(super) fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields = fields.into_iter();
    Value::Map(fields.map(|(key, value)| (key.into(), value)).collect())
}

fn none(what: &str) -> MessageError {
    MessageError(format!("{what} in place of [type, data, worker]"))
}

fn quoted(bytes: &[u8]) -> String {
    format!("'{}'", abbreviated(&String::from_utf8_lossy(bytes)))
}

/// As much of `text` as a line has room for.
fn abbreviated(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let plain = |char: char| if char.is_control() { ' ' } else { char };
    let mut short: String = text.chars().map(plain).take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests;
