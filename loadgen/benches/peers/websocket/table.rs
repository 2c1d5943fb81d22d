//! What was played, for a person.

use super::turn::Turn;
use super::{Cell, Cells, library};
use crate::rounds::{Failure, Measured};
use crate::spread::Spread;
use crate::table::Column::{self, Numbers, Words};
use crate::table::{head, line};

const COLUMNS: [Column; 9] = [
    Words("relay", 21),
    Words("client", 17),
    Numbers("pairs", 5),
    Numbers("round trips/s", 25),
    Numbers("/ bare relay", 18),
    Numbers("p50 µs", 10),
    Numbers("p99 µs", 10),
    Numbers("relay's CPU µs", 16),
    Numbers("CPU / bare relay's", 18),
];

/// What stands below the tables.
pub(super) const NOTE: &str = "\
≥ before a rate (≤ before a latency): the load generator was the limit in most rounds, so the relay \
may be better. So may a ratio be more (≥) where the relay was limited so, less (≤) where the bare \
relay beside it was, and either (?) where both were: then go by the CPU, which tells relays apart \
all the same. Others' clients do not tell whether they were the limit.";

/// A line for each cell: median and range over the rounds, and for latencies the median.
pub(super) fn of(cells: &Cells) -> String {
    let lines = cells.iter().map(|measured| {
        let Cell {
            relay,
            client,
            pairs,
        } = measured.cell;
        let (relay, pairs) = (relay.label(), pairs.to_string());
        let [rate, ratio, p50, p99, cost, cost_ratio] = figures(measured);
        let texts = [
            &relay,
            client.label(),
            &pairs,
            &rate,
            &ratio,
            &p50,
            &p99,
            &cost,
            &cost_ratio,
        ];
        line(&COLUMNS, texts)
    });
    head(&COLUMNS) + &lines.collect::<String>()
}

/// What is said of a cell: its figures, or why it has none.
fn figures(measured: &Measured<Cell, Turn>) -> [String; 6] {
    let rate = match &measured.failure {
        Some(Failure::Missing) => format!("not installed; {}", library::INSTALL),
        Some(Failure::Failed(why)) => why.clone(),
        None => {
            return [
                spread(measured.rate(), 0),
                spread(measured.of_bare(), 2),
                median(measured.latency(|played| played.p50_us)),
                median(measured.latency(|played| played.p99_us)),
                spread(measured.server_us(), 1),
                spread(measured.cost_of_bare(), 2),
            ];
        }
    };
    let none = String::new;
    [rate, none(), none(), none(), none(), none()]
}

fn spread(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or("–".to_owned(), |spread| format!("{spread:.digits$}"))
}

fn median(spread: Option<Spread>) -> String {
    spread.map_or("–".to_owned(), |spread| spread.middle(1))
}
