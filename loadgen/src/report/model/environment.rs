//! The machine and the program, as the records say it: where they differ, all that they say.

use crate::record::{Record, made_by, percent};
use crate::report::Entry;

/// A name, and what a record says to it.
type Fact = (&'static str, fn(&Record) -> Option<String>);

const FACTS: [Fact; 17] = [
    ("load generator", |it| Some(tool(it))),
    ("command", |it| Some(it.tool.argv.join(" "))),
    ("operating system", |it| Some(it.environment.os.clone())),
    ("kernel", |it| Some(it.environment.kernel.clone())),
    ("CPU", |it| it.environment.cpu_model.clone()),
    ("CPUs", |it| {
        it.environment.cpu_count.map(|count| count.to_string())
    }),
    ("CPUs of the load", |it| cores(&it.environment.load_cores)),
    ("CPUs of the server", |it| {
        cores(&it.environment.server_cores)
    }),
    ("frequency governor", |it| it.environment.governor.clone()),
    ("clock", |it| it.environment.clock_source.clone()),
    ("memory", |it| {
        Some(format!(
            "{:.1} GiB",
            it.environment.memory_bytes as f64 / GIB
        ))
    }),
    ("congestion control", |it| {
        it.environment.congestion_control.clone()
    }),
    ("tcp_tw_reuse", |it| {
        it.environment.tcp_tw_reuse.map(|it| it.to_string())
    }),
    ("somaxconn", |it| {
        it.environment.somaxconn.map(|it| it.to_string())
    }),
    ("local ports", |it| {
        let range = it.environment.port_range?;
        Some(format!("{} to {}", range.first, range.last))
    }),
    ("descriptors", |it| {
        it.environment.file_limit.map(|it| it.to_string())
    }),
    ("engine", |it| Some(it.plan.engine.clone())),
];

const GIB: f64 = (1 << 30) as f64;

/// Values of one fact at most.
const VALUES_MAX: usize = 3;

/// What the records say of where they were made.
pub(super) fn of(records: &[Record]) -> Vec<Entry> {
    let facts = FACTS.iter().filter_map(|(name, fact)| {
        let mut values: Vec<String> = Vec::new();
        // Whoever measured with another tool says nothing of the machine.
        let told = records.iter().filter(|it| it.tells("environment"));
        for value in told.filter_map(fact) {
            if !values.contains(&value) && values.len() <= VALUES_MAX {
                values.push(value);
            }
        }
        if values.len() > VALUES_MAX {
            values[VALUES_MAX] = "…".to_owned();
        }
        entry(name, values.join("; "))
    });
    let shards = entry("shards", made_by(records).join("; "));
    facts.chain(shards).chain(steal(records)).collect()
}

/// The most that a hypervisor took in any run.
fn steal(records: &[Record]) -> Option<Entry> {
    let told = records.iter().filter(|it| it.tells("environment"));
    let shares = told.filter_map(|it| it.environment.cpu_steal_share);
    let most = shares.fold(None, |most: Option<f64>, it| {
        Some(most.unwrap_or(it).max(it))
    })?;
    entry("CPU time stolen, at most", percent(most))
}

fn entry(name: &str, value: String) -> Option<Entry> {
    let name = name.to_owned();
    (!value.is_empty()).then_some(Entry { name, value })
}

fn tool(record: &Record) -> String {
    let tool = &record.tool;
    let git = tool.git.as_ref().map(|git| format!(" ({git})"));
    format!(
        "{} {}{}, {}",
        tool.name,
        tool.version,
        git.unwrap_or_default(),
        tool.profile
    )
}

fn cores(list: &[usize]) -> Option<String> {
    let cores: Vec<String> = list.iter().map(usize::to_string).collect();
    (!cores.is_empty()).then(|| cores.join(", "))
}
