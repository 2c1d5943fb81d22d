//! The load of a run in words.

use crate::compare::counted;
use crate::record::Record;

/// The load without the number of connections: what runs have in common that differ in it alone.
pub(super) fn kind(record: &Record) -> String {
    let plan = &record.plan;
    let mut parts = Vec::new();
    match &plan.websocket {
        Some(websocket) => parts.push(format!("WebSocket, {} bytes", websocket.message_bytes)),
        None if !record.tells("plan.keep_alive") => {}
        None => parts.push(match plan.keep_alive {
            true => "connections kept alive".to_owned(),
            false => "a new connection for each request".to_owned(),
        }),
    }
    match (plan.method.as_str(), path(&record.target.url)) {
        ("GET", "/" | "") => {}
        (method, path) if method == "GET" || !record.tells("plan.method") => {
            parts.push(path.to_owned());
        }
        (method, path) => parts.push(format!("{method} {path}")),
    }
    let optional = [
        plan.tls.as_ref().map(|_| "TLS".to_owned()),
        (plan.http_version != "1.1" && record.tells("plan.http_version"))
            .then(|| format!("HTTP/{}", plan.http_version)),
        (plan.request_body_bytes > 0).then(|| format!("{} bytes sent", plan.request_body_bytes)),
        (plan.pipeline > 1).then(|| format!("{} requests on each", plan.pipeline)),
        plan.rate_per_second
            .map(|rate| format!("{} per second offered", (10.0 * rate).round() / 10.0)),
        plan.idle_connections
            .map(|count| format!("{count} idle connections beside")),
        plan.slow_readers
            .map(|count| format!("{count} slow readers beside")),
    ];
    parts.extend(optional.into_iter().flatten());
    parts.retain(|part| !matches!(part.as_str(), "" | "/"));
    match parts.is_empty() {
        true => "load not told".to_owned(),
        false => parts.join(", "),
    }
}

/// The whole load.
pub(super) fn words(record: &Record) -> String {
    if !record.tells("plan.connections") {
        return kind(record);
    }
    let connections = counted(record.plan.connections, "connection");
    format!("{connections}; {}", kind(record))
}

/// Where the server was reached: host and port, or a socket's path.
pub(super) fn address(record: &Record) -> &str {
    divided(&record.target.url).0
}

/// What follows scheme and authority.
fn path(url: &str) -> &str {
    divided(url).1
}

/// The authority, and what follows it.
fn divided(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    #[test]
    fn a_load_is_told_with_what_is_unusual_about_it() {
        let mut record = sample();
        assert_eq!(
            words(&record),
            "150 connections; a new connection for each request"
        );
        record.target.url = "https://127.0.0.1:1/delay/10".to_owned();
        record.plan.keep_alive = true;
        record.plan.rate_per_second = Some(500.0);
        let kind = "connections kept alive, /delay/10, 500 per second offered";
        assert_eq!(super::kind(&record), kind);
    }
}
