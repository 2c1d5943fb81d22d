//! The comparison as a whole, for a terminal and for `summary.md`.

use super::case::Case;
use super::change::Change;
use super::comparison::Comparison;
use super::text::{plain_percent, signed_percent, times, value};

const COLUMNS: usize = 6;

/// Cells of one row: metric, A, B, B against A, interval, verdict.
pub(crate) type Row = [String; COLUMNS];

/// A change above this factor is shown as a factor.
const FACTOR_MIN: f64 = 10.0;

impl Comparison {
    /// Plain text for a terminal.
    pub fn to_text(&self) -> String {
        let mut text = self.cases_text();
        for (place, gate) in self.gates.iter().enumerate() {
            let gap = if place == 0 { "\n" } else { "" };
            text.push_str(&format!("{gap}{gate}\n"));
        }
        for note in self.notes() {
            text.push_str(&format!("\nnote: {note}\n"));
        }
        for (place, line) in self.noise_lines().iter().enumerate() {
            let gap = if place == 0 { "\n" } else { "" };
            text.push_str(&format!("{gap}{line}\n"));
        }
        text
    }

    /// Of all servers.
    fn notes(&self) -> &[String] {
        self.benchmark.as_ref().map_or(&[], |it| &it.notes)
    }

    fn cases_text(&self) -> String {
        if let Some((matrix, benchmark)) = self.matrix() {
            return matrix.to_text(benchmark);
        }
        let cases = self.cases.iter().map(case_text).collect::<Vec<_>>();
        let mut text = cases.join("\n");
        for line in &self.unmatched {
            text.push_str(&format!("\nleft out: {line}\n"));
        }
        text
    }

    /// Markdown, as `summary.md` has it.
    pub fn to_markdown(&self) -> String {
        let mut text = self.cases_markdown();
        if !self.gates.is_empty() {
            text.push_str("\n## Gates\n\n");
        }
        for gate in &self.gates {
            text.push_str(&format!("- {}\n", escaped(&gate.to_string())));
        }
        if !self.notes().is_empty() {
            text.push_str("\n## Notes\n\n");
        }
        for note in self.notes() {
            text.push_str(&format!("- {}\n", escaped(note)));
        }
        for line in self.noise_lines() {
            text.push_str(&format!("\n{}\n", escaped(&line)));
        }
        text
    }

    fn cases_markdown(&self) -> String {
        let mut text = "# Comparison\n".to_owned();
        if let Some((matrix, benchmark)) = self.matrix() {
            return format!("{text}\n{}", matrix.to_markdown(benchmark));
        }
        for case in &self.cases {
            text.push('\n');
            text.push_str(&case_markdown(case));
        }
        text.push_str(&format!("\n{}\n", self.legend()));
        if !self.unmatched.is_empty() {
            text.push_str("\n## Left out\n\n");
            for line in &self.unmatched {
                text.push_str(&format!("- {line}\n"));
            }
        }
        text
    }

    /// How the numbers are to be read.
    pub(crate) fn legend(&self) -> String {
        if let Some(matrix) = &self.matrix {
            return matrix.legend();
        }
        format!(
            "Medians of the rounds. The change is the Hodges–Lehmann estimate of the second \
             against the first, paired by round, with its exact 95 % interval (Wilcoxon's signed \
             ranks). Verdicts are corrected for their number (Holm); differences up to {} do not \
             matter. Rows without a verdict are described, not judged.",
            plain_percent(self.threshold)
        )
    }
}

fn case_text(case: &Case) -> String {
    let mut text = format!("{}\n", heading(case));
    for sentence in &case.sentences {
        text.push_str(&format!("  {sentence}\n"));
    }
    text.push('\n');
    for line in aligned(&rows(case)) {
        text.push_str(&format!("  {line}\n"));
    }
    for note in &case.notes {
        text.push_str(&format!("\n  note: {note}\n"));
    }
    text
}

fn case_markdown(case: &Case) -> String {
    let mut text = format!("## {}\n", heading(case));
    for sentence in &case.sentences {
        text.push_str(&format!("\n**{}**\n", escaped(sentence)));
    }
    text.push('\n');
    for (index, row) in rows(case).iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if index == 0 {
            text.push_str("|---|---:|---:|---:|---:|---|\n");
        }
    }
    if !case.notes.is_empty() {
        text.push('\n');
    }
    for note in &case.notes {
        text.push_str(&format!("- {}\n", escaped(note)));
    }
    text
}

impl Case {
    /// Its table: a line of heads, then one for each metric.
    pub(crate) fn rows(&self) -> Vec<Row> {
        rows(self)
    }
}

/// `close: async against sync`.
pub(crate) fn heading(case: &Case) -> String {
    let sides = format!("{} against {}", case.b.label, case.a.label);
    match case.title() {
        title if title.is_empty() => sides,
        title => format!("{title}: {sides}"),
    }
}

fn rows(case: &Case) -> Vec<Row> {
    let (a, b) = (&case.a.label, &case.b.label);
    let heads = ["", a, b, "change", "95 % interval", "verdict"].map(str::to_owned);
    std::iter::once(heads)
        .chain(
            case.changes
                .iter()
                .map(|change| row(change, case.load.unit())),
        )
        .collect()
}

fn row(change: &Change, unit: &str) -> Row {
    let interval = change.ratio.and_then(|ratio| ratio.interval);
    let verdict = change.verdict.map_or("", |verdict| verdict.label());
    [
        change.metric.label_of(unit),
        value(change.metric, change.a_median),
        value(change.metric, change.b_median),
        change
            .ratio
            .map(|ratio| relative(ratio.estimate))
            .unwrap_or_default(),
        interval
            .map(|interval| format!("{} to {}", relative(interval.low), relative(interval.high)))
            .unwrap_or_default(),
        if change.is_lower_bound {
            format!("{verdict} (at least)")
        } else {
            verdict.to_owned()
        },
    ]
}

fn relative(ratio: f64) -> String {
    if ratio < FACTOR_MIN {
        signed_percent(ratio)
    } else {
        format!("× {}", times(ratio))
    }
}

/// Columns of equal width: the first and the last to the left, numbers to the
/// right.
fn aligned(rows: &[Row]) -> Vec<String> {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &Row| {
        let [metric, numbers @ .., verdict] = row;
        let mut line = format!("{metric:<width$}", width = widths[0]);
        for (cell, width) in numbers.iter().zip(&widths[1..]) {
            line.push_str(&format!("  {cell:>width$}"));
        }
        line.push_str(&format!("  {verdict}"));
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Text that Markdown shows as it is: labels may come from a command line.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_|<>[]".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::sample::{compare, saturate, sync_and_async};
    use crate::record::Record;

    /// A benchmark of two scenarios: a new connection for each request, where
    /// the load generator is the limit, and keep-alive.
    fn benchmark() -> Comparison {
        let keep_alive = |records: Vec<Record>| {
            records.into_iter().map(|mut record| {
                record.bench.as_mut().unwrap().scenario = "keep-alive".to_owned();
                record.started_at = record.started_at.replace("T12", "T13");
                record.plan.keep_alive = true;
                record
            })
        };
        let (mut sync, mut r#async) = sync_and_async(10_070.0, 47.1);
        sync.iter_mut().chain(&mut r#async).for_each(saturate);
        let (kept_sync, kept_async) = sync_and_async(203_000.0, 29.0);
        sync.extend(keep_alive(kept_sync));
        r#async.extend(keep_alive(kept_async));
        let mut comparison = compare(sync, r#async);
        comparison.cases[1]
            .notes
            .push("a note with a | in it".to_owned());
        comparison
            .unmatched
            .push("epoll in scenario delay has no sync".to_owned());
        comparison
    }

    #[test]
    fn a_terminal_sees_aligned_columns() {
        assert_eq!(benchmark().to_text(), include_str!("golden/comparison.txt"));
    }

    #[test]
    fn a_summary_is_markdown() {
        assert_eq!(benchmark().to_markdown(), include_str!("golden/summary.md"));
    }
}
