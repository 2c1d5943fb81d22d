//! The run for a person: a dozen lines, the doubts last.

mod background;
mod costs;

use std::fmt::Write;
use std::time::Duration;

use crate::record::{Distribution, LatencyNs, Record, Schedule, WebSocketSettings};

/// A summary in plain text.
#[must_use]
pub(super) fn render(record: &Record) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_summary(&mut text, record);
    text
}

fn write_summary(out: &mut String, record: &Record) -> std::fmt::Result {
    let requests = &record.requests;
    let plan = &record.plan;
    let connections = match (&plan.websocket, plan.keep_alive) {
        (Some(websocket), _) => message(websocket),
        (None, true) => "kept open".to_owned(),
        (None, false) => "a new connection for each request".to_owned(),
    };
    let at_once = match (&plan.websocket, plan.rate_per_second) {
        (Some(websocket), _) => clients(websocket),
        (None, None) => count(plan.concurrency, "connection"),
        (None, Some(_)) => format!("at most {} in flight", plan.concurrency),
    };
    writeln!(out, "{}", record.target.url)?;
    writeln!(
        out,
        "  {at_once}, {}, {connections}, {:.3} s",
        count(plan.threads, "thread"),
        record.elapsed_s
    )?;
    if let Some(made_by) = record.made_by() {
        writeln!(out, "  {made_by}")?;
    }
    writeln!(out)?;
    if let Some(from) = plan.rate_per_second {
        let offered = offered(from, plan.rate_to_per_second);
        let arrival = plan.arrival.as_deref().unwrap_or_default();
        writeln!(out, "  offered/s   {offered:>12}   {arrival}")?;
    }
    let per_second = format!("{}s/s", record.plan.unit());
    writeln!(out, "  {per_second:<14}{:>10.1}", record.rate_per_second)?;
    writeln!(
        out,
        "  succeeded   {:>12}   failed {}   cancelled {}",
        requests.succeeded, requests.failed, requests.cancelled
    )?;
    for (cause, count) in record.failures.iter().filter(|(_, count)| *count > 0) {
        writeln!(
            out,
            "    {count} {}: {}",
            cause.label(),
            cause.description()
        )?;
    }
    if let Some(schedule) = &record.schedule {
        write_schedule(out, schedule)?;
    }
    background::write(out, record)?;
    write_latencies(out, &record.latency_ns)?;
    costs::write(out, record)?;
    for gate in &record.gates {
        let verdict = match gate.passed {
            true => "gate kept",
            false => "GATE MISSED",
        };
        writeln!(out, "  {verdict}: {}", gate.message)?;
    }
    for finding in &record.validity.reasons {
        writeln!(
            out,
            "  {}: {}; {}",
            finding.severity.label(),
            finding.message,
            finding.advice
        )?;
    }
    Ok(())
}

/// `3 pairs of async clients`, `1 blocking client`
fn clients(websocket: &WebSocketSettings) -> String {
    let WebSocketSettings { pairs, client, .. } = websocket;
    match (websocket.echo, pairs) {
        (true, _) => count(*pairs, &format!("{client} client")),
        (false, 1) => format!("1 pair of {client} clients"),
        (false, _) => format!("{pairs} pairs of {client} clients"),
    }
}

/// `32 bytes in a message`
fn message(websocket: &WebSocketSettings) -> String {
    let raw = match websocket.framing.as_str() {
        "raw" => " without protocol",
        _ => "",
    };
    format!(
        "{} in a message{raw}",
        count(websocket.message_bytes, "byte")
    )
}

/// `1 thread`, `2 threads`.
fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// The rate of an open loop, `500`, or of a ramp, `100..500`.
fn offered(from_per_second: f64, to_per_second: Option<f64>) -> String {
    match to_per_second {
        None => from_per_second.to_string(),
        Some(to_per_second) => format!("{from_per_second}..{to_per_second}"),
    }
}

/// What kept requests of an open loop from starting on time.
fn write_schedule(out: &mut String, schedule: &Schedule) -> std::fmt::Result {
    let Schedule {
        intended,
        late,
        waited,
        unsent,
        ..
    } = schedule;
    writeln!(
        out,
        "  due         {intended:>12}   waited {waited}   unsent {unsent}   late {late}"
    )?;
    write_latency(out, "lateness", schedule.lag_ns.as_ref())
}

/// In open loop users are those of the schedule, and their time counts from when they came; the
/// time since the request was written, which is all that a closed loop knows, is the server's.
fn write_latencies(out: &mut String, latency_ns: &LatencyNs) -> std::fmt::Result {
    if latency_ns.corrected.is_some() {
        writeln!(out, "  latency from the intended start")?;
    }
    write_latency(out, "", latency_ns.corrected.as_ref())?;
    write_latency(out, "service time", latency_ns.total.as_ref())?;
    write_latency(out, "connect", latency_ns.connect.as_ref())?;
    write_latency(out, "TLS", latency_ns.tls.as_ref())?;
    write_latency(out, "first byte", latency_ns.first_byte.as_ref())
}

fn write_latency(
    out: &mut String,
    name: &str,
    distribution: Option<&Distribution>,
) -> std::fmt::Result {
    let Some(of) = distribution else {
        return Ok(());
    };
    let time = Duration::from_nanos;
    writeln!(
        out,
        "  {name:<12} p50 {:.1?}   p90 {:.1?}   p99 {:.1?}   max {:.1?}",
        time(of.p50),
        time(of.p90),
        time(of.p99),
        time(of.max)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Cause;
    use crate::plan::Gate;
    use crate::record::sample::{kept_schedule, merged, sample};
    use crate::record::{Background, GateResult, HeldConnections};

    #[test]
    fn a_good_run_is_a_dozen_lines() {
        assert_eq!(render(&sample()), include_str!("golden/text.txt"));
    }

    #[test]
    fn an_open_loop_shows_what_was_offered_and_the_latency_from_the_intended_start_first() {
        let mut record = sample();
        record.plan.rate_per_second = Some(10_000.0);
        record.plan.arrival = Some("constant".to_owned());
        record.plan.max_in_flight = Some(150);
        record.schedule = Some(Schedule {
            waited: 17,
            ..kept_schedule()
        });
        record.latency_ns.corrected = record.latency_ns.total.map(|of| Distribution {
            p99: 2 * of.p99,
            max: 3 * of.max,
            ..of
        });
        let text = render(&record);
        assert_eq!(text, include_str!("golden/text_open_loop.txt"));
        record.plan.rate_to_per_second = Some(12_000.5);
        assert!(render(&record).contains(" 10000..12000.5   constant\n"));
    }

    #[test]
    fn failures_and_doubts_are_said_with_their_reason_and_advice() {
        let mut record = sample();
        record.plan.keep_alive = true;
        record.requests.succeeded = 99_983;
        record.requests.failed = 17;
        record.failures[Cause::ReadReset] = 17;
        record.server = None;
        let text = render(&record.judged());
        assert_eq!(text, include_str!("golden/text_failures.txt"));
    }

    #[test]
    fn connections_beside_the_load_are_shown_with_what_became_of_them() {
        let mut record = sample();
        let idle = HeldConnections {
            asked: 10_000,
            held_at_start: 9_900,
            held_at_end: 9_900,
            failures: [
                ("connect_reset".to_owned(), 36),
                ("not_tried".to_owned(), 64),
            ]
            .into(),
        };
        let slow_readers = HeldConnections {
            asked: 20,
            held_at_start: 20,
            held_at_end: 19,
            ..HeldConnections::default()
        };
        record.background = Some(Background {
            opening_s: 0.5154,
            idle: Some(idle),
            slow_readers: Some(slow_readers),
            slow_bytes_received: 5_767_168,
        });
        let text = render(&record.judged());
        assert_eq!(text, include_str!("golden/text_background.txt"));
    }

    #[test]
    fn gates_are_shown_kept_or_missed() {
        let mut record = sample();
        let gates = [Gate::MaxErrorRate(0.01), Gate::MinRate(20_000.0)];
        record.gates = gates
            .iter()
            .map(|gate| GateResult::of(gate, &record))
            .collect();
        let text = render(&record);
        let kept = "  gate kept: --max-error-rate 1 %: 0 % of the requests failed, 0 of 100000\n";
        let missed = "  GATE MISSED: --min-rate 20000: 10000.0 requests succeeded per second\n";
        assert!(text.contains(kept) && text.contains(missed), "{text}");
    }

    #[test]
    fn a_run_of_several_machines_says_so() {
        let mut record = sample();
        record.merged = Some(merged());
        let made_by =
            "\n  made by 2 shards on 2 machines, which ran together for 9.50 s of 10.00 s\n";
        let text = render(&record);
        assert!(text.contains(made_by), "{text}");
    }

    #[test]
    fn a_run_without_an_answer_has_no_times() {
        let mut record = sample();
        record.latency_ns = crate::record::LatencyNs::default();
        let text = render(&record);
        assert!(!text.contains("p99"), "{text}");
    }
}
