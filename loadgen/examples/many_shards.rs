//! Writes the records of many shards, made from one, to see what putting them together takes.
//!
//! ```text
//! loadgen --shard 0/2 --run-id made-up -n 20000 -c 8 -k -o SHARD.json URL
//! cargo run --release --example many_shards -- SHARD.json DIR 1000
//! loadgen merge DIR -o whole.json
//! ```
//!
//! Each runs for a minute at 2000 requests a second, on a machine of its own, and begins up to 50 ms
//! after the first. Latencies are spread over some 500 buckets in each second, as those of a busy
//! server are; the distributions of connecting and of first bytes are those of the one record.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use hdrhistogram::Histogram;
use loadgen::record::{Distribution, Record, Second, encode_histogram};

const SECONDS: u64 = 60;
const PER_SECOND: u64 = 2000;
/// The longest time that records tell from longer ones: an hour.
const LONGEST_NS: u64 = 3_600_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [record, directory, count] = arguments.as_slice() else {
        return Err("give the file of a shard's record, a new directory, and how many".into());
    };
    let mut record = Record::read(Path::new(record))?;
    let directory = PathBuf::from(directory);
    std::fs::create_dir(&directory)?;
    let count = count.parse::<u64>()?;
    let (total, seconds) = (histogram(3)?, histogram(2)?);
    fill(&mut record, total, &seconds);
    for index in 0..count {
        let file = directory.join(format!("{index:06}.json"));
        std::fs::write(file, shard(&record, index, count)?.to_json())?;
    }
    Ok(())
}

/// The latencies of a second: most of some milliseconds, few of a hundred times as long.
fn histogram(digits: u8) -> Result<Histogram<u64>, Box<dyn Error>> {
    let mut histogram = Histogram::new_with_bounds(1, LONGEST_NS, digits)?;
    for request in 0..PER_SECOND {
        let share = (request as f64 + 0.5) / PER_SECOND as f64;
        histogram.record((1e6 * (1.0 - share).powf(-0.8)) as u64)?;
    }
    Ok(histogram)
}

/// A minute of such seconds.
fn fill(record: &mut Record, mut total: Histogram<u64>, second: &Histogram<u64>) {
    let text = encode_histogram(second);
    let requests = SECONDS * PER_SECOND;
    record.elapsed_s = SECONDS as f64;
    record.requests.issued = requests;
    record.requests.succeeded = requests;
    (record.requests.failed, record.requests.cancelled) = (0, 0);
    record.latency_ns.cancelled = None;
    record.histograms.cancelled = None;
    let one = total.clone();
    for _ in 1..SECONDS {
        // Within the same bounds it fits.
        let _ = total.add(&one);
    }
    record.latency_ns.total = Distribution::of(&total);
    record.histograms.total = encode_histogram(&total);
    let each = (0..SECONDS).filter_map(|index| Some((index, text.clone()?)));
    record.histograms.seconds = each.collect::<BTreeMap<_, _>>();
    let row = |start_s| Second {
        start_s,
        elapsed_s: 1.0,
        succeeded: PER_SECOND,
        failed: 0,
        latency_ns_mean: Some(second.mean()),
        latency_ns_p99: Some(second.value_at_quantile(0.99)),
        latency_ns_max: Some(second.max()),
    };
    record.series = (0..SECONDS).map(row).collect();
}

/// The record as the shard with this index would have it.
fn shard(record: &Record, index: u64, count: u64) -> Result<Record, Box<dyn Error>> {
    let mut made = record.clone();
    made.id = format!("made-up-{index}");
    made.started_at = format!("2026-03-01T12:00:00.{:03}Z", index % 50);
    let shard = made.shard.as_mut().ok_or("the record is no shard")?;
    shard.index = index;
    shard.of = Some(count);
    shard.machine = format!("{index:016x}");
    shard.network_namespace = Some(format!("{index:016x}"));
    Ok(made)
}
