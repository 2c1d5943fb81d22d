//! OpenMetrics 1.0 text: a family for each quantity, a sample for each run, at the time of its
//! start. Units are those that Prometheus wants: seconds, bytes, shares.
//!
//! Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>. Each sample says whether its run
//! can be believed (`valid`), so that no query takes a number for more than it is.

use std::fmt::Write as _;

use super::results::round;
use super::{Exported, Group, Results};
use crate::record::{Distribution, LatencyFrom, Record, Severity, epoch_ms};

/// Labels and their values.
type Labels = Vec<(&'static str, String)>;

/// A sample: what is added to the family's name, labels beside the run's, the value.
type Sample = (&'static str, Labels, f64);

/// A quantity of a run.
struct Family {
    name: &'static str,
    kind: &'static str,
    /// The name's last words; empty if the values have no unit.
    unit: &'static str,
    help: &'static str,
    samples: fn(&Record) -> Vec<Sample>,
}

const FAMILIES: [Family; 11] = [
    Family {
        name: "loadgen_run",
        kind: "info",
        unit: "",
        help: "What was run, with what and where.",
        samples: |record| vec![("_info", about(record), 1.0)],
    },
    Family {
        name: "loadgen_run_finding",
        kind: "gauge",
        unit: "",
        help: "What a reader of the run's numbers has to know.",
        samples: findings,
    },
    Family {
        name: "loadgen_run_elapsed_seconds",
        kind: "gauge",
        unit: "seconds",
        help: "Length of the measured part.",
        samples: |record| plain(Some(record.elapsed_s)),
    },
    Family {
        name: "loadgen_requests",
        kind: "counter",
        unit: "",
        help: "Requests of the run by outcome.",
        samples: outcomes,
    },
    Family {
        name: "loadgen_failures",
        kind: "counter",
        unit: "",
        help: "Failed requests of the run by cause.",
        samples: failures,
    },
    Family {
        name: "loadgen_rate_requests_per_second",
        kind: "gauge",
        unit: "requests_per_second",
        help: "Requests that succeeded per second; of a run that is limited, the load generator's rate.",
        samples: |record| {
            let limited = record.validity.limits_rate().to_string();
            vec![("", vec![("limited", limited)], record.rate_per_second)]
        },
    },
    Family {
        name: "loadgen_latency_seconds",
        kind: "summary",
        unit: "seconds",
        help: "How long requests took, by phase; corrected is from the intended start.",
        samples: latencies,
    },
    Family {
        name: "loadgen_server_cpu_seconds",
        kind: "counter",
        unit: "seconds",
        help: "CPU time of the server's process.",
        samples: |record| {
            let cpu_s = record.server.as_ref().map(|server| server.cpu_s);
            cpu_s
                .map(|it| ("_total", Vec::new(), it))
                .into_iter()
                .collect()
        },
    },
    Family {
        name: "loadgen_server_cpu_per_request_seconds",
        kind: "gauge",
        unit: "seconds",
        help: "CPU time of the server's process for each request that ended.",
        samples: |record| {
            let server = record.server.as_ref();
            plain(server.and_then(|it| Some(it.cpu_us_per_request? / 1e6)))
        },
    },
    Family {
        name: "loadgen_server_memory_peak_bytes",
        kind: "gauge",
        unit: "bytes",
        help: "Most memory that the server's process held.",
        samples: |record| {
            let server = record.server.as_ref();
            plain(server.and_then(|it| Some(it.rss_bytes_peak? as f64)))
        },
    },
    Family {
        name: "loadgen_failed_share_ratio",
        kind: "gauge",
        unit: "ratio",
        help: "Failed requests as a share of those that ended.",
        samples: |record| plain(record.requests.failed_share()),
    },
];

pub(super) fn write(results: &Results) -> Exported {
    let mut text = String::new();
    for family in &FAMILIES {
        let Family {
            name,
            kind,
            unit,
            help,
            ..
        } = family;
        let _ = writeln!(text, "# TYPE {name} {kind}");
        if !unit.is_empty() {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        let _ = writeln!(text, "# HELP {name} {help}");
        for group in &results.groups {
            for record in &group.rounds {
                text.push_str(&samples(family, group, record));
            }
        }
    }
    text.push_str("# EOF\n");
    Exported::one(text, Vec::new())
}

fn samples(family: &Family, group: &Group, record: &Record) -> String {
    let mut text = String::new();
    // Without a time the sample is of when it is read.
    let started_ms = epoch_ms(&record.started_at).filter(|_| record.tells("started_at"));
    let at = started_ms.map_or_else(String::new, |ms| format!(" {:.3}", ms as f64 / 1e3));
    for (suffix, labels, value) in (family.samples)(record) {
        let labels = of_run(group, record).into_iter().chain(labels);
        let labels: Vec<String> = labels
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(&value)))
            .collect();
        let name = family.name;
        let _ = writeln!(text, "{name}{suffix}{{{}}} {value}{at}", labels.join(","));
    }
    text
}

/// What tells a run from the others.
fn of_run(group: &Group, record: &Record) -> Labels {
    let mut labels = vec![
        ("scenario", group.scenario.clone()),
        ("server", group.server.clone()),
        ("round", round(record).to_string()),
        ("run", record.id.clone()),
        ("valid", record.validity.valid.to_string()),
    ];
    if let Some(result) = &group.result {
        labels.insert(0, ("result", result.clone()));
    }
    labels
}

/// Without what only fills the place in the record of another tool's run.
fn about(record: &Record) -> Labels {
    let (plan, environment) = (&record.plan, &record.environment);
    let known = |it: &Option<String>| it.clone().unwrap_or_default();
    let all = [
        ("url", "target.url", record.target.url.clone()),
        (
            "connections",
            "plan.connections",
            plan.connections.to_string(),
        ),
        ("keep_alive", "plan.keep_alive", plan.keep_alive.to_string()),
        ("tool", "tool.name", record.tool.name.clone()),
        ("version", "tool.version", record.tool.version.clone()),
        ("commit", "tool.git", known(&record.tool.git)),
        ("kernel", "environment.kernel", environment.kernel.clone()),
        (
            "cpu_model",
            "environment.cpu_model",
            known(&environment.cpu_model),
        ),
    ];
    let told = all.into_iter().filter(|(_, field, _)| record.tells(field));
    told.map(|(name, _, value)| (name, value)).collect()
}

fn findings(record: &Record) -> Vec<Sample> {
    let severity = |severity| match severity {
        Severity::Invalid => "invalid",
        Severity::LimitsRate => "limits_rate",
        Severity::Note => "note",
    };
    let findings = record.validity.reasons.iter();
    let labels = findings.map(|it| {
        let severity = severity(it.severity).to_owned();
        vec![("code", it.code.clone()), ("severity", severity)]
    });
    // The same twice would be two values of one sample.
    let mut known: Vec<Labels> = Vec::new();
    for labels in labels {
        if !known.contains(&labels) {
            known.push(labels);
        }
    }
    known.into_iter().map(|labels| ("", labels, 1.0)).collect()
}

fn outcomes(record: &Record) -> Vec<Sample> {
    let requests = &record.requests;
    let outcome =
        |name: &str, count: u64| ("_total", vec![("outcome", name.to_owned())], count as f64);
    vec![
        outcome("succeeded", requests.succeeded),
        outcome("failed", requests.failed),
        outcome("cancelled", requests.cancelled),
    ]
}

fn failures(record: &Record) -> Vec<Sample> {
    let counted = record.failures.iter().filter(|(_, count)| *count > 0);
    let sample = |cause: &str, count| ("_total", vec![("cause", cause.to_owned())], count);
    counted
        .map(|(cause, count)| sample(cause.label(), count as f64))
        .collect()
}

fn latencies(record: &Record) -> Vec<Sample> {
    let latency = &record.latency_ns;
    let phases = [
        ("total", latency.total),
        ("corrected", latency.corrected),
        ("connect", latency.connect),
        ("tls", latency.tls),
        ("first_byte", latency.first_byte),
        ("failed", latency.failed),
    ];
    let known = phases
        .into_iter()
        .filter_map(|(phase, it)| Some((phase, it?)));
    let measured = known.flat_map(|(phase, it)| summary(phase, &it));
    measured.chain(imported_latency(record)).collect()
}

/// What another tool told: of how many requests is not among it.
fn imported_latency(record: &Record) -> Vec<Sample> {
    let Some(imported) = &record.imported else {
        return Vec::new();
    };
    let phase = match imported.latency_from {
        LatencyFrom::IntendedStart => "corrected",
        LatencyFrom::Start | LatencyFrom::Send => "total",
    };
    let known = Distribution::PERCENTILES
        .into_iter()
        .filter_map(|percentile| Some((percentile, imported.percentile_ns(percentile)?)));
    known.map(|it| quantile(phase, it)).collect()
}

fn summary(phase: &'static str, distribution: &Distribution) -> Vec<Sample> {
    let labels = || vec![("phase", phase.to_owned())];
    let quoted = distribution.quoted().into_iter();
    let mut samples: Vec<Sample> = quoted.map(|it| quantile(phase, it)).collect();
    let count = distribution.count as f64;
    samples.push(("_count", labels(), count));
    samples.push(("_sum", labels(), count * distribution.mean / 1e9));
    samples
}

fn quantile(phase: &str, (percentile, ns): (f64, u64)) -> Sample {
    // Whole hundredths of a percent: dividing by 100 would add digits.
    let quantile = (percentile * 100.0).round() / 1e4;
    let labels = vec![
        ("phase", phase.to_owned()),
        ("quantile", quantile.to_string()),
    ];
    ("", labels, ns as f64 / 1e9)
}

fn plain(value: Option<f64>) -> Vec<Sample> {
    value
        .map(|value| ("", Vec::new(), value))
        .into_iter()
        .collect()
}

/// A label's value: backslashes, quotes and ends of lines are written with a backslash.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
