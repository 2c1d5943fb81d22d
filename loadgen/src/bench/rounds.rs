//! All runs, in turns.

use std::sync::atomic::Ordering;

use super::directory::Directory;
use super::plan::BenchPlan;
use super::{BenchError, one_run, order};
use crate::compare::GivenUp;
use crate::record::{Bench, Context, Record};

/// What has been measured, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// In order of their start.
    pub(super) records: Vec<Record>,
    /// Rounds that are complete, but for what was given up.
    pub(super) rounds: u64,
    /// Servers that are not measured on in a scenario.
    pub(super) given_up: Vec<GivenUp>,
}

impl Measured {
    /// Makes all runs of `plan`, until a signal comes.
    ///
    /// A server that ends, or cannot be started or loaded, is given up in that scenario: what is
    /// true of it there is found, and the others are measured on.
    ///
    /// # Errors
    ///
    /// A result cannot be written, or the plan cannot be carried out.
    pub(super) fn measure_all(
        &mut self,
        plan: &BenchPlan,
        directory: &Directory,
        context: &Context,
        mut step: impl FnMut(usize, &str),
    ) -> Result<(), BenchError> {
        let mut done = 0;
        for round in 1..=plan.rounds {
            for scenario in &plan.scenarios {
                let turns = order::of_round(round - 1, scenario.servers.len());
                for (position, turn) in (1..).zip(turns) {
                    let server = &plan.servers[scenario.servers[turn]];
                    let bench = Bench {
                        plan: Some(plan.name.clone()),
                        scenario: scenario.name.clone(),
                        server: server.label.clone(),
                        round,
                        position,
                    };
                    let Bench {
                        scenario: name,
                        server: label,
                        ..
                    } = &bench;
                    step(done, &format!("round {round}: {name}, {label}"));
                    done += 1;
                    if context.interrupted.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    if !self.has_given_up(&bench) {
                        let measured =
                            one_run::measure(plan, scenario, server, bench.clone(), context);
                        if !self.take(measured, &bench, directory, context)? {
                            return Ok(());
                        }
                    }
                }
            }
            self.rounds = round;
        }
        Ok(())
    }

    /// Keeps the record of a run, or notes why there is none. False if a signal broke it off: its
    /// round, of which it may be the last run, is then not complete.
    fn take(
        &mut self,
        measured: Result<Record, BenchError>,
        bench: &Bench,
        directory: &Directory,
        context: &Context,
    ) -> Result<bool, BenchError> {
        // A terminal's signal reaches the servers too: that they have ended is no defect then.
        let is_interrupted = context.interrupted.load(Ordering::Relaxed);
        let (why, by_server) = match measured {
            Ok(record) if record.interrupted => return Ok(false),
            Ok(record) => {
                directory.write_record(&record)?;
                self.records.push(record);
                return Ok(true);
            }
            Err(BenchError::Server(_)) if is_interrupted => return Ok(false),
            Err(BenchError::Server(error)) => (error.to_string(), true),
            Err(BenchError::Load(error)) => (format!("cannot start the load: {error}"), false),
            Err(other) => return Err(other),
        };
        self.given_up.push(GivenUp {
            scenario: bench.scenario.clone(),
            server: bench.server.clone(),
            round: bench.round,
            why: why.replace('\n', " "),
            by_server,
        });
        Ok(true)
    }

    /// Whether this place is not measured on.
    fn has_given_up(&self, bench: &Bench) -> bool {
        let is_it = |it: &GivenUp| it.scenario == bench.scenario && it.server == bench.server;
        self.given_up.iter().any(is_it)
    }

    /// Removes the runs of a round that was broken off: they have no partner to be compared with.
    pub(super) fn drop_broken_round(&mut self, directory: &Directory) -> Result<(), BenchError> {
        let rounds = self.rounds;
        let is_complete = |record: &Record| {
            record
                .bench
                .as_ref()
                .is_none_or(|bench| bench.round <= rounds)
        };
        for record in self.records.iter().filter(|record| !is_complete(record)) {
            directory.remove_record(record)?;
        }
        self.records.retain(is_complete);
        Ok(())
    }
}
