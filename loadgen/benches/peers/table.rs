//! What was measured, for a person.

use crate::goal::{Figure, Verdict};
use crate::matrix::{Failure, Measured};
use crate::scenario::Scenario;

/// Prints the names of scenarios.
pub(crate) fn print_scenarios(scenarios: &[Scenario]) {
    for Scenario { name, about, .. } in scenarios {
        println!("  {name:<16}{about}");
    }
}

/// Prints a line for each cell: median and range over the rounds.
pub(crate) fn print_cells(cells: &[Measured]) {
    let titles = ["requests/s", "client µs/request", "server µs/request"];
    let [rate, client, server] = titles;
    println!(
        "  {:<12}{:<18}{:<20}{rate:>25}{client:>22}{server:>22}",
        "server", "client", "connections"
    );
    for cell in cells {
        println!("  {}", cell_line(cell));
    }
}

fn cell_line(measured: &Measured) -> String {
    let cell = &measured.cell;
    let head = format!(
        "{:<12}{:<18}{:<20}",
        cell.server.label(),
        cell.client.label(),
        cell.load.to_string()
    );
    let figures = match &measured.failure {
        Some(Failure::Missing) => return format!("{head}  missing"),
        Some(Failure::Failed(why)) => return format!("{head}  failed: {why}"),
        None => [
            (Figure::RequestsPerSecond, 0, 25),
            (Figure::ClientUs, 1, 22),
            (Figure::ServerUs, 1, 22),
        ],
    };
    let figures = figures.map(|(figure, digits, width)| {
        let spread = measured.spread(|run| figure.of(run));
        let text = spread.map_or("–".to_owned(), |spread| format!("{spread:.digits$}"));
        format!("{text:>width$}")
    });
    head + &figures.concat()
}

/// Prints each goal beside what was measured.
pub(crate) fn print_goals(judged: &[(&Scenario, anyhow::Result<Vec<Verdict>>)]) {
    println!("\n  {:<66}{:>22}  wanted", "goal", "measured");
    for (scenario, verdicts) in judged {
        println!("  {}", scenario.name);
        match verdicts {
            Ok(verdicts) => verdicts.iter().for_each(print_goal),
            Err(error) => println!("    missing: {error:#}"),
        }
    }
}

fn print_goal(verdict: &Verdict) {
    let value = verdict.value.map(|value| value.to_string());
    println!(
        "    {:<64}{:>22}  {:<14}{}",
        verdict.label,
        value.as_deref().unwrap_or("–"),
        verdict.wanted.to_string(),
        verdict.word(),
    );
}
