//! Counts: requests by outcome, failures by cause, connections and bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{AddAssign, Index, IndexMut};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::outcome::Cause;

/// Every request of the run, counted once:
/// `issued = succeeded + failed + cancelled`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requests {
    /// Requests begun, which means that a connection was asked for or bytes were
    /// written, or under way when the measured part of the run began.
    pub issued: u64,
    /// Requests whose whole answer arrived and was as expected.
    pub succeeded: u64,
    /// Requests that failed; `failures` says why.
    pub failed: u64,
    /// Requests under way when the run ended.
    pub cancelled: u64,
}

impl Requests {
    /// Requests that succeeded or failed.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.succeeded + self.failed
    }

    /// Failures as a share of the requests that ended, 0 to 1; `None` if none ended. Those without
    /// an end are left out: in an open loop they may be many, and were perhaps never sent.
    #[must_use]
    pub fn failed_share(&self) -> Option<f64> {
        let ended = self.ended();
        (ended > 0).then(|| self.failed as f64 / ended as f64)
    }
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        self.issued += other.issued;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
    }
}

/// What became of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// Connections opened.
    pub opened: u64,
    /// Requests sent on a connection that had served one before.
    pub reused: u64,
    /// Connections that the server closed; reqwest does not tell.
    pub closed_by_peer: u64,
    /// TLS handshakes that resumed a session.
    #[serde(default)]
    pub resumed: u64,
}

impl AddAssign for Connections {
    fn add_assign(&mut self, other: Self) {
        self.opened += other.opened;
        self.reused += other.reused;
        self.closed_by_peer += other.closed_by_peer;
        self.resumed += other.resumed;
    }
}

/// Bytes that went over the connections, without TLS, TCP and IP around them.
/// reqwest shows only bodies; with its engines heads count as they would be
/// written in HTTP/1.1, and the framing of chunks does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bytes {
    /// Bytes written.
    pub sent: u64,
    /// Bytes read, heads and bodies.
    pub received: u64,
    /// Bytes of bodies read, without chunk framing.
    pub received_body: u64,
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.received_body += other.received_body;
    }
}

/// Number of failed requests for each cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures([u64; Cause::ALL.len()]);

impl Failures {
    /// Failures of every cause.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Every cause and its count, in the order of [`Cause::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Cause, u64)> {
        Cause::ALL.into_iter().zip(self.0)
    }
}

impl AddAssign for Failures {
    fn add_assign(&mut self, other: Self) {
        for (cause, count) in other.iter() {
            self[cause] += count;
        }
    }
}

impl Index<Cause> for Failures {
    type Output = u64;

    fn index(&self, cause: Cause) -> &u64 {
        &self.0[cause.index()]
    }
}

impl IndexMut<Cause> for Failures {
    fn index_mut(&mut self, cause: Cause) -> &mut u64 {
        &mut self.0[cause.index()]
    }
}

impl Serialize for Failures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(cause, count)| (cause.label(), count)))
    }
}

impl<'de> Deserialize<'de> for Failures {
    /// A cause that a later version has added counts as `other`, so that the
    /// sum stays right.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counts = BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut failures = Self::default();
        for (label, count) in counts {
            failures[Cause::from_label(&label).unwrap_or(Cause::Other)] += count;
        }
        Ok(failures)
    }
}

impl JsonSchema for Failures {
    fn schema_name() -> Cow<'static, str> {
        "Failures".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: serde_json::Map<_, _> = Cause::ALL
            .into_iter()
            .map(|cause| {
                let count = json_schema!({
                    "description": cause.description(), "type": "integer", "minimum": 0
                });
                (cause.label().to_owned(), count.to_value())
            })
            .collect();
        let required: Vec<_> = Cause::ALL.iter().map(|cause| cause.label()).collect();
        json_schema!({
            "description": "Number of failed requests for each cause.",
            "type": "object",
            "properties": properties,
            "required": required
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_written_whether_it_happened_or_not() {
        let mut failures = Failures::default();
        failures[Cause::ReadReset] = 17;
        let json = serde_json::to_value(failures).unwrap();
        assert_eq!(json.as_object().unwrap().len(), Cause::ALL.len());
        assert_eq!(json["read_reset"], 17);
        assert_eq!(json["dns"], 0);
        assert_eq!(failures.total(), 17);
        assert_eq!(serde_json::from_value::<Failures>(json).unwrap(), failures);
    }

    #[test]
    fn a_cause_of_a_later_version_counts_as_other() {
        let failures: Failures = serde_json::from_str(r#"{"dns": 2, "gremlins": 3}"#).unwrap();
        assert_eq!((failures[Cause::Dns], failures[Cause::Other]), (2, 3));
    }
}
