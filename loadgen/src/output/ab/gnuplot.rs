//! ab's `-g`: a row for each request, for gnuplot and for whoever reads ab's rows.

use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::engine::samples::Sample;
use crate::outcome::Outcome;
use crate::system::local_time::local_time;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What a row has to say of one request: 24 bytes, since all are kept until they are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GnuplotRow {
    started_ns: u64,
    connect_us: u32,
    total_us: u32,
    wait_us: u32,
}

impl GnuplotRow {
    /// The row of a request; none if the end of the run cut it off.
    #[must_use]
    pub fn of(sample: &Sample) -> Option<Self> {
        let timing = &sample.timing;
        // An answer may begin before the request is written whole.
        let wait_ns = |first_byte_ns: u64| Some(first_byte_ns.saturating_sub(timing.sent_ns?));
        (sample.outcome != Outcome::Cancelled).then(|| Self {
            started_ns: timing.started_ns,
            connect_us: microseconds(timing.connected_ns - timing.started_ns),
            total_us: microseconds(timing.ended_ns - timing.started_ns),
            wait_us: microseconds(timing.first_byte_ns.and_then(wait_ns).unwrap_or_default()),
        })
    }
}

/// Writes the rows as tab-separated values below a heading, the request that took least first.
/// Times are milliseconds, as integers; `began_at` is what the samples' times count from.
///
/// # Errors
///
/// Those of `out`.
pub fn write_gnuplot(
    out: &mut dyn Write,
    rows: &mut [GnuplotRow],
    began_at: SystemTime,
) -> io::Result<()> {
    rows.sort_by_key(|row| row.total_us);
    out.write_all(b"starttime\tseconds\tctime\tdtime\tttime\twait\n")?;
    for row in rows {
        let started_at = began_at + Duration::from_nanos(row.started_ns);
        let since_epoch = started_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = since_epoch.as_secs();
        writeln!(
            out,
            "{}\t{seconds}\t{}\t{}\t{}\t{}",
            StartTime(seconds),
            milliseconds(row.connect_us),
            milliseconds(row.total_us.saturating_sub(row.connect_us)),
            milliseconds(row.total_us),
            milliseconds(row.wait_us),
        )?;
    }
    Ok(())
}

/// Five words, by which some readers count their columns: `Sat Nov 21 04:13:10 2026`, local time.
struct StartTime(u64);

impl fmt::Display for StartTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(time) = i64::try_from(self.0).ok().and_then(local_time) else {
            return formatter.write_str("- - - - -");
        };
        write!(
            formatter,
            "{} {} {:02} {:02}:{:02}:{:02} {}",
            DAYS[time.weekday],
            MONTHS[time.month],
            time.day,
            time.hour,
            time.minute,
            time.second,
            time.year,
        )
    }
}

/// Up to 71 minutes; what took longer is shown as that.
fn microseconds(ns: u64) -> u32 {
    u32::try_from(ns / 1000).unwrap_or(u32::MAX)
}

/// The nearest whole number.
fn milliseconds(us: u32) -> u32 {
    us.saturating_add(500) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Cause;
    use crate::recorder::Timing;

    fn sample(started_ms: u64, connected_ms: u64, total_us: u64) -> Sample {
        let ns = 1_000_000;
        let started_ns = started_ms * ns;
        Sample {
            timing: Timing {
                connected_ns: started_ns + connected_ms * ns,
                sent_ns: Some(started_ns + connected_ms * ns),
                first_byte_ns: Some(started_ns + total_us * 1000 / 2),
                ended_ns: started_ns + total_us * 1000,
                ..Timing::starting(started_ns, 0)
            },
            outcome: Outcome::Succeeded,
            answer: None,
        }
    }

    fn written(samples: &[Sample]) -> Vec<String> {
        let mut rows: Vec<_> = samples.iter().filter_map(GnuplotRow::of).collect();
        let mut out = Vec::new();
        let began_at = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        write_gnuplot(&mut out, &mut rows, began_at).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// A row without its first column, which depends on where this machine is.
    fn numbers(row: &str) -> &str {
        row.split_once('\t').unwrap().1
    }

    #[test]
    fn rows_are_sorted_by_total_time_and_rounded_to_milliseconds() {
        let rows = written(&[
            sample(100, 2, 9_500),
            sample(99, 0, 1_499),
            sample(0, 1, 4_000),
        ]);
        assert_eq!(rows[0], "starttime\tseconds\tctime\tdtime\tttime\twait");
        let rows: Vec<_> = rows[1..].iter().map(|row| numbers(row)).collect();
        assert_eq!(
            rows,
            [
                "1700000000\t0\t1\t1\t1",
                "1700000000\t1\t3\t4\t1",
                "1700000001\t2\t8\t10\t3",
            ]
        );
    }

    #[test]
    fn the_start_is_five_words() {
        let rows = written(&[sample(0, 0, 1)]);
        let words: Vec<_> = rows[1].split_whitespace().collect();
        assert_eq!(words.len(), 10, "{rows:?}");
        assert!(DAYS.contains(&words[0]) && MONTHS.contains(&words[1]));
        assert_eq!((words[2].len(), words[4]), (2, "2023"));
    }

    #[test]
    fn a_failure_has_a_row_and_a_request_that_was_cut_off_has_none() {
        let failed = Sample {
            outcome: Outcome::Failed(Cause::ConnectRefused),
            timing: Timing::starting(0, 0),
            answer: None,
        };
        let cancelled = Sample {
            outcome: Outcome::Cancelled,
            ..failed
        };
        let rows = written(&[failed, cancelled]);
        assert_eq!(rows.len(), 2);
        assert_eq!(numbers(&rows[1]), "1700000000\t0\t0\t0\t0");
    }
}
