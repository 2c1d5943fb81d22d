//! What was measured, for a person.

use std::fmt;

use crate::goal::{self, Wanted};
use crate::scenario::{Cell, Measured};
use crate::spread::Spread;

/// Prints a scenario's cells: median and range over the rounds.
pub(crate) fn print_cells(measured: &Measured) {
    println!("\n{}", measured.scenario.label);
    println!(
        "  {:<12}{:<10}{:>24}{:>22}{:>22}",
        "server", "client", "requests/s", "client µs/request", "server µs/request"
    );
    for cell in &measured.cells {
        println!("  {}", cell_line(cell));
    }
}

fn cell_line(cell: &Cell) -> String {
    let rate = cell.spread(|run| run.requests_per_second);
    let client = cell.spread(|run| run.client_us_per_request);
    let server = cell.spread(|run| run.server_us_per_request);
    format!(
        "{:<12}{:<10}{:>24}{:>22}{:>22}",
        cell.server.label(),
        cell.client.label(),
        format!("{rate:.0}"),
        format!("{client:.1}"),
        format!("{server:.1}"),
    )
}

/// Prints each goal with the ratio that it is held against.
pub(crate) fn print_goals(measured: &[Measured]) {
    println!("\n  {:<50}{:>20}{:>9}", "goal", "ratio", "wanted");
    for goal in &goal::ALL {
        let (ratio, verdict) = match goal.ratio(measured) {
            None => (String::from("–"), "missing"),
            Some(ratio) if goal.wanted.is_met(ratio.median) => (format!("{ratio:.2}"), "met"),
            Some(ratio) => (format!("{ratio:.2}"), "missed"),
        };
        let wanted = goal.wanted.to_string();
        println!("  {:<50}{ratio:>20}{wanted:>9}  {verdict}", goal.label);
    }
}

/// `0.85 (0.81–0.88)`, with as many decimals as asked for.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { median, min, max } = self;
        write!(f, "{median:.digits$} ({min:.digits$}–{max:.digits$})")
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most:.2}"),
            Self::AtLeast(least) => write!(f, "≥ {least:.2}"),
        }
    }
}
