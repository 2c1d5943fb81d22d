//! A history for a terminal: a row for each benchmark, and beside it where its interval lies.

use std::fmt::Write as _;

use super::History;
use super::series::{Point, Series, Step};
use crate::compare::{Direction, Metric, Verdict, plain_percent, signed_percent, value};
use crate::output::whisker;

/// Columns of the drawing.
const WIDTH: usize = 30;

/// Cells of a row, but for the drawing and what is said of the change.
type Cells = [String; 5];

impl History {
    /// Plain text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let series = self.series.iter().map(|series| self.series_text(series));
        let mut text = series.collect::<Vec<_>>().join("\n");
        let changes = self.steps().filter(|step| step.is_change).count();
        let _ = writeln!(text, "\n{}", self.conclusion(changes));
        text
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        let points = self.series.iter().flat_map(|series| &series.points);
        points.filter_map(|point| point.step.as_ref())
    }

    fn conclusion(&self, changes: usize) -> String {
        let Self { questions, .. } = self;
        let threshold = plain_percent(self.threshold);
        let found = match (changes, questions) {
            (_, 0) => return "No two runs could be compared.".to_owned(),
            (0, _) => "No change point".to_owned(),
            (1, _) => "1 change point, marked ◆".to_owned(),
            (many, _) => format!("{many} change points, marked ◆"),
        };
        format!(
            "{found}: a change is beyond {threshold} and none of chance's, with 95 % confidence in all \
             answers ({questions}) together (Mann and Whitney, Holm)."
        )
    }

    fn series_text(&self, series: &Series) -> String {
        let Series {
            scenario, server, ..
        } = series;
        let label = self.metric.label();
        let better = match self.metric.direction() {
            Direction::HigherIsBetter => "higher",
            Direction::LowerIsBetter => "lower",
        };
        let mut text = match &series.baseline {
            Some(baseline) => format!(
                "{scenario}: {label} of {server}, times that of {baseline} ({better} is better)\n"
            ),
            None => format!("{scenario}: {label} of {server} ({better} is better)\n"),
        };
        let heads = ["run", "commit", "rounds", "median", "95 % interval"].map(str::to_owned);
        let rows = series.points.iter().map(|point| self.cells(point));
        let rows: Vec<Cells> = std::iter::once(heads).chain(rows).collect();
        let scale = scale(&series.points);
        let drawings = series.points.iter().map(|point| drawing(point, scale));
        let drawings = std::iter::once(String::new()).chain(drawings);
        let steps = series.points.iter().map(|point| remark(point, self.metric));
        let steps = std::iter::once("change from the run before".to_owned()).chain(steps);
        for ((cells, drawing), step) in aligned(&rows).into_iter().zip(drawings).zip(steps) {
            let line = format!("  {cells}  {drawing:WIDTH$}  {step}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    fn cells(&self, point: &Point) -> Cells {
        let shown = |number: f64| match self.absolute {
            true => value(self.metric, number),
            false => format!("{number:.3}"),
        };
        let interval = point.interval.map(|it| (shown(it.low), shown(it.high)));
        [
            minute(&point.started_at),
            point.commit.clone().unwrap_or_default(),
            point.values.len().to_string(),
            shown(point.median),
            interval.map_or_else(String::new, |(low, high)| format!("{low} to {high}")),
        ]
    }
}

/// `2026-03-01 12:34` of a time to the millisecond.
fn minute(started_at: &str) -> String {
    let minute: String = started_at.chars().take(16).collect();
    minute.replace('T', " ")
}

/// The lowest and the highest that is drawn.
fn scale(points: &[Point]) -> (f64, f64) {
    let ends = points.iter().flat_map(ends_of);
    ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
        (low.min(it), high.max(it))
    })
}

fn ends_of(point: &Point) -> [f64; 3] {
    let (low, high) = point
        .interval
        .map_or((point.median, point.median), |it| (it.low, it.high));
    [low, point.median, high]
}

fn drawing(point: &Point, scale: (f64, f64)) -> String {
    whisker(ends_of(point), scale, WIDTH)
}

/// What is said of the change, and of the run itself.
fn remark(point: &Point, metric: Metric) -> String {
    if point.rounds_invalid > 0 {
        let count = point.rounds_invalid;
        return format!("not compared: {count} of its runs cannot be believed");
    }
    match &point.step {
        None if point.is_limited => "the load generator was the limit".to_owned(),
        None => String::new(),
        Some(step) => change(step, metric),
    }
}

fn change(step: &Step, metric: Metric) -> String {
    if !step.differing.is_empty() {
        return format!("not compared: {} changed", step.differing.join(", "));
    }
    match step.verdict {
        Some(Verdict::Invalid) => return "not compared: the run before is invalid".to_owned(),
        Some(Verdict::LimitedByLoadGenerator) => {
            return "not compared: the load generator was the limit".to_owned();
        }
        _ => {}
    }
    let Some(ratio) = step.ratio else {
        return "not compared: a value is zero".to_owned();
    };
    let mut text = signed_percent(ratio.estimate);
    if let Some(since) = &step.since {
        let _ = write!(text, " since {}", minute(since));
    }
    if let Some(interval) = ratio.interval {
        let (low, high) = (signed_percent(interval.low), signed_percent(interval.high));
        let _ = write!(text, " ({low} to {high})");
    }
    if step.is_change {
        let is_better = step.verdict.and_then(|verdict| verdict.b_is_better(metric));
        text.push_str(match is_better {
            Some(true) => " ◆ better",
            _ => " ◆ worse",
        });
    }
    text
}

/// Columns of equal width: the first two to the left, numbers to the right.
fn aligned(rows: &[Cells]) -> Vec<String> {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3, 4].map(width);
    let line = |row: &Cells| {
        let cells = row.iter().zip(widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}
