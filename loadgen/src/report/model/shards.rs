//! What the machines did that made a run together: a table of each such run.

use super::tables::{numbers, words};
use crate::record::{MergedShard, Record, percent};
use crate::report::{Cell, Column, Table, Tone};

/// Rows of a table at most; the record has all of them.
const ROWS_MAX: usize = 500;

/// The shards of each run that was put together.
pub(super) fn of(records: &[Record]) -> Vec<Table> {
    records.iter().filter_map(table).collect()
}

fn table(record: &Record) -> Option<Table> {
    let merged = record.merged.as_ref()?;
    let shards = &merged.shards;
    let first = match shards.len() > ROWS_MAX {
        true => format!(", the first {ROWS_MAX} of {}", shards.len()),
        false => String::new(),
    };
    let mut columns: Vec<Column> = ["shard", "machine"].map(words).to_vec();
    columns.extend(
        [
            "elapsed (s)",
            "per second",
            "succeeded",
            "failed",
            "p99 (µs)",
            "busiest worker",
        ]
        .map(numbers),
    );
    columns.push(words("to know"));
    Some(Table {
        caption: format!("Shards of {}{first}", record.id),
        columns,
        rows: shards.iter().take(ROWS_MAX).map(row).collect(),
    })
}

fn row(shard: &MergedShard) -> Vec<Cell> {
    let name = match &shard.worker {
        Some(worker) => format!("{} {worker}", shard.index),
        None => shard.index.to_string(),
    };
    let p99 = shard.latency_ns_p99.map(|ns| ns as f64 / 1e3);
    let texts = [
        name,
        shard.machine.clone(),
        format!("{:.3}", shard.elapsed_s),
        format!("{:.1}", shard.rate_per_second),
        shard.succeeded.to_string(),
        shard.failed.to_string(),
        p99.map(|us| format!("{us:.1}")).unwrap_or_default(),
        percent(shard.busiest_worker_share),
    ];
    let mut cells: Vec<Cell> = texts.into_iter().map(Cell::plain).collect();
    cells.push(to_know(shard));
    cells
}

fn to_know(shard: &MergedShard) -> Cell {
    let (text, tone) = match (shard.reports_missing, shard.lost) {
        (0, false) => (String::new(), Tone::Plain),
        (0, true) => ("lost".to_owned(), Tone::Open),
        (missing, _) => (format!("{missing} reports missing"), Tone::Invalid),
    };
    Cell { text, tone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::{merged, sample};

    #[test]
    fn a_run_of_several_machines_has_a_row_for_each_shard() {
        let mut record = sample();
        assert!(of(std::slice::from_ref(&record)).is_empty());
        let mut merged = merged();
        merged.shards[1].lost = true;
        merged.shards[1].worker = Some("worker".to_owned());
        record.merged = Some(merged);
        let [table] = of(&[record]).try_into().unwrap();
        let row: Vec<&str> = table.rows[1].iter().map(|it| it.text.as_str()).collect();
        assert_eq!(
            row,
            [
                "1 worker",
                "machine 1",
                "10.000",
                "5000.0",
                "50000",
                "0",
                "21000.0",
                "40 %",
                "lost"
            ]
        );
        assert!(
            table
                .rows
                .iter()
                .all(|row| row.len() == table.columns.len())
        );
    }
}
