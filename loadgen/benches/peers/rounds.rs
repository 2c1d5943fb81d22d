//! Rounds by turns: whatever troubles the machine troubles all that is compared.

use anyhow::bail;

use crate::Bench;
use crate::spread::Spread;

/// What became of a cell `C`, of which each round makes a run `R`.
pub(crate) struct Measured<C, R> {
    pub(crate) cell: C,
    /// In the order in which they were made: those of one round have the same index.
    pub(crate) runs: Vec<R>,
    /// Why there are no runs, or no more.
    pub(crate) failure: Option<Failure>,
}

/// Why a cell was not measured.
pub(crate) enum Failure {
    /// The client or the server is not there.
    Missing,
    /// In one line.
    Failed(String),
}

/// Runs each of `cells` once without a number, which does not count, and then in every round. The
/// order is reversed from round to round, so that a drift of the machine spares nobody. A cell
/// that fails is left out from then on, and the others go on.
///
/// # Errors
///
/// Only if a signal asked for the end.
pub(crate) fn by_turns<C: Copy, R>(
    bench: &Bench,
    cells: &[C],
    rounds: usize,
    mut run: impl FnMut(&C, Option<usize>) -> Result<R, Failure>,
) -> anyhow::Result<Vec<Measured<C, R>>> {
    let mut cells: Vec<_> = cells.iter().map(|cell| Measured::nothing(*cell)).collect();
    for cell in &mut cells {
        cell.run(bench, None, &mut run)?;
        cell.runs.clear();
    }
    for round in 0..rounds {
        let mut turns: Vec<_> = cells.iter_mut().collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for cell in turns {
            cell.run(bench, Some(round), &mut run)?;
        }
    }
    Ok(cells)
}

impl<C, R> Measured<C, R> {
    fn nothing(cell: C) -> Self {
        Self {
            cell,
            runs: Vec::new(),
            failure: None,
        }
    }

    /// Runs the cell once more, unless it has failed before.
    fn run(
        &mut self,
        bench: &Bench,
        round: Option<usize>,
        run: &mut impl FnMut(&C, Option<usize>) -> Result<R, Failure>,
    ) -> anyhow::Result<()> {
        if self.failure.is_some() {
            return Ok(());
        }
        match run(&self.cell, round) {
            Ok(run) => self.runs.push(run),
            Err(_) if bench.interrupt.has_come() => bail!("interrupted"),
            Err(failure) => self.failure = Some(failure),
        }
        Ok(())
    }

    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.failure, Some(Failure::Failed(_)))
    }

    /// Of one figure over the rounds; `None` unless each round has it.
    pub(crate) fn spread(&self, figure: impl Fn(&R) -> Option<f64>) -> Option<Spread> {
        match self.failure {
            None => Spread::of(self.runs.iter().map(figure)),
            Some(_) => None,
        }
    }

    /// The ratio of one figure to `other`'s.
    pub(crate) fn ratio(&self, other: &Self, figure: impl Fn(&R) -> Option<f64>) -> Option<Spread> {
        self.beside(other, |run, other| Some(figure(run)? / figure(other)?))
    }

    /// What a run is beside `other`'s of the same round: what troubled both sides cancels out.
    pub(crate) fn beside(
        &self,
        other: &Self,
        figure: impl Fn(&R, &R) -> Option<f64>,
    ) -> Option<Spread> {
        if self.failure.is_some() || other.failure.is_some() {
            return None;
        }
        let rounds = self.runs.iter().zip(&other.runs);
        Spread::of(rounds.map(|(run, other)| figure(run, other)))
    }
}
