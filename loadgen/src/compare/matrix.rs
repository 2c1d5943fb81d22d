//! Many servers under many loads: scenarios by servers, with the best of each.
//!
//! Sentences about pairs are too many to read when there are nine servers and twenty scenarios. So
//! each scenario is a row and each server a column, and a cell has the medians of its rounds. The
//! statistics are those of a pair, applied to the best server and the runner-up.

mod best;
mod table;
mod trouble;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use best::Best;
pub(crate) use table::{Table, left_out};

use super::benchmark::Benchmark;
use super::case::Load;
use super::metric::{Loops, Metric};
use crate::exit::Exit;
use crate::record::Record;
use crate::statistics::median_of_sorted;
use trouble::{Believed, is_of_the_server};

/// What the tables are of.
pub(super) const METRICS: [Metric; 4] = [
    Metric::RatePerSecond,
    Metric::ServerCpuUsPerRequest,
    Metric::LatencyP99Ns,
    Metric::ServerBytesPerConnection,
];

/// Scenarios by servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Matrix {
    /// Labels of the servers, in the order of the columns.
    pub servers: Vec<String>,
    /// One for each scenario.
    pub rows: Vec<Row>,
}

/// All servers in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Name of the scenario.
    pub scenario: String,
    /// The load, as the first record has it; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// One for each server that was to be measured.
    pub cells: Vec<Cell>,
    /// The best server for each metric that at least two have.
    pub best: Vec<Best>,
}

/// One server in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Label of the server.
    pub server: String,
    /// The records' `id`, in the order of the rounds.
    pub records: Vec<String>,
    /// The rounds whose values are counted.
    pub rounds: Vec<u64>,
    /// Rounds whose record says that it cannot be believed.
    pub rounds_invalid: usize,
    /// Rounds in which the load generator was the limit.
    pub rounds_limited: usize,
    /// What is known of it; empty if it cannot be believed.
    pub values: Vec<Values>,
    /// What went wrong, in words.
    pub troubles: Vec<String>,
    /// Something went wrong, and not by the server's fault.
    pub is_spoilt: bool,
}

/// A metric in the rounds of one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Values {
    /// What it is of; the name ends in the unit of the values.
    pub metric: Metric,
    /// The median of the rounds that are counted.
    pub median: f64,
    /// One for each round that is counted, in the order of `rounds`.
    pub rounds: Vec<f64>,
}

/// A cell while records are at hand.
struct Group<'a> {
    server: String,
    /// All, in the order of the rounds.
    records: Vec<&'a Record>,
    /// Those that are counted.
    counted: Vec<(u64, &'a Record)>,
}

impl Matrix {
    /// The matrix of these records, which are all of one benchmark.
    pub(super) fn of(records: &[Record], benchmark: &Benchmark, allow_invalid: bool) -> Self {
        let mut rows: Vec<Row> = benchmark
            .scenarios
            .iter()
            .map(|task| row(&task.name, records, benchmark, allow_invalid))
            .collect();
        best::correct(&mut rows);
        let servers = benchmark.servers.iter();
        Self {
            servers: servers.map(|server| server.label.clone()).collect(),
            rows,
        }
    }

    /// Invalid if something went wrong that is no server's fault, or if a scenario that was to
    /// compare servers has no two that can be believed. That some server does not bear a load is
    /// what was asked, not a failure.
    ///
    /// With `strict` inconclusive if of a row that compares nobody is clearly the best in what is
    /// judged; as with pairs the cost alone will do where the load generator hides the rest.
    pub(super) fn exit(&self, strict: bool) -> Exit {
        let is_spoilt = |row: &Row| row.cells.iter().any(|cell| cell.is_spoilt);
        let is_open = |row: &Row| {
            let believed = row.cells.iter().filter(|cell| !cell.values.is_empty());
            believed.count() < row.cells.len().min(2)
        };
        match self.rows.iter().any(|row| is_spoilt(row) || is_open(row)) {
            true => Exit::Invalid,
            false if strict && self.rows.iter().any(Row::is_undecided) => Exit::Inconclusive,
            false => Exit::Done,
        }
    }
}

impl Row {
    fn is_undecided(&self) -> bool {
        let loops = match self.load.as_ref().and_then(|load| load.rate_per_second) {
            Some(_) => Loops::Open,
            None => Loops::Closed,
        };
        let judged = self.best.iter().filter(|best| best.metric.is_judged(loops));
        let mut asked = judged.filter(|best| best.p_value.is_some()).peekable();
        let is_compared = self.cells.iter().filter(|it| !it.values.is_empty()).count() > 1;
        is_compared && (asked.peek().is_none() || asked.any(|best| !best.is_clear))
    }
}

fn row(scenario: &str, records: &[Record], benchmark: &Benchmark, allow_invalid: bool) -> Row {
    let group = |server: &str| Group::of(scenario, server, records, benchmark, allow_invalid);
    let servers = benchmark.servers.iter();
    let groups: Vec<Group<'_>> = servers.filter_map(|server| group(&server.label)).collect();
    let all = groups
        .iter()
        .flat_map(|group| group.records.iter().copied());
    let loops = Loops::of(all.clone());
    let first = all.min_by(|a, b| a.started_at.cmp(&b.started_at));
    Row {
        scenario: scenario.to_owned(),
        load: first.map(Load::of),
        best: METRICS
            .into_iter()
            .filter_map(|metric| Best::of(metric, &groups, loops))
            .collect(),
        cells: groups
            .iter()
            .map(|group| group.cell(scenario, benchmark, allow_invalid, loops))
            .collect(),
    }
}

impl<'a> Group<'a> {
    /// The records of a cell; none if it was not to be measured.
    fn of(
        scenario: &str,
        server: &str,
        records: &'a [Record],
        benchmark: &Benchmark,
        allow_invalid: bool,
    ) -> Option<Self> {
        let place = |record: &&'a Record| {
            let bench = record.bench.as_ref()?;
            (bench.scenario == scenario && bench.server == server).then_some(bench.round)
        };
        let of_cell = records
            .iter()
            .filter_map(|record| Some((place(&record)?, record)));
        let mut of_cell: Vec<(u64, &Record)> = of_cell.collect();
        of_cell.sort_by_key(|(round, _)| *round);
        let has_given_up = benchmark.gave_up(scenario, server).is_some();
        if of_cell.is_empty() && !has_given_up {
            return None;
        }
        let records = of_cell.iter().map(|(_, record)| *record).collect();
        let counted = match has_given_up {
            true => Vec::new(),
            false => Believed::of(of_cell, allow_invalid),
        };
        Some(Self {
            server: server.to_owned(),
            records,
            counted,
        })
    }

    fn cell(
        &self,
        scenario: &str,
        benchmark: &Benchmark,
        allow_invalid: bool,
        loops: Loops,
    ) -> Cell {
        let count = |test: fn(&Record) -> bool| self.records.iter().filter(|it| test(it)).count();
        let values = METRICS.into_iter().filter_map(|metric| {
            let rounds = self.values(metric, loops)?;
            let mut sorted = rounds.clone();
            sorted.sort_by(f64::total_cmp);
            Some(Values {
                metric,
                median: median_of_sorted(&sorted)?,
                rounds,
            })
        });
        let given_up = benchmark.gave_up(scenario, &self.server);
        Cell {
            server: self.server.clone(),
            records: self.records.iter().map(|it| it.id.clone()).collect(),
            rounds: self.counted.iter().map(|(round, _)| *round).collect(),
            rounds_invalid: count(|record| !record.validity.valid),
            rounds_limited: count(|record| record.validity.limits_rate()),
            values: values.collect(),
            troubles: trouble::of(&self.records, given_up),
            is_spoilt: given_up.is_some_and(|it| !it.by_server)
                || !allow_invalid
                    && self.records.iter().any(|record| {
                        let mut objections = record.validity.objections();
                        objections.any(|finding| !is_of_the_server(finding, record))
                    }),
        }
    }

    /// The metric in each round that is counted; none if a record does not know it.
    fn values(&self, metric: Metric, loops: Loops) -> Option<Vec<f64>> {
        let values = self
            .counted
            .iter()
            .map(|(_, record)| metric.of(record, loops));
        values.collect()
    }

    /// Whether the load generator was the limit in most rounds.
    fn is_limited(&self) -> bool {
        let limited = self
            .counted
            .iter()
            .filter(|(_, it)| it.validity.limits_rate());
        2 * limited.count() > self.counted.len()
    }
}

impl Cell {
    pub(crate) fn values_of(&self, metric: Metric) -> Option<&Values> {
        self.values.iter().find(|values| values.metric == metric)
    }

    pub(crate) fn is_limited(&self) -> bool {
        2 * self.rounds_limited > self.records.len()
    }
}

#[cfg(test)]
mod tests;
