//! What was played, for a person.

use super::client::Played;
use super::{Cell, Cells, library, lineup};
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
        let [rate, ratio, p50, p99, cost] = figures(cells, measured);
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
fn figures(cells: &Cells, measured: &Measured<Cell, Played>) -> [String; 5] {
    let rate = match &measured.failure {
        Some(Failure::Missing) => format!("not installed; {}", library::INSTALL),
        Some(Failure::Failed(why)) => why.clone(),
        None => {
            return [
                spread(measured, lineup::rate, 0),
                ratio(cells, measured),
                median(measured, |played| played.p50_us),
                median(measured, |played| played.p99_us),
                spread(measured, |played| played.server_us, 1),
            ];
        }
    };
    let none = String::new;
    [rate, none(), none(), none(), none()]
}

fn spread(
    measured: &Measured<Cell, Played>,
    figure: impl Fn(&Played) -> Option<f64>,
    digits: usize,
) -> String {
    let spread = measured.spread(figure);
    spread.map_or("–".to_owned(), |spread| format!("{spread:.digits$}"))
}

fn median(measured: &Measured<Cell, Played>, figure: impl Fn(&Played) -> f64) -> String {
    let spread = measured.spread(|played| Some(figure(played)));
    spread.map_or("–".to_owned(), |spread| format!("{:.1}", spread.median))
}

fn ratio(cells: &Cells, measured: &Measured<Cell, Played>) -> String {
    let bare = lineup::beside(cells, measured.cell.client);
    let ratio = bare.and_then(|bare| measured.ratio(bare, lineup::rate));
    ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
}
