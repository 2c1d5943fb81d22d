//! What a worker tells its master of a while: Locust's own numbers, and beside them our record.
//!
//! The names are those of `StatsEntry` and `StatsError` in `locust/stats.py`. A master adds reports up
//! and never rounds the response times in them, so three digits stay three digits; an extra key
//! reaches the listeners of `worker_report` as it is.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use rmpv::Value;

use super::message::map;
use super::users::Users;
use crate::hexadecimal::hexadecimal;
use crate::outcome::Cause;
use crate::recorder::Recorder;

/// The key under which our record travels.
pub const RECORD_KEY: &str = "loadgen";

/// What has happened since the report before.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was asked for; none if nothing was, as long as there is no test.
    entry: Option<Entry>,
    /// When the time that it tells of began, in seconds since 1970.
    start_s: f64,
    failures: Vec<Failure>,
    /// Users at its end.
    pub users: Users,
    /// Our record of the same requests, as JSON on one line.
    pub record: Option<String>,
}

/// The requests of one method and path.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    method: String,
    name: String,
    last_s: f64,
    requests: u64,
    failures: u64,
    sum_ms: f64,
    max_ms: f64,
    min_ms: Option<f64>,
    body_bytes: u64,
    /// By response time in nanoseconds, of three digits.
    times: BTreeMap<u64, u64>,
    requests_per_second: BTreeMap<u64, u64>,
    failures_per_second: BTreeMap<u64, u64>,
}

/// Requests that failed for one cause.
#[derive(Clone, Debug, PartialEq)]
struct Failure {
    method: String,
    name: String,
    error: String,
    count: u64,
    first_s: f64,
    last_s: f64,
}

/// What the requests of a test are, as Locust names them.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Such as GET.
    pub method: &'a str,
    /// The path.
    pub name: &'a str,
}

/// The time that a report tells of.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// When the test began: what `seconds` of a recorder count from.
    pub began_at: SystemTime,
    /// Beginning, by the same clock.
    pub from: Duration,
    /// End.
    pub to: Duration,
}

impl Window {
    fn second_s(&self, of_test: Duration) -> f64 {
        seconds(self.began_at) + of_test.as_secs_f64()
    }
}

impl Report {
    /// Nothing, since `since`.
    #[must_use]
    pub fn nothing(users: Users, since: SystemTime) -> Self {
        Self {
            entry: None,
            start_s: seconds(since),
            failures: Vec::new(),
            users,
            record: None,
        }
    }

    /// Of what ended within `window`.
    #[must_use]
    pub fn of(recorder: &Recorder, asked: Asked<'_>, window: &Window, users: Users) -> Self {
        let (start_s, last_s) = (window.second_s(window.from), window.second_s(window.to));
        let failures = recorder.failures.iter().filter(|(_, count)| *count > 0);
        let failures = failures.map(|(cause, count)| Failure {
            method: asked.method.to_owned(),
            name: asked.name.to_owned(),
            error: error(cause),
            count,
            first_s: start_s,
            last_s,
        });
        Self {
            entry: (recorder.requests.ended() > 0).then(|| Entry::of(recorder, asked, window)),
            start_s,
            failures: failures.collect(),
            users,
            record: None,
        }
    }

    /// From now on only our record tells of the requests.
    pub fn forget_locusts_numbers(&mut self) {
        self.entry = None;
        self.failures.clear();
    }

    /// Requests that it tells of in Locust's numbers.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.entry.as_ref().map_or(0, |entry| entry.requests)
    }

    /// As a message has it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let entries = self.entry.iter();
        let entries = entries.map(|entry| entry.to_value(&entry.name, &entry.method, self.start_s));
        let total = self.entry.as_ref().map_or_else(
            || nothing(self.start_s),
            |entry| entry.to_value("Aggregated", "", self.start_s),
        );
        let failures = self.failures.iter();
        let failures = failures.map(|failure| (failure.key().into(), failure.to_value()));
        let fields = map([
            ("stats", Value::Array(entries.collect())),
            ("stats_total", total),
            ("errors", Value::Map(failures.collect())),
            ("user_classes_count", self.users.to_value()),
            ("user_count", self.users.count().into()),
        ]);
        match (fields, &self.record) {
            (Value::Map(mut fields), Some(record)) => {
                fields.push((RECORD_KEY.into(), record.as_str().into()));
                Value::Map(fields)
            }
            (fields, _) => fields,
        }
    }
}

impl Entry {
    fn of(recorder: &Recorder, asked: Asked<'_>, window: &Window) -> Self {
        // To Locust a request that failed has a response time too.
        let all = [&recorder.total.0, &recorder.failed.0];
        let filled = || all.iter().filter(|times| !times.is_empty());
        let mut times = BTreeMap::new();
        for value in filled().flat_map(|times| times.iter_recorded()) {
            let key = three_digits(value.value_iterated_to());
            *times.entry(key).or_default() += value.count_since_last_iteration();
        }
        let tallies = recorder.seconds.tallies();
        let by_second = |count: fn(u64, u64) -> u64| {
            let mut seconds = BTreeMap::new();
            for (second, tally) in &tallies {
                let count = count(tally.succeeded, tally.failed);
                if count > 0 {
                    let second = window.second_s(Duration::from_secs(*second)) as u64;
                    *seconds.entry(second).or_default() += count;
                }
            }
            seconds
        };
        Self {
            method: asked.method.to_owned(),
            name: asked.name.to_owned(),
            last_s: window.second_s(window.to),
            requests: recorder.requests.ended(),
            failures: recorder.requests.failed,
            sum_ms: filled()
                .map(|times| times.mean() * times.len() as f64 / 1e6)
                .sum(),
            max_ms: ms(filled().map(|times| times.max()).max().unwrap_or_default()),
            min_ms: filled().map(|times| times.min()).min().map(ms),
            body_bytes: recorder.bytes.received_body,
            times,
            requests_per_second: by_second(|succeeded, failed| succeeded + failed),
            failures_per_second: by_second(|_, failed| failed),
        }
    }

    fn to_value(&self, name: &str, method: &str, start_s: f64) -> Value {
        let times = self.times.iter();
        let times = times.map(|(ns, count)| (time_key(*ns), (*count).into()));
        map([
            ("name", name.into()),
            ("method", method.into()),
            ("start_time", start_s.into()),
            ("last_request_timestamp", self.last_s.into()),
            ("num_requests", self.requests.into()),
            ("num_none_requests", 0.into()),
            ("num_failures", self.failures.into()),
            ("total_response_time", self.sum_ms.into()),
            ("max_response_time", self.max_ms.into()),
            (
                "min_response_time",
                self.min_ms.map_or(Value::Nil, Value::from),
            ),
            ("total_content_length", self.body_bytes.into()),
            ("response_times", Value::Map(times.collect())),
            ("num_reqs_per_sec", counts(&self.requests_per_second)),
            ("num_fail_per_sec", counts(&self.failures_per_second)),
        ])
    }
}

impl Failure {
    /// What a master adds occurrences up by: the same for all workers.
    fn key(&self) -> String {
        let key = format!("{}.{}.'{}'", self.method, self.name, self.error);
        hexadecimal(digest(&SHA256, key.as_bytes()).as_ref())
    }

    fn to_value(&self) -> Value {
        map([
            ("method", self.method.as_str().into()),
            ("name", self.name.as_str().into()),
            ("error", self.error.as_str().into()),
            ("occurrences", self.count.into()),
            ("first_seen", self.first_s.into()),
            ("last_seen", self.last_s.into()),
        ])
    }
}

fn error(cause: Cause) -> String {
    format!("{}: {}", cause.label(), cause.description())
}

/// The sum of no requests.
fn nothing(start_s: f64) -> Value {
    map([
        ("name", "Aggregated".into()),
        ("method", "".into()),
        ("start_time", start_s.into()),
        ("last_request_timestamp", Value::Nil),
        ("num_requests", 0.into()),
        ("num_none_requests", 0.into()),
        ("num_failures", 0.into()),
        ("total_response_time", 0.into()),
        ("max_response_time", 0.into()),
        ("min_response_time", Value::Nil),
        ("total_content_length", 0.into()),
        ("response_times", Value::Map(Vec::new())),
        ("num_reqs_per_sec", Value::Map(Vec::new())),
        ("num_fail_per_sec", Value::Map(Vec::new())),
    ])
}

fn counts(by_second: &BTreeMap<u64, u64>) -> Value {
    let pairs = by_second.iter();
    Value::Map(
        pairs
            .map(|(second, count)| ((*second).into(), (*count).into()))
            .collect(),
    )
}

/// A time with three significant digits, the nearest.
fn three_digits(ns: u64) -> u64 {
    let digits = ns.checked_ilog10().map_or(1, |log| log + 1);
    let unit = 10_u64.pow(digits.saturating_sub(3));
    (ns + unit / 2) / unit * unit
}

/// Milliseconds as a master shows them: whole ones as whole numbers.
fn time_key(ns: u64) -> Value {
    match ns % 1_000_000 {
        0 => (ns / 1_000_000).into(),
        _ => ms(ns).into(),
    }
}

fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

#[cfg(test)]
mod tests;
