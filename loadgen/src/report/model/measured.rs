//! What was measured, by scenario and server: what charts are drawn from.

use hdrhistogram::Histogram;

use super::load;
use super::outcome::{Outcome, place};
use crate::compare::{Direction, Loops, Metric};
use crate::record::Record;
use crate::statistics::median_of_sorted;

/// All runs of a result.
pub struct Measured<'a> {
    /// The servers, in the plan's order; their number is that of their series.
    pub servers: Vec<String>,
    /// The scenarios, in the plan's order, without those of which there is no run.
    pub scenarios: Vec<Scenario<'a>>,
}

/// All servers under one load.
pub struct Scenario<'a> {
    /// Its name.
    pub name: String,
    /// The load without its number of connections, in words.
    pub kind: String,
    /// Connections open at a time at most.
    pub connections: u64,
    /// What was counted, in the singular: `request` or `round trip`.
    pub unit: &'static str,
    /// Whether requests started by a schedule.
    pub loops: Loops,
    /// One for each server that has runs, in the order of the servers.
    pub cells: Vec<Cell<'a>>,
}

/// One server under one load.
pub struct Cell<'a> {
    /// Which of the servers.
    pub server: usize,
    /// Its runs, in order of the rounds.
    pub runs: Vec<&'a Record>,
    /// Their latencies, as far as records have whole distributions.
    pub latency: Option<&'a Histogram<u64>>,
    /// Its runs are not rounds of one thing: their loads differ.
    pub is_mixed: bool,
    /// Most of its runs cannot be believed, it was given up, or it is mixed: what is drawn of it is
    /// hollow.
    pub is_doubted: bool,
    /// The load generator was the limit in most of its runs: the server may be better.
    pub is_limited: bool,
}

/// A few numbers of the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The lowest.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The highest.
    pub high: f64,
}

impl<'a> Measured<'a> {
    /// The runs of the result in their places.
    pub fn of(outcome: &'a Outcome) -> Self {
        let benchmark = &outcome.benchmark;
        let planned = benchmark.servers.iter().map(|it| it.label.clone());
        let mut servers: Vec<String> = planned.collect();
        let planned = benchmark.scenarios.iter().map(|it| it.name.clone());
        let mut scenarios: Vec<String> = planned.collect();
        let mut by_place = std::collections::HashMap::<_, Vec<&Record>>::new();
        for record in &outcome.records {
            let (scenario, server) = place(record, &outcome.name);
            if !servers.contains(&server) {
                servers.push(server.clone());
            }
            if !scenarios.contains(&scenario) {
                scenarios.push(scenario.clone());
            }
            by_place.entry((scenario, server)).or_default().push(record);
        }
        let scenario = |name: String| {
            let cell = |(index, server): (usize, &String)| {
                let place = (name.clone(), server.clone());
                let runs = by_place.remove(&place)?;
                let is_given_up = benchmark.gave_up(&name, server).is_some();
                Some(Cell::of(
                    index,
                    runs,
                    outcome.latencies.get(&place),
                    is_given_up,
                ))
            };
            let cells = servers.iter().enumerate().filter_map(cell).collect();
            Scenario::of(name.clone(), cells)
        };
        let scenarios = scenarios.into_iter().filter_map(scenario).collect();
        Self { servers, scenarios }
    }

    /// How the server is called.
    pub fn server(&self, cell: &Cell<'_>) -> &str {
        &self.servers[cell.server]
    }
}

impl<'a> Scenario<'a> {
    fn of(name: String, cells: Vec<Cell<'a>>) -> Option<Self> {
        let first = cells.first()?.runs.first()?;
        let records = cells.iter().flat_map(|cell| cell.runs.iter().copied());
        Some(Self {
            name,
            kind: load::kind(first),
            connections: first.plan.connections,
            unit: first.plan.unit(),
            loops: Loops::of(records),
            cells,
        })
    }

    /// The metric in this cell's runs that are counted.
    pub fn summary(&self, cell: &Cell<'_>, metric: Metric) -> Option<Summary> {
        cell.summary(|record| metric.of(record, self.loops))
    }

    /// The median of it.
    pub fn median(&self, cell: &Cell<'_>, metric: Metric) -> Option<f64> {
        Some(self.summary(cell, metric)?.median)
    }
}

impl<'a> Cell<'a> {
    fn of(
        server: usize,
        mut runs: Vec<&'a Record>,
        latency: Option<&'a Histogram<u64>>,
        is_given_up: bool,
    ) -> Self {
        let round = |record: &Record| record.bench.as_ref().map_or(0, |bench| bench.round);
        runs.sort_by_key(|record| round(record));
        let most = |test: fn(&Record) -> bool| {
            2 * runs.iter().filter(|record| test(record)).count() > runs.len()
        };
        let mut loads = runs.iter().map(|record| load::words(record));
        let first = loads.next();
        let is_mixed = loads.any(|load| Some(load) != first);
        let is_invalid = !most(|record| record.validity.valid);
        Self {
            server,
            is_mixed,
            is_doubted: is_given_up || is_mixed || is_invalid,
            is_limited: most(|record| record.validity.limits_rate()),
            latency,
            runs,
        }
    }

    /// The runs that are counted: those that can be believed, unless most cannot. Then all of them
    /// are shown, as what they are.
    pub fn counted(&self) -> impl Iterator<Item = &'a Record> {
        let all = self.is_doubted;
        let runs = self.runs.iter().copied();
        runs.filter(move |record| all || record.validity.valid)
    }

    /// What the runs that are counted know of this, and know to be finite; none if none does.
    pub fn summary(&self, of: impl Fn(&Record) -> Option<f64>) -> Option<Summary> {
        let values = self.counted().filter_map(of).filter(|it| it.is_finite());
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Some(Summary {
            low: *values.first()?,
            median: median_of_sorted(&values)?,
            high: *values.last()?,
        })
    }

    /// What stands before a number of this metric that is the load generator's.
    pub fn bound(&self, metric: Metric) -> &'static str {
        match metric.direction() {
            _ if !self.is_limited || !metric.is_bounded_by_generator() => "",
            Direction::HigherIsBetter => "≥ ",
            Direction::LowerIsBetter => "≤ ",
        }
    }
}
