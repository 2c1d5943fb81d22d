//! What was played, for a person.

use super::{Cell, Cells, Turn, library, lineup};
use crate::rounds::{Failure, Measured};
use crate::table::Column::{self, Numbers, Words};
use crate::table::{head, line};

const COLUMNS: [Column; 8] = [
    Words("relay", 21),
    Words("client", 17),
    Numbers("pairs", 5),
    Numbers("round trips/s", 23),
    Numbers("/ bare relay", 16),
    Numbers("p50 µs", 8),
    Numbers("p99 µs", 8),
    Numbers("relay's CPU µs", 16),
];

/// A line for each cell: median and range over the rounds, and for latencies the median.
pub(super) fn of(cells: &Cells) -> String {
    let lines = cells.iter().map(|measured| {
        let Cell {
            relay,
            client,
            pairs,
        } = measured.cell;
        let (relay, pairs) = (relay.label(), pairs.to_string());
        let [rate, ratio, p50, p99, cost] = figures(measured);
        let texts = [
            &relay,
            client.label(),
            &pairs,
            &rate,
            &ratio,
            &p50,
            &p99,
            &cost,
        ];
        line(&COLUMNS, texts)
    });
    head(&COLUMNS) + &lines.collect::<String>()
}

/// What is said of a cell: its figures, or why it has none.
fn figures(measured: &Measured<Cell, Turn>) -> [String; 5] {
    let rate = match &measured.failure {
        Some(Failure::Missing) => format!("not installed; {}", library::INSTALL),
        Some(Failure::Failed(why)) => why.clone(),
        None => {
            return [
                spread(measured, |turn| Some(turn.played.round_trips_per_second), 0),
                spread(measured, lineup::of_bare, 2),
                median(measured, |turn| turn.played.p50_us),
                median(measured, |turn| turn.played.p99_us),
                spread(measured, |turn| turn.played.server_us, 1),
            ];
        }
    };
    let none = String::new;
    [rate, none(), none(), none(), none()]
}

fn spread(
    measured: &Measured<Cell, Turn>,
    figure: impl Fn(&Turn) -> Option<f64>,
    digits: usize,
) -> String {
    let spread = measured.spread(figure);
    spread.map_or("–".to_owned(), |spread| format!("{spread:.digits$}"))
}

fn median(measured: &Measured<Cell, Turn>, figure: impl Fn(&Turn) -> f64) -> String {
    let spread = measured.spread(|turn| Some(figure(turn)));
    spread.map_or("–".to_owned(), |spread| format!("{:.1}", spread.median))
}
