//! What both sides paid.

use std::fmt::Write;

use crate::record::{Network, Record, Server};

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;

pub(super) fn write(out: &mut String, record: &Record) -> std::fmt::Result {
    let client = &record.client;
    write!(
        out,
        "  CPU/{} {:.1} µs here, busiest worker {:.0} %",
        record.plan.unit(),
        client.cpu_us_per_request.unwrap_or(0.0),
        client.busiest_worker_share() * 100.0
    )?;
    let Some(server) = &record.server else {
        return writeln!(out);
    };
    if let Some(cost_us) = server.cpu_us_per_request {
        write!(out, "; {cost_us:.1} µs in the server")?;
    }
    let user_us = server.cpu_user_us_per_request;
    if let Some((user_us, system_us)) = user_us.zip(server.cpu_system_us_per_request) {
        write!(out, ": {user_us:.1} user, {system_us:.1} system")?;
    }
    writeln!(out)?;
    writeln!(out, "  server      {}", memory(server))?;
    writeln!(
        out,
        "  switches    {}",
        switches(server, record.plan.unit())
    )?;
    // A UNIX socket's is not counted.
    let network = record.network.as_ref();
    let network = network.filter(|_| record.target.unix_path.is_none());
    writeln!(out, "  accepting   {}", accepting(server, network))
}

/// `at most 3.0 MiB, 1.2 KiB for each of 150 connections; 1 thread`
fn memory(server: &Server) -> String {
    let peak = server.rss_bytes_peak;
    let peak = peak.map_or("memory unknown".to_owned(), |bytes| {
        format!("at most {:.1} MiB", bytes as f64 / MIB)
    });
    let each = server.bytes_per_connection.zip(server.connections);
    let each = each.map(|(bytes, connections)| {
        let each = bytes / KIB;
        format!(", {each:.1} KiB for each of {connections} connections")
    });
    let threads = match server.threads_max {
        None => "threads unknown".to_owned(),
        Some(threads) => super::count(threads, "thread"),
    };
    format!("{peak}{}; {threads}", each.unwrap_or_default())
}

/// `0.010 voluntary, 0.001 involuntary, for each request`
fn switches(server: &Server, unit: &str) -> String {
    let voluntary = server.voluntary_switches_per_request;
    match voluntary.zip(server.involuntary_switches_per_request) {
        Some((voluntary, involuntary)) => {
            format!("{voluntary:.3} voluntary, {involuntary:.3} involuntary, for each {unit}")
        }
        None => "unknown: those of threads that end are lost, and too many are not read".to_owned(),
    }
}

/// `at most 149 of 4096 waited; full 0 times, 0 dropped`
fn accepting(server: &Server, network: Option<&Network>) -> String {
    let waited = match server.accept_queue_peak.zip(server.backlog) {
        Some((peak, backlog)) => format!("at most {peak} of {backlog} waited"),
        None => "how many waited is unknown".to_owned(),
    };
    let counts = network.and_then(|network| network.listen_overflows.zip(network.listen_drops));
    match counts {
        Some((full, dropped)) => format!("{waited}; full {full} times, {dropped} dropped"),
        None => waited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    fn text(change: impl FnOnce(&mut Record)) -> String {
        let mut record = sample();
        change(&mut record);
        let mut text = String::new();
        write(&mut text, &record).unwrap();
        text
    }

    #[test]
    fn without_the_server_there_is_a_line_about_the_load() {
        let text = text(|record| record.server = None);
        assert_eq!(text, "  CPU/request 65.0 µs here, busiest worker 65 %\n");
    }

    #[test]
    fn what_is_not_known_is_said_not_to_be() {
        let text = text(|record| {
            record.network = None;
            record.server = Some(Server {
                cpu_us_per_request: None,
                cpu_user_us_per_request: None,
                rss_bytes_peak: None,
                bytes_per_connection: None,
                threads_max: None,
                voluntary_switches_per_request: None,
                accept_queue_peak: None,
                ..record.server.clone().unwrap()
            });
        });
        let expected = "  CPU/request 65.0 µs here, busiest worker 65 %\n  \
                        server      memory unknown; threads unknown\n  \
                        switches    unknown: those of threads that end are lost, and too many are not read\n  \
                        accepting   how many waited is unknown\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn memory_is_shown_by_connection_and_threads_are_counted() {
        let text = text(|record| {
            let server = record.server.as_mut().unwrap();
            server.bytes_per_connection = Some(12_499.3);
            server.connections = Some(10_008);
            server.threads_max = Some(9);
        });
        let expected = "at most 3.0 MiB, 12.2 KiB for each of 10008 connections; 9 threads\n";
        assert!(text.contains(expected), "{text}");
    }
}
