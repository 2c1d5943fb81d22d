use proptest::prelude::*;

use crate::record::{Reason, Record};
use crate::report::Figure;
use crate::report::model::sample::{records, section_of};

/// The drawing as it is kept. `LOADGEN_KEEP_DRAWINGS=1 cargo test` keeps the new ones, to be looked
/// at before they are committed.
fn assert_kept(figure: &Figure) {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report/charts/golden");
    let file = format!("{directory}/{}.svg", figure.id);
    if std::env::var_os("LOADGEN_KEEP_DRAWINGS").is_some() {
        std::fs::write(&file, &figure.svg).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == figure.svg,
        "{file} is not what is drawn: LOADGEN_KEEP_DRAWINGS=1 keeps it"
    );
}

fn figures(records: Vec<Record>) -> Vec<Figure> {
    section_of(records).figures
}

/// The values of an attribute, in order.
fn attributes<'a>(svg: &'a str, name: &str) -> Vec<&'a str> {
    let name = format!(" {name}=\"");
    let values = svg.split(name.as_str()).skip(1);
    values.map(|rest| rest.split('"').next().unwrap()).collect()
}

/// That everything has a place, inside of the drawing.
fn assert_inside(figure: &Figure) {
    let svg = &figure.svg;
    assert!(
        !svg.contains("NaN") && !svg.contains("inf\""),
        "{}: {svg}",
        figure.id
    );
    let size: Vec<f64> = attributes(svg, "viewBox")[0]
        .split(' ')
        .map(|it| it.parse().unwrap())
        .collect();
    for (names, most) in [(["x", "x1", "x2"], size[2]), (["y", "y1", "y2"], size[3])] {
        for value in names.iter().flat_map(|name| attributes(svg, name)) {
            let value: f64 = value.parse().unwrap();
            assert!(
                (-0.1..=most + 0.1).contains(&value),
                "{}: {value} of {most}",
                figure.id
            );
        }
    }
}

#[test]
fn every_chart_is_drawn_as_it_is_kept() {
    let figures = figures(records());
    let ids: Vec<&str> = figures.iter().map(|it| it.id.as_str()).collect();
    let expected = [
        "forest",
        "connections",
        "rate",
        "latency",
        "latency-2",
        "latency-3",
        "rounds",
        "seconds",
        "seconds-2",
        "seconds-3",
        "cpu",
        "memory",
        "accept-queue",
    ];
    assert_eq!(ids, expected);
    figures.iter().for_each(assert_inside);
    let first = |it: &&Figure| !it.id.ends_with(|end: char| end.is_ascii_digit());
    figures.iter().filter(first).for_each(assert_kept);
}

#[test]
fn every_chart_says_its_numbers_in_words_and_has_marks() {
    for figure in figures(records()) {
        assert!(figure.alt.contains("sync"), "{}: {}", figure.id, figure.alt);
        assert!(figure.svg.contains("class=\"mark "), "{}", figure.id);
        assert!(figure.caption.ends_with('.'), "{}", figure.id);
    }
}

#[test]
fn of_what_no_record_knows_there_is_no_chart() {
    let mut records = records();
    for record in &mut records {
        record.server = None;
        record.latency_ns.total = None;
        record.histograms.total = None;
        record.series.truncate(1);
    }
    let ids: Vec<String> = figures(records).into_iter().map(|it| it.id).collect();
    assert_eq!(ids, ["forest", "connections", "rate", "rounds"]);
}

#[test]
fn what_some_do_not_know_is_a_gap_and_no_zero() {
    let mut records = records();
    for record in records.iter_mut().filter(|it| it.id.contains("async")) {
        record.server = None;
    }
    let figures = figures(records);
    let cpu = figures.iter().find(|it| it.id == "cpu").unwrap();
    assert!(
        !cpu.alt.contains("async") && !cpu.svg.contains(">async<"),
        "{}",
        cpu.alt
    );
}

#[test]
fn what_cannot_be_believed_is_hollow_and_the_legend_says_so() {
    let mut records = records();
    for record in records.iter_mut().filter(|it| it.id.contains("async")) {
        record.validity = vec![Reason::NoSuccess].into();
    }
    for figure in figures(records) {
        assert!(figure.svg.contains("cannot be believed"), "{}", figure.id);
    }
}

/// The forest plot if the load generator was the limit with these servers.
fn forest_with_limited(servers: &[&str]) -> Figure {
    let mut records = records();
    let is_limited = |it: &Record| servers.iter().any(|server| it.id.contains(server));
    for record in records.iter_mut().filter(|it| is_limited(it)) {
        record.validity = vec![Reason::ClientSaturated { share: 1.0 }].into();
    }
    figures(records).swap_remove(0)
}

#[test]
fn a_lower_bound_has_no_end_and_what_is_hidden_has_no_mark() {
    let bound = forest_with_limited(&[".async."]);
    assert_eq!(bound.svg.matches("stroke-dasharray=\"3 4\"").count(), 3);
    assert!(
        bound.alt.contains("requests per second: at least +30 %"),
        "{}",
        bound.alt
    );
    let marks = |it: &Figure| it.svg.matches("class=\"mark ").count();
    let hidden = forest_with_limited(&[".sync.", ".async."]);
    assert!(
        hidden.alt.contains("hidden by the load generator"),
        "{}",
        hidden.alt
    );
    assert_eq!((marks(&forest_with_limited(&[])), marks(&hidden)), (6, 3));
}

#[test]
fn what_lies_far_beyond_the_others_is_an_arrow_at_the_end_of_the_axis() {
    let mut records = records();
    for record in records
        .iter_mut()
        .filter(|it| it.id.starts_with("kept-64.async"))
    {
        record.rate_per_second *= 500.0;
    }
    let forest = figures(records).swap_remove(0);
    assert_inside(&forest);
    assert!(
        forest.alt.contains("kept-64 · requests per second: ×"),
        "{}",
        forest.alt
    );
    assert!(
        forest.svg.contains("M712.0 "),
        "the arrow's tip is at the right side"
    );
}

#[test]
fn a_factor_of_a_hundred_among_usual_ones_has_a_mark_and_no_arrow() {
    let mut records = records();
    for record in records.iter_mut().filter(|it| it.id.contains("async")) {
        record.rate_per_second *= match record.id.starts_with("kept-64") {
            true => 100.0,
            false => 1.5,
        };
    }
    let forest = figures(records).swap_remove(0);
    assert!(!forest.svg.contains("M712.0 "), "{}", forest.alt);
}

#[test]
fn connections_that_were_turned_away_are_drawn_where_no_sample_saw_any_wait() {
    let mut records = records();
    for record in &mut records {
        record.server.as_mut().unwrap().accept_queue_peak = Some(0);
        record.network.as_mut().unwrap().listen_overflows = Some(1);
    }
    let figures = figures(records);
    let queue = figures.iter().find(|it| it.id == "accept-queue").unwrap();
    assert!(queue.svg.contains("0, 8 overflows"), "{}", queue.svg);
}

#[test]
fn rates_that_the_load_generator_limited_are_said_to_be_that_round_by_round() {
    let mut records = records();
    for record in records.iter_mut().filter(|it| it.id.contains("new-8.")) {
        record.validity = vec![Reason::ClientSaturated { share: 1.0 }].into();
    }
    let figures = figures(records);
    let rounds = figures.iter().find(|it| it.id == "rounds").unwrap();
    assert!(rounds.svg.contains("new-8, requests per second (≥)<"));
    assert!(rounds.svg.contains("new-64, requests per second<"));
    assert!(rounds.caption.contains("the load generator was the limit"));
}

#[test]
fn each_panel_of_seconds_can_be_drawn_larger() {
    let figures = figures(records());
    let seconds = figures.iter().find(|it| it.id == "seconds").unwrap();
    let labels: Vec<&str> = seconds.zoom.iter().map(|it| it.y_label.as_str()).collect();
    let expected = [
        "successes per second",
        "p99 latency (ms)",
        "failures per second",
    ];
    assert_eq!(labels, expected);
    assert_eq!(seconds.zoom[1].lines[0].y[0], Some(21.0));
}

#[test]
fn words_for_who_does_not_see_many_servers_have_an_end() {
    let mut all = Vec::new();
    for copy in 0..6 {
        let mut records = records();
        for record in &mut records {
            record.bench.as_mut().unwrap().server += &copy.to_string();
        }
        all.extend(records);
    }
    for figure in figures(all) {
        assert!(figure.alt.len() < 1_000, "{}: {}", figure.id, figure.alt);
    }
}

#[test]
fn hostile_names_are_shown_and_not_run() {
    let names = [
        "<script>window.pwned=1</script>".to_owned(),
        "\"'&<>\u{202e}\u{0}".to_owned(),
        "x".repeat(10_000),
    ];
    let mut records = records();
    for record in &mut records {
        let bench = record.bench.as_mut().unwrap();
        let index = ["new-8", "new-64", "kept-64"]
            .iter()
            .position(|it| *it == bench.scenario);
        bench.scenario = names[index.unwrap()].clone();
        if bench.server == "async" {
            bench.server = names[index.unwrap()].clone();
        }
    }
    for figure in figures(records) {
        assert_inside(&figure);
        assert!(!figure.svg.contains("<script") && !figure.svg.contains('\u{202e}'));
        assert!(
            figure.svg.len() < 150_000,
            "{}: {}",
            figure.id,
            figure.svg.len()
        );
    }
}

/// A number such as a record may have: none, nothing, tiny, usual, huge.
fn number() -> impl Strategy<Value = Option<f64>> {
    let known = prop_oneof![
        Just(0.0),
        Just(1e-300),
        0.0..1e6_f64,
        Just(1e300),
        Just(f64::NAN)
    ];
    prop::option::of(known)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_number_that_is_not_finite_gets_into_a_drawing(
        rates in prop::collection::vec(number(), 48),
        costs in prop::collection::vec(number(), 48),
        nanoseconds in prop::collection::vec(any::<u64>(), 48),
        doubts in prop::collection::vec(any::<bool>(), 48),
    ) {
        let mut records = records();
        for (index, record) in records.iter_mut().enumerate() {
            record.rate_per_second = rates[index].unwrap_or(0.0);
            let server = record.server.as_mut().unwrap();
            server.cpu_us_per_request = costs[index];
            server.cpu_user_us_per_request = rates[index];
            server.bytes_per_connection = costs[index];
            server.accept_queue_peak = costs[index].map(|cost| cost as u64);
            record.latency_ns.total.as_mut().unwrap().p99 = nanoseconds[index];
            record.series[0].latency_ns_p99 = Some(nanoseconds[index]);
            record.series[1].elapsed_s = costs[index].unwrap_or(0.0);
            if doubts[index] {
                record.histograms.total = None;
                record.validity = vec![Reason::NoSuccess].into();
            }
        }
        figures(records).iter().for_each(assert_inside);
    }
}
