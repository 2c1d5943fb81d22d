//! Go's benchmark text, as benchstat reads it: a line for each run.
//!
//! Source: golang.org/design/14313-benchmark-format, and the packages `benchfmt` and `benchunit` of
//! golang.org/x/perf for `Unit` lines. `ns/op` is what Go means by it: time gone by for each
//! operation that succeeded, not latency. The keys above the lines are those that make runs
//! incomparable, since benchstat puts what differs in them into tables of its own; what a run says
//! against itself is therefore part of its name where it cannot be believed, and else a comment.

use super::results::round;
use super::{Exported, Group, Results};
use crate::record::Record;

/// What benchstat cannot know of our units.
const UNITS: &str = "\
Unit req/s better=higher
Unit p50-latency-ns better=lower
Unit p99-latency-ns better=lower
Unit server-cpu-ns/op better=lower
Unit failed/op better=lower
Unit peak-RSS-bytes better=lower
";

pub(super) fn write(results: &Results) -> Exported {
    let mut text = UNITS.to_owned();
    let mut left_out = Vec::new();
    let mut above = String::new();
    for group in &results.groups {
        for record in &group.rounds {
            let Some(line) = line(group, record) else {
                left_out.push(format!(
                    "{}: run {}, in which nothing succeeded",
                    group.name(),
                    record.id
                ));
                continue;
            };
            let keys = keys(group, record);
            if keys != above {
                text.push_str(&keys);
                above = keys;
            }
            text.push_str(&comments(group, record));
            text.push_str(&line);
        }
    }
    Exported::one(text, left_out)
}

/// The keys that hold for the lines below.
fn keys(group: &Group, record: &Record) -> String {
    let environment = &record.environment;
    let (os, architecture) = environment.os.split_once(' ').unwrap_or(("", ""));
    // benchstat takes a key without a value for none.
    let is_told = record.tells("environment.kernel");
    let kernel = Some(&environment.kernel).filter(|_| is_told);
    let mut keys = format!(
        "goos: {}\ngoarch: {}\ncpu: {}\nkernel: {}\n",
        one_line(os),
        one_line(go_architecture(architecture)),
        one_line(environment.cpu_model.as_deref().unwrap_or_default()),
        one_line(kernel.map_or("", String::as_str)),
    );
    if let Some(result) = &group.result {
        keys.push_str(&format!("result: {}\n", one_line(result)));
    }
    keys
}

/// What the run says of itself. A line that begins with `#` is passed over.
fn comments(group: &Group, record: &Record) -> String {
    let round = round(record);
    let comment = |code: &str, message: &str| {
        let name = one_line(&group.name());
        format!("# {name}, round {round}: {code}: {}\n", one_line(message))
    };
    let findings = record.validity.reasons.iter();
    findings.map(|it| comment(&it.code, &it.message)).collect()
}

/// `BenchmarkLoad/scenario=…/server=…/connections=… N value unit …`; none without a success.
fn line(group: &Group, record: &Record) -> Option<String> {
    let succeeded = record.requests.succeeded;
    if succeeded == 0 || record.rate_per_second <= 0.0 {
        return None;
    }
    let mut line = format!(
        "BenchmarkLoad/scenario={}/server={}/connections={}",
        name(&group.scenario),
        name(&group.server),
        record.told("plan.connections", record.plan.connections)
    );
    if !record.validity.valid {
        line.push_str("/validity=invalid");
    }
    let ns_per_request = 1e9 / record.rate_per_second;
    line.push_str(&format!(
        " {succeeded} {ns_per_request} ns/op {} req/s",
        record.rate_per_second
    ));
    let latency_ns = |percentile| {
        let corrected = record.corrected_percentile_ns(percentile);
        let ns = corrected.or_else(|| record.percentile_ns(percentile))?;
        Some(ns as f64)
    };
    let server = record.server.as_ref();
    let values = [
        (latency_ns(50.0), "p50-latency-ns"),
        (latency_ns(99.0), "p99-latency-ns"),
        (
            server.and_then(|it| Some(it.cpu_us_per_request? * 1000.0)),
            "server-cpu-ns/op",
        ),
        (record.requests.failed_share(), "failed/op"),
        (
            server.and_then(|it| Some(it.rss_bytes_peak? as f64)),
            "peak-RSS-bytes",
        ),
    ];
    for (value, unit) in values {
        if let Some(value) = value {
            line.push_str(&format!(" {value} {unit}"));
        }
    }
    line.push('\n');
    Some(line)
}

/// Part of a benchmark's name: what would end the part or the name is written as in a URL, so that
/// two names never become one.
fn name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for character in text.chars() {
        let is_plain = !character.is_whitespace() && !character.is_control();
        if is_plain && !"/%=".contains(character) {
            name.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                name.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    name
}

/// Go's name for an architecture that Rust calls otherwise.
fn go_architecture(architecture: &str) -> &str {
    match architecture {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

fn one_line(text: &str) -> String {
    text.replace(|character: char| character.is_control(), " ")
}
