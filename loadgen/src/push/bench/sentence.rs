//! What the runs say, in words that hold whatever they say: the numbers decide.

use super::Run;
use super::plan::{Push, Reader};
use crate::push::record::Record;
use crate::push::text::{bytes, milliseconds};

/// Speeds that differ by less than this share are called the same.
const SAME: f64 = 0.02;

/// Where messages waited, whose memory grew, and how fast they were processed.
pub(super) fn sentences(runs: &[Run], push: Push) -> Vec<String> {
    let of = |value: fn(&Record) -> Option<f64>| by_reader(runs, push, value);
    match push {
        Push::Rate | Push::Flood => [
            send_queue(&of(|record| Some(record.course.send_queue_bytes?.median))),
            memory(
                &of(|record| record.rss_growth_bytes_per_second),
                &of(|record| Some(record.course.age_ms?.last)),
            ),
            processed(&of(|record| Some(record.processed_per_second))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Push::Speed => speed(&of(|record| Some(record.processed_per_second)))
            .into_iter()
            .collect(),
    }
}

/// A reader, with the least and the most over the servers.
type Spans = Vec<(Reader, f64, f64)>;

fn by_reader(runs: &[Run], push: Push, value: fn(&Record) -> Option<f64>) -> Spans {
    let span = |reader| {
        let of_it = runs.iter().filter(move |run| {
            let case = &run.case;
            case.push == push && case.reader == reader
        });
        let values: Vec<f64> = of_it.filter_map(|run| value(&run.record)).collect();
        let least = values.iter().copied().reduce(f64::min)?;
        Some((reader, least, values.into_iter().reduce(f64::max)?))
    };
    Reader::ALL.into_iter().filter_map(span).collect()
}

fn send_queue(spans: &Spans) -> Option<String> {
    let each = list(spans, bytes)?;
    Some(format!(
        "The servers' Send-Q held (median over each run), by client: {each}."
    ))
}

fn memory(growth: &Spans, age: &Spans) -> Option<String> {
    let (growth, age) = (list(growth, bytes)?, list(age, milliseconds)?);
    Some(format!(
        "The client's memory grew each second, as long as it might, by: {growth}. The message in work at the end was as \
         old as: {age}."
    ))
}

fn processed(spans: &Spans) -> Option<String> {
    let each = list(spans, |rate| format!("{rate:.0}"))?;
    let least = spans.iter().map(|span| span.1).reduce(f64::min)?;
    let most = spans.iter().map(|span| span.2).reduce(f64::max)?;
    let verdict = match most <= least * (1.0 + SAME) {
        true => "Whoever read, as many messages were processed a second",
        false => "Messages processed a second differed",
    };
    Some(format!("{verdict}: {each}."))
}

fn speed(spans: &Spans) -> Option<String> {
    let (_, least, most) = *spans.first()?;
    let millions = |rate: f64| format!("{:.2}", rate / 1e6);
    Some(format!(
        "One client took {} million messages a second.",
        span(least, most, millions)
    ))
}

/// `blocking 1 to 2, async, unbounded 3`
fn list(spans: &Spans, show: fn(f64) -> String) -> Option<String> {
    let each = spans
        .iter()
        .map(|&(reader, least, most)| format!("{} {}", reader.title(), span(least, most, show)));
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| each.join("; "))
}

/// Over the servers.
fn span(least: f64, most: f64, show: impl Fn(f64) -> String) -> String {
    let (least, most) = (show(least), show(most));
    match least == most {
        true => least,
        false => format!("{least} to {most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_one_value_is_that_value() {
        assert_eq!(span(1.0, 1.0, bytes), "1 B");
        assert_eq!(span(1.0, 2048.0, bytes), "1 B to 2.0 KiB");
    }

    #[test]
    fn speeds_are_called_the_same_only_if_they_are() {
        let spans = |most| {
            vec![
                (Reader::Blocking, 100.0, 100.0),
                (Reader::Bounded, 99.0, most),
            ]
        };
        let same = processed(&spans(100.5)).unwrap();
        assert!(same.starts_with("Whoever read"), "{same}");
        let other = processed(&spans(150.0)).unwrap();
        assert!(other.contains("differed"), "{other}");
        assert_eq!(processed(&Vec::new()), None);
    }
}
