//! The forest plot: how much better or worse, how sure that is, and whether it matters.
//!
//! A ratio is turned so that right is always better: of what should be low, such as CPU and latency,
//! it is A over B. The numbers beside it are of the metric itself.

use crate::compare::{
    Best, Change, Comparison, Direction, Matrix, Metric, Ratio, Verdict, plain_percent,
    signed_percent,
};
use crate::report::model::verdicts;
use crate::report::svg::{
    Anchor, Axis, Canvas, Frame, Key, Look, Mark, SMALL, TEXT, Unit, WIDTH, factor, legend,
    painted, shortened, width_of,
};
use crate::report::{Figure, Scale};

/// Height of a row: a line of text, and the interval below it.
const ROW: f64 = 40.0;

/// Height of a row without an interval.
const ROW_WITHOUT: f64 = 26.0;

/// Above the rows: which way is better.
const HEAD: f64 = 28.0;

/// The axis reaches at least this far to both sides.
const REACH_MIN: f64 = 1.12;

/// And at most so many times as far as half of the rows do.
const REACH_MAX: f64 = 12.0;

/// Numbers below, about.
const TICKS: usize = 6;

/// From this factor on a change is said as a factor.
const FACTOR_MIN: f64 = 10.0;

/// A question, and its answer.
struct Row {
    /// What is asked: scenario, metric and, if that differs between rows, who.
    title: String,
    /// The answer in numbers, or why there is none.
    numbers: String,
    /// Estimate and interval, turned so that more is better; none if the answer is hidden.
    ratio: Option<Turned>,
    /// There is an answer.
    is_decided: bool,
    /// The runs cannot be believed.
    is_doubted: bool,
    /// The better side is better by at least as much.
    is_at_least: bool,
}

impl Row {
    fn height(&self) -> f64 {
        if self.ratio.is_some() {
            ROW
        } else {
            ROW_WITHOUT
        }
    }
}

#[derive(Clone, Copy)]
struct Turned {
    low: f64,
    estimate: f64,
    high: f64,
}

/// What the two ends of the axis are called.
struct Sides {
    worse: String,
    better: String,
    /// Who against whom, in front of what is said; empty if the rows say it.
    who: String,
}

/// One figure for pairs; for many servers one for each metric.
pub fn of(comparison: &Comparison) -> Vec<Figure> {
    match &comparison.matrix {
        Some(matrix) => of_matrix(comparison, matrix),
        None => of_cases(comparison).into_iter().collect(),
    }
}

fn of_cases(comparison: &Comparison) -> Option<Figure> {
    let mut rows = Vec::new();
    let first = comparison.cases.first()?;
    let (a, b) = (&first.a.label, &first.b.label);
    let is_one_pair = comparison
        .cases
        .iter()
        .all(|it| it.a.label == *a && it.b.label == *b);
    for case in &comparison.cases {
        let who = match is_one_pair {
            true => case.title(),
            false => format!(
                "{}: {} against {}",
                case.title(),
                case.b.label,
                case.a.label
            ),
        };
        let judged = case.changes.iter().filter(|change| change.judged);
        rows.extend(judged.map(|change| {
            let what = change.metric.label_of(case.load.unit());
            let title = if who.is_empty() {
                what
            } else {
                format!("{who} · {what}")
            };
            row_of(change, title)
        }));
    }
    let sides = match is_one_pair {
        true => Sides {
            worse: format!("{a} better"),
            better: format!("{b} better"),
            who: format!("{b} against {a}: "),
        },
        false => Sides {
            worse: "worse".to_owned(),
            better: "better".to_owned(),
            who: String::new(),
        },
    };
    let title = match is_one_pair {
        true => format!("How {b} differs from {a}"),
        false => "How the servers differ".to_owned(),
    };
    figure("forest", title, &rows, comparison.threshold, &sides)
}

fn of_matrix(comparison: &Comparison, matrix: &Matrix) -> Vec<Figure> {
    let figure_of = |metric: Metric| {
        let best = verdicts::best(matrix, metric).filter(|(_, it)| it.p_value.is_some());
        let rows: Vec<Row> = best
            .map(|(scenario, it)| row_of_best(scenario, it))
            .collect();
        let sides = Sides {
            worse: "runner-up better".to_owned(),
            better: "best better".to_owned(),
            who: String::new(),
        };
        let title = format!("The best against the runner-up: {}", metric.label());
        let id = format!("forest-{}", metric.label().replace(' ', "-"));
        figure(&id, title, &rows, comparison.threshold, &sides)
    };
    // What is judged where there are pairs comes first.
    let mut metrics = verdicts::metrics(matrix);
    metrics.sort_by_key(|metric| *metric != Metric::ServerCpuUsPerRequest);
    metrics.into_iter().filter_map(figure_of).collect()
}

fn row_of(change: &Change, title: String) -> Row {
    let verdict = change.verdict;
    let is_hidden = verdict == Some(Verdict::LimitedByLoadGenerator);
    let ratio = change.ratio.filter(|_| !is_hidden);
    let numbers = match (is_hidden, ratio) {
        (true, _) => "hidden by the load generator".to_owned(),
        (false, None) => "not known".to_owned(),
        (false, Some(ratio)) => said(&ratio, change.is_lower_bound, verdict),
    };
    Row {
        title,
        numbers,
        ratio: ratio.map(|ratio| turned(&ratio, change.metric)),
        is_decided: matches!(
            verdict,
            Some(Verdict::Higher | Verdict::Lower | Verdict::Equivalent | Verdict::SmallDifference)
        ),
        is_doubted: verdict == Some(Verdict::Invalid),
        is_at_least: change.is_lower_bound,
    }
}

fn row_of_best(scenario: &str, best: &Best) -> Row {
    let title = format!("{scenario} · {} against {}", best.server, best.runner_up);
    let ratio = best.ratio.as_ref();
    Row {
        title,
        numbers: ratio.map_or("not known".to_owned(), |ratio| said(ratio, false, None)),
        ratio: ratio.map(|ratio| turned(ratio, best.metric)),
        is_decided: best.is_clear,
        is_doubted: false,
        is_at_least: false,
    }
}

/// `at least +31 % (+29 % to +33 %)`, and why that is no answer.
fn said(ratio: &Ratio, is_at_least: bool, verdict: Option<Verdict>) -> String {
    let at_least = if is_at_least { "at least " } else { "" };
    let interval = ratio
        .interval
        .map(|interval| format!(" ({} to {})", change(interval.low), change(interval.high)));
    let open = match verdict {
        Some(Verdict::Inconclusive) => "open: ",
        Some(Verdict::Invalid) => "not to be believed: ",
        _ => "",
    };
    let estimate = change(ratio.estimate);
    format!("{open}{at_least}{estimate}{}", interval.unwrap_or_default())
}

fn change(ratio: f64) -> String {
    match ratio < FACTOR_MIN {
        true => signed_percent(ratio),
        false => factor(ratio),
    }
}

fn turned(ratio: &Ratio, metric: Metric) -> Turned {
    let estimate = ratio.estimate;
    let (low, high) = match ratio.interval {
        Some(interval) => (interval.low, interval.high),
        None => (estimate, estimate),
    };
    match metric.direction() {
        Direction::HigherIsBetter => Turned {
            low,
            estimate,
            high,
        },
        Direction::LowerIsBetter => Turned {
            low: 1.0 / high,
            estimate: 1.0 / estimate,
            high: 1.0 / low,
        },
    }
}

fn figure(id: &str, title: String, rows: &[Row], threshold: f64, sides: &Sides) -> Option<Figure> {
    if rows.is_empty() {
        return None;
    }
    let said = |row: &Row| format!("{}: {}", row.title, row.numbers);
    let alt: Vec<String> = rows.iter().map(said).collect();
    Some(Figure {
        id: id.to_owned(),
        title,
        caption: format!(
            "Ratios with their 95 % intervals. Right is always better: what should be low, such as \
             CPU and latency, is turned over. Within the band, {} to each side, a difference does \
             not matter.",
            plain_percent(threshold)
        ),
        alt: format!("{}{}.", sides.who, alt.join("; ")),
        svg: draw(rows, threshold, sides),
        table: None,
        zoom: Vec::new(),
    })
}

fn draw(rows: &[Row], threshold: f64, sides: &Sides) -> String {
    let mut canvas = Canvas::new();
    let keys = keys(rows);
    let top = legend(&mut canvas, (8.0, 0.0), WIDTH - 16.0, &keys) + HEAD;
    let frame = Frame {
        left: 8.0,
        top,
        width: WIDTH - 16.0,
        height: rows.iter().map(Row::height).sum::<f64>() + 6.0,
    };
    let axis = frame.across(axis(rows, threshold));
    ground(&mut canvas, &frame, &axis, threshold);
    let ticks = axis.ticks(TICKS);
    frame.below(&mut canvas, &axis, &ticks, |tick| Unit::Factor.tick(tick));
    heads(&mut canvas, &frame, &axis, sides);
    let mut top = frame.top;
    for row in rows {
        draw_row(&mut canvas, &frame, &axis, row, top);
        top += row.height();
    }
    canvas.finish(frame.bottom() + 26.0)
}

/// What is not plain from the numbers beside it.
fn keys(rows: &[Row]) -> Vec<Key> {
    let has = |test: fn(&Row) -> bool| rows.iter().any(test);
    let keys = [
        has(|row| row.is_doubted).then(|| Key::Hollow("cannot be believed".to_owned())),
        has(|row| row.is_at_least)
            .then(|| Key::Sign("⇢", "at least: the load generator was the limit".to_owned())),
    ];
    keys.into_iter().flatten().collect()
}

/// An axis for most rows: what lies far beyond the others has an arrow at its end.
fn axis(rows: &[Row], threshold: f64) -> Axis {
    let ratios = || rows.iter().filter_map(|row| row.ratio);
    let reach = |it: &Turned| it.low.ln().abs().max(it.high.ln().abs());
    let mut reaches: Vec<f64> = ratios()
        .map(|it| reach(&it))
        .filter(|it| it.is_finite())
        .collect();
    reaches.sort_by(f64::total_cmp);
    let usual = reaches.get(reaches.len() / 2).copied().unwrap_or(0.0);
    let least = REACH_MIN.ln().max(3.0 * threshold.ln_1p());
    let limit = (REACH_MAX * usual).max(least);
    let ends = ratios().flat_map(|it| [it.low.ln(), it.high.ln()]);
    let ends: Vec<f64> = ends.map(|it| it.clamp(-limit, limit)).collect();
    let low = ends.iter().copied().fold(-least, f64::min);
    let high = ends.iter().copied().fold(least, f64::max);
    let air = 0.04 * (high - low);
    Axis::between((low - air).exp(), (high + air).exp(), Scale::Log)
}

/// The band of what does not matter, and the line at 1.
fn ground(canvas: &mut Canvas, frame: &Frame, axis: &Axis, threshold: f64) {
    let ends = [1.0 / (1.0 + threshold), 1.0 + threshold].map(|it| axis.at(it));
    if let [Some(low), Some(high)] = ends {
        let size = (high - low, frame.height);
        canvas.rect(
            (low, frame.top),
            size,
            &Look::of("band").with("fill-opacity", "0.18"),
        );
    }
}

/// Which way is whose.
fn heads(canvas: &mut Canvas, frame: &Frame, axis: &Axis, sides: &Sides) {
    let Some(x) = axis.at(1.0) else { return };
    canvas.line((x, frame.top - 6.0), (x, frame.bottom()), &Look::of("axis"));
    let y = frame.top - 12.0;
    let room = |width: f64| width - 24.0;
    let worse = shortened(&format!("← {}", sides.worse), room(x - frame.left), SMALL);
    let better = shortened(
        &format!("{} →", sides.better),
        room(frame.right() - x),
        SMALL,
    );
    canvas.text((x - 10.0, y), Anchor::End, SMALL, "quiet", &worse);
    canvas.text((x + 10.0, y), Anchor::Start, SMALL, "quiet", &better);
}

fn draw_row(canvas: &mut Canvas, frame: &Frame, axis: &Axis, row: &Row, top: f64) {
    let y = top + 16.0;
    let room = frame.width - width_of(&row.numbers, TEXT) - 16.0;
    let title = shortened(&row.title, room.max(120.0), TEXT);
    let class = if row.is_decided { "" } else { "quiet" };
    // The lines behind words end above them, and go on below.
    let ground = |canvas: &mut Canvas, left: f64, width: f64| {
        canvas.rect((left, top + 2.0), (width, 19.0), &Look::of("ground"));
    };
    ground(canvas, 0.0, frame.left + width_of(&title, TEXT) + 4.0);
    let numbers = frame.right() - width_of(&row.numbers, TEXT) - 4.0;
    ground(canvas, numbers, WIDTH - numbers);
    canvas.text((frame.left, y), Anchor::Start, TEXT, "", &title);
    canvas.text((frame.right(), y), Anchor::End, TEXT, class, &row.numbers);
    if let Some(ratio) = row.ratio {
        interval(canvas, frame, axis, row, &ratio, top + 29.0);
    }
}

fn interval(canvas: &mut Canvas, frame: &Frame, axis: &Axis, row: &Row, ratio: &Turned, y: f64) {
    let places = [ratio.low, ratio.estimate, ratio.high].map(|it| axis.at(it));
    let [Some(low), Some(middle), Some(high)] = places else {
        return;
    };
    let class = if row.is_decided { "series-0" } else { "quiet" };
    let line = Look::of(class).with("stroke-width", "2");
    canvas.line((low, y), (high, y), &line);
    for (end, place) in [(ratio.low, low), (ratio.high, high)] {
        match axis.holds(end) {
            true => canvas.line((place, y - 4.0), (place, y + 4.0), &line),
            false => arrow(canvas, (place, y), end > 1.0, class),
        }
    }
    if row.is_at_least {
        // The better side is better by as much or more: the interval has no end there.
        let is_right = ratio.estimate > 1.0;
        let (from, to) = match is_right {
            true => (high, frame.right() - 2.0),
            false => (low, frame.left + 2.0),
        };
        canvas.line((from, y), (to, y), &line.with("stroke-dasharray", "3 4"));
        arrow(canvas, (to, y), is_right, class);
    }
    if axis.holds(ratio.estimate) {
        let title = format!("{}: {}", row.title, row.numbers);
        let (series, is_hollow) = (0, row.is_doubted);
        let value = Mark {
            series,
            radius: 4.5,
            is_hollow,
            title: &title,
        };
        painted(
            canvas,
            &[(middle, y)],
            &value,
            Look::of(format!("mark {class}")),
        );
    }
}

fn arrow(canvas: &mut Canvas, (x, y): (f64, f64), is_right: bool, class: &str) {
    let back = if is_right { x - 8.0 } else { x + 8.0 };
    let d = format!(
        "M{x:.1} {y:.1}L{back:.1} {:.1}L{back:.1} {:.1}z",
        y - 5.0,
        y + 5.0
    );
    canvas.shape(&d, &Look::of(format!("mark {class}")));
}
