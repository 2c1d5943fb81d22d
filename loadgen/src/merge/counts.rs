//! What a record counted, as a recorder again: the inverse of what `record/build.rs` makes of one.

use hdrhistogram::Histogram;

use super::histogram::decode;
use crate::record::{Bytes, Connections, Distribution, Path, Record, Requests, Second};
use crate::recorder::{
    LONGEST_NS, OpenLoop, PathTally, Recorder, SECOND_DIGITS, SecondTally, Times,
};

/// A double is exact up to here, so a mean times its count is the sum that it was made of; and no
/// run counts more.
const COUNT_MAX: u64 = 1 << 53;

/// No sum counts more, so that one more record cannot overflow it.
const SUM_MAX: u64 = 1 << 62;

/// Adds up records.
#[derive(Debug)]
pub(super) struct Counts {
    /// All of them.
    pub(super) recorder: Recorder,
    /// The paths that requests were for, if there were several.
    pub(super) paths: Vec<String>,
    is_first: bool,
    /// What a second's histogram has to be like.
    second: Histogram<u64>,
    path: Histogram<u64>,
}

impl Counts {
    pub(super) fn new() -> Self {
        let second = Histogram::new_with_bounds(1, LONGEST_NS, SECOND_DIGITS);
        Self {
            recorder: Recorder::new(0, false),
            paths: Vec::new(),
            is_first: true,
            second: second.expect("the bounds are in order and the digits 0 to 5"),
            path: PathTally::default().total,
        }
    }

    /// Adds a record whose seconds are so many later than the first one's. Gives its seconds back,
    /// by their number.
    ///
    /// # Errors
    ///
    /// It contradicts itself, or counted in another way than those before; says how. The sum is
    /// worth nothing then.
    pub(super) fn add(
        &mut self,
        record: &Record,
        later_s: u64,
    ) -> Result<Vec<(u64, SecondTally)>, String> {
        check_counts(record)?;
        if self.is_first {
            self.is_first = false;
            self.paths = record.paths.iter().map(|it| it.path.clone()).collect();
            self.recorder.paths = vec![PathTally::default(); self.paths.len()];
            let is_open_loop = record.schedule.is_some();
            self.recorder.open_loop = is_open_loop.then(OpenLoop::default);
        }
        self.add_numbers(record)?;
        self.add_times(record)?;
        self.add_schedule(record)?;
        self.add_paths(record)?;
        let seconds = self.seconds(record)?;
        for (second, tally) in &seconds {
            self.recorder.seconds.add(second + later_s, tally);
        }
        match self.largest() > SUM_MAX {
            true => Err("with it there is more than can be counted".to_owned()),
            false => Ok(seconds),
        }
    }

    fn add_numbers(&mut self, record: &Record) -> Result<(), String> {
        let recorder = &mut self.recorder;
        recorder.requests += record.requests;
        recorder.failures += record.failures;
        recorder.connections += record.connections;
        recorder.bytes += record.bytes;
        for (&status, &count) in &record.statuses {
            let added = recorder.statuses.add(status, count);
            added.ok_or_else(|| format!("statuses has {status}, which is none"))?;
        }
        Ok(())
    }

    fn add_times(&mut self, record: &Record) -> Result<(), String> {
        let (told, text) = (&record.latency_ns, &record.histograms);
        let recorder = &mut self.recorder;
        for (name, times, told, text) in [
            ("total", &mut recorder.total, told.total, &text.total),
            (
                "connect",
                &mut recorder.connect,
                told.connect,
                &text.connect,
            ),
            ("tls", &mut recorder.tls, told.tls, &text.tls),
            (
                "first_byte",
                &mut recorder.first_byte,
                told.first_byte,
                &text.first_byte,
            ),
            ("failed", &mut recorder.failed, told.failed, &text.failed),
            (
                "cancelled",
                &mut recorder.cancelled,
                told.cancelled,
                &text.cancelled,
            ),
        ] {
            add_to(times, name, told.as_ref(), text.as_deref())?;
        }
        Ok(())
    }

    fn add_schedule(&mut self, record: &Record) -> Result<(), String> {
        let (sum, schedule) = match (&mut self.recorder.open_loop, &record.schedule) {
            (None, None) => return Ok(()),
            (Some(sum), Some(schedule)) => (sum, schedule),
            _ => return Err("it is of an open loop and others are not, or they are".to_owned()),
        };
        sum.started += schedule.intended.saturating_sub(schedule.unsent);
        sum.late += schedule.late;
        sum.waited += schedule.waited;
        sum.unsent += schedule.unsent;
        sum.behind_ns_max = sum.behind_ns_max.max(schedule.behind_ns_max);
        let corrected = record.latency_ns.corrected.as_ref();
        let text = record.histograms.corrected.as_deref();
        add_to(&mut sum.corrected, "corrected", corrected, text)?;
        let lag = schedule.lag_ns.as_ref();
        add_to(&mut sum.lag, "lag", lag, record.histograms.lag.as_deref())
    }

    fn add_paths(&mut self, record: &Record) -> Result<(), String> {
        let names = record.paths.iter().map(|it| &it.path);
        if !names.eq(&self.paths) {
            return Err("its paths are not those of the others".to_owned());
        }
        let paths = self.recorder.paths.iter_mut().zip(&record.paths);
        for (index, (sum, path)) in (0_u64..).zip(paths) {
            let Path {
                succeeded,
                failed,
                cancelled,
                ..
            } = path;
            let name = || format!("histograms.paths.{index}");
            let text = record.histograms.paths.get(&index);
            let times = counted(text, &self.path, *succeeded, &name)?;
            if let Some(times) = times {
                sum.total.add(times).map_err(|error| error.to_string())?;
            }
            sum.succeeded += succeeded;
            sum.failed += failed;
            sum.cancelled += cancelled;
        }
        Ok(())
    }

    /// What ended in each second of it.
    fn seconds(&self, record: &Record) -> Result<Vec<(u64, SecondTally)>, String> {
        let rows = || record.series.iter();
        let [succeeded, failed] = [
            rows().map(|row| row.succeeded).sum::<u64>(),
            rows().map(|row| row.failed).sum::<u64>(),
        ];
        if (succeeded, failed) != (record.requests.succeeded, record.requests.failed) {
            return Err(format!(
                "series has {succeeded} successes and {failed} failures, requests has {} and {}",
                record.requests.succeeded, record.requests.failed
            ));
        }
        let touched = rows().filter(|row| row.succeeded + row.failed > 0);
        touched
            .map(|row| Ok((row.start_s, self.second(row, record)?)))
            .collect()
    }

    fn second(&self, row: &Second, record: &Record) -> Result<SecondTally, String> {
        // What ends with the run ends in its last second, or in the next at most.
        if row.start_s as f64 > record.elapsed_s + 1.0 {
            return Err(format!(
                "series has a row at {} s, elapsed_s is {}",
                row.start_s, record.elapsed_s
            ));
        }
        let name = || format!("histograms.seconds.{}", row.start_s);
        let text = record.histograms.seconds.get(&row.start_s);
        let latencies = counted(text, &self.second, row.succeeded, &name)?;
        let mean = row.latency_ns_mean.unwrap_or_default();
        let mut tally = SecondTally::default();
        tally.succeeded = row.succeeded;
        tally.failed = row.failed;
        tally.latency_ns_sum = (mean * row.succeeded as f64).round() as u64;
        tally.latency_ns_max = row.latency_ns_max.unwrap_or_default();
        let tally = match &latencies {
            Some(latencies) => tally.with_latencies(latencies),
            None => Some(tally),
        };
        tally.ok_or_else(|| format!("{} has more than a second has room for", name()))
    }

    /// The largest of the sums.
    fn largest(&self) -> u64 {
        let Recorder {
            requests,
            bytes,
            connections,
            ..
        } = &self.recorder;
        let statuses = self.recorder.statuses.to_map();
        let all = numbers(requests, connections, bytes).into_iter();
        all.chain(statuses.into_values()).max().unwrap_or_default()
    }
}

fn numbers(requests: &Requests, connections: &Connections, bytes: &Bytes) -> [u64; 11] {
    [
        requests.issued,
        requests.succeeded,
        requests.failed,
        requests.cancelled,
        connections.opened,
        connections.reused,
        connections.closed_by_peer,
        connections.resumed,
        bytes.sent,
        bytes.received,
        bytes.received_body,
    ]
}

/// Adds the text of a histogram, which has to have as many samples as the record says.
fn add_to(
    times: &mut Times,
    name: &str,
    told: Option<&Distribution>,
    text: Option<&str>,
) -> Result<(), String> {
    let name = || format!("histograms.{name}");
    let samples = told.map_or(0, |told| told.count);
    match counted(text, &times.0, samples, &name)? {
        Some(histogram) => times.0.add(histogram).map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

/// The histogram that is to have so many samples; none if that is no sample.
fn counted(
    text: Option<impl AsRef<str>>,
    like: &Histogram<u64>,
    samples: u64,
    name: &dyn Fn() -> String,
) -> Result<Option<Histogram<u64>>, String> {
    let Some(text) = text else {
        return match samples {
            0 => Ok(None),
            _ => Err(format!("{} is missing", name())),
        };
    };
    let decoded = decode(text.as_ref(), like);
    let decoded = decoded.map_err(|error| format!("{}: {error}", name()))?;
    let histogram = decoded.ok_or_else(|| {
        format!(
            "{} tells times apart in another way than this program",
            name()
        )
    })?;
    match histogram.len() == samples {
        true => Ok(Some(histogram)),
        false => Err(format!(
            "{} has {} samples and the record {samples}",
            name(),
            histogram.len()
        )),
    }
}

/// No number is so large that sums could overflow.
fn check_counts(record: &Record) -> Result<(), String> {
    let Record {
        requests,
        connections,
        bytes,
        ..
    } = record;
    let failures = record.failures.iter().map(|(_, count)| count);
    let of_schedule = record.schedule.iter().flat_map(|schedule| {
        [
            schedule.intended,
            schedule.late,
            schedule.waited,
            schedule.unsent,
            schedule.backlog_max,
        ]
    });
    let of_rows = record
        .series
        .iter()
        .flat_map(|row| [row.succeeded, row.failed]);
    let of_paths = record
        .paths
        .iter()
        .flat_map(|path| [path.succeeded, path.failed, path.cancelled]);
    let mut all = numbers(requests, connections, bytes)
        .into_iter()
        .chain(failures)
        .chain(record.statuses.values().copied())
        .chain(of_schedule)
        .chain(of_rows)
        .chain(of_paths);
    match all.find(|&number| number > COUNT_MAX) {
        Some(number) => Err(format!("{number} is more than a run can count")),
        None => Ok(()),
    }
}
