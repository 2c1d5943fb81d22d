//! What figures have in common to say.

use crate::compare::{Direction, Metric};
use crate::report::model::measured::{Cell, Measured, Scenario};
use crate::report::svg::{Key, Unit};

/// Servers that are named one by one.
const SERVERS_MAX: usize = 3;

/// The servers that are in these scenarios, and what else their signs need.
pub(super) fn keys(
    measured: &Measured<'_>,
    scenarios: &[&Scenario<'_>],
    key: fn(usize, String) -> Key,
) -> Vec<Key> {
    let in_any = |server: &usize| {
        let mut cells = scenarios.iter().flat_map(|it| &it.cells);
        cells.any(|cell| cell.server == *server)
    };
    let servers = (0..measured.servers.len()).filter(in_any);
    servers
        .map(|it| key(it, measured.servers[it].clone()))
        .collect()
}

/// The sign for what cannot be believed, if there is any of it.
pub(super) fn hollow(scenarios: &[&Scenario<'_>]) -> Option<Key> {
    let mut cells = scenarios.iter().flat_map(|it| &it.cells);
    let is_any = cells.any(|cell| cell.is_doubted);
    is_any.then(|| Key::Hollow("cannot be believed".to_owned()))
}

/// The sign for what the load generator limited, if there is any of it.
pub(super) fn limited(scenarios: &[&Scenario<'_>], metric: Metric) -> Option<Key> {
    let mut cells = scenarios.iter().flat_map(|it| &it.cells);
    let is_any = metric.is_bounded_by_generator() && cells.any(|cell| cell.is_limited);
    let (sign, text) = match metric.direction() {
        Direction::HigherIsBetter => ("≥", "the load generator was the limit: at least"),
        Direction::LowerIsBetter => ("≤", "the load generator was the limit: at most"),
    };
    is_any.then(|| Key::Sign(sign, text.to_owned()))
}

/// The values of a scenario in words: of a few servers all, of many the ends.
pub(super) fn values(
    measured: &Measured<'_>,
    scenario: &Scenario<'_>,
    unit: Unit,
    value: impl Fn(&Cell<'_>) -> Option<f64>,
) -> Option<String> {
    let mut known: Vec<(f64, &str)> = scenario
        .cells
        .iter()
        .filter_map(|cell| Some((value(cell)?, measured.server(cell))))
        .collect();
    let name = &scenario.name;
    if known.len() <= SERVERS_MAX {
        let each = known
            .iter()
            .map(|(value, server)| format!("{server} {}", unit.text(*value)));
        let each: Vec<String> = each.collect();
        return (!each.is_empty()).then(|| format!("{name}: {}", each.join(", ")));
    }
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ((low, first), (high, last)) = (known.first()?, known.last()?);
    let [low, high] = [*low, *high].map(|it| unit.text(it));
    Some(format!("{name}: from {low} ({first}) to {high} ({last})"))
}

/// How far the rounds of a scenario lie apart: of a few servers for each, of many for all.
pub(super) fn spreads(measured: &Measured<'_>, scenario: &Scenario<'_>, metric: Metric) -> String {
    let (unit, factor) = unit(metric);
    let said = |low: f64, high: f64| {
        let [low, high] = [low, high].map(|it| unit.text(it * factor));
        format!("{low} to {high}")
    };
    let known = scenario.cells.iter().filter_map(|cell| {
        let summary = scenario.summary(cell, metric)?;
        Some((measured.server(cell), summary.low, summary.high))
    });
    let known: Vec<(&str, f64, f64)> = known.collect();
    let spreads = if known.len() <= SERVERS_MAX {
        let each = known
            .iter()
            .map(|(server, low, high)| format!("{server} {}", said(*low, *high)));
        each.collect::<Vec<_>>().join(", ")
    } else {
        let low = known.iter().map(|it| it.1).fold(f64::MAX, f64::min);
        let high = known.iter().map(|it| it.2).fold(f64::MIN, f64::max);
        format!("{} of {} servers", said(low, high), known.len())
    };
    format!(
        "{}, {}: {spreads}",
        scenario.name,
        metric.label_of(scenario.unit)
    )
}

/// Sentences out of parts.
pub(super) fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!("{}.", parts.join("; ")),
    }
}

/// The unit of a metric's values, and the factor to it.
pub(super) fn unit(metric: Metric) -> (Unit, f64) {
    match metric {
        Metric::ServerCpuUsPerRequest
        | Metric::ServerCpuUserUsPerRequest
        | Metric::ServerCpuSystemUsPerRequest => (Unit::Nanoseconds, 1e3),
        Metric::LatencyP50Ns | Metric::LatencyP99Ns => (Unit::Nanoseconds, 1.0),
        Metric::ServerRssBytes | Metric::ServerBytesPerConnection => (Unit::Bytes, 1.0),
        _ => (Unit::Count, 1.0),
    }
}
