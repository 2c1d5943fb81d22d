//! The runs together: for a terminal, and as `summary.md`.

use std::fmt::{self, Write};

use super::plan::Push;
use super::sentence::sentences;
use super::table::table;
use super::{Report, Run};
use crate::bench::directory::cores;
use crate::push::record::{Range, Record};
use crate::push::text::{bytes, charts, known, milliseconds};
use crate::push::trouble::troubles;

const HEAD: [&str; 10] = [
    "server",
    "client",
    "received/s",
    "processed/s",
    "Send-Q",
    "Recv-Q",
    "queue",
    "memory",
    "age",
    "server memory",
];

impl Report {
    /// Tables and sentences, without [`Self::troubles`].
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_tables(&mut text);
        text
    }

    /// The same with these, circumstances and charts.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = "# Push\n\n".to_owned();
        let _ = self.write_tables(&mut text);
        for trouble in self.troubles() {
            let _ = writeln!(text, "\n{trouble}");
        }
        let _ = self.write_circumstances(&mut text);
        let _ = self.write_charts(&mut text);
        text
    }

    /// What went wrong in runs, a line each.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        self.runs.iter().flat_map(|run| {
            let (name, troubles) = (run.case.name(), troubles(&run.record));
            troubles.into_iter().map(move |it| format!("{name}: {it}"))
        })
    }

    fn write_tables(&self, out: &mut String) -> fmt::Result {
        for push in Push::ALL {
            let runs = self.runs.iter().filter(|run| run.case.push == push);
            let rows: Vec<Vec<String>> = runs.map(row).collect();
            if rows.is_empty() {
                continue;
            }
            writeln!(out, "## {}\n\n{}", push.title(), table(&HEAD, &rows))?;
            for sentence in sentences(&self.runs, push) {
                writeln!(out, "- {sentence}")?;
            }
            writeln!(out)?;
        }
        writeln!(
            out,
            "Send-Q, Recv-Q: median over the run, all clients together. Queue, memory, age: at the \
             end. Server memory: its peak."
        )
    }

    fn write_circumstances(&self, out: &mut String) -> fmt::Result {
        let Some(Run { record, .. }) = self.runs.first() else {
            return Ok(());
        };
        let environment = &record.environment;
        let cpu = environment.cpu_model.as_deref().unwrap_or("unknown CPU");
        let commit = record.tool.git.as_deref().unwrap_or("unknown commit");
        writeln!(out, "\n## Circumstances\n")?;
        writeln!(
            out,
            "- Began {}; loadgen {} ({commit}), {} build.",
            record.started_at, record.tool.version, record.tool.profile
        )?;
        writeln!(
            out,
            "- {cpu}; {}, kernel {}.",
            environment.os, environment.kernel
        )?;
        writeln!(out, "- {}", cores(&self.cores))?;
        writeln!(
            out,
            "- {} runs of {} s, each of a fresh server and a fresh client.",
            self.runs.len(),
            record.plan.duration_s
        )?;
        let late: u64 = self.runs.iter().map(|run| run.record.late_rows).sum();
        if late > 0 {
            writeln!(
                out,
                "- {late} rows of all runs were taken over 100 ms late."
            )?;
        }
        if self.interrupted {
            writeln!(out, "- **Interrupted**: complete runs only.")?;
        }
        Ok(())
    }

    fn write_charts(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n## Over time\n")?;
        writeln!(out, "Each line from 0 to its own maximum.")?;
        for run in &self.runs {
            writeln!(out, "\n`{}`\n\n```text", run.case.name())?;
            for line in charts(&run.record) {
                writeln!(out, "{line}")?;
            }
            writeln!(out, "```")?;
        }
        Ok(())
    }
}

fn row(run: &Run) -> Vec<String> {
    let Run { case, record } = run;
    let Record { course, .. } = record;
    let median = |range: Option<Range>| known(range.map(|range| range.median), bytes);
    let last =
        |range: Option<Range>, show: fn(f64) -> String| known(range.map(|range| range.last), show);
    let server_peak = record.server.and_then(|server| server.rss_bytes_peak);
    vec![
        case.server.label.clone(),
        case.reader.title(),
        format!("{:.0}", record.received_per_second),
        format!("{:.0}", record.processed_per_second),
        median(course.send_queue_bytes),
        median(course.receive_queue_bytes),
        record.messages.queued.to_string(),
        last(course.rss_bytes, bytes),
        last(course.age_ms, milliseconds),
        known(server_peak.map(|peak| peak as f64), bytes),
    ]
}
