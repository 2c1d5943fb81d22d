//! The command line as a type.

use clap::Parser;
use server_common::flags::Flags;
use server_common::options::Options;
use server_common::usage::UsageError;

use crate::model::Model;
use crate::stack;

/// The program's name, with which its messages begin.
pub const SERVER: &str = "server-sync";

/// Where it listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "0.0.0.0:7080";

/// Most connections that a queue can be asked to hold: beyond it a number is a slip.
const QUEUE_MAX: i64 = 1_000_000;

/// A blocking HTTP server in three concurrency models.
#[derive(Debug, Parser)]
#[command(name = SERVER, version)]
pub struct Cli {
    /// Who runs a connection, and when; see --list-models.
    #[arg(long, value_name = "NAME", default_value = Model::Sequential.label(), hide_possible_values = true)]
    pub model: Model,

    /// Print the models, each with what it does, and exit.
    #[arg(long)]
    pub list_models: bool,

    /// Connections that may wait in the server for a thread of thread-pool (default: as many as
    /// it has threads); see --overload for those beyond.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=QUEUE_MAX))]
    pub queue: Option<u32>,

    /// What both servers can be told.
    #[command(flatten)]
    pub flags: Flags,
}

impl Cli {
    /// What the flags mean for the model chosen.
    ///
    /// # Errors
    ///
    /// The model cannot have as many threads, connections, or the queue, that were asked for.
    pub fn options(&self) -> Result<Options, UsageError> {
        let model = self.model;
        self.check_queue()?;
        self.check_connections()?;
        let options =
            self.flags
                .options(model.label(), model.threads(), model.keeps_connections())?;
        Ok(Options {
            queue: self.queue.and_then(|queue| queue.try_into().ok()),
            ..options
        })
    }

    fn check_queue(&self) -> Result<(), UsageError> {
        match self.queue {
            Some(queue) if !self.model.has_queue() => Err(UsageError(format!(
                "invalid value '{queue}' for '--queue <N>': model {} has no queue of its own, \
                 connections wait in the kernel's accept queue; see --backlog",
                self.model.label()
            ))),
            _ => Ok(()),
        }
    }

    /// A pool with fewer threads than connections lets the rest wait; a model that promises each
    /// a thread must not ask the kernel for more than there can be.
    fn check_connections(&self) -> Result<(), UsageError> {
        let max = stack::connections_max();
        match self.flags.max_connections {
            Some(asked) if self.model == Model::ThreadPerConnection && asked as usize > max => {
                Err(UsageError(format!(
                    "invalid value '{asked}' for '--max-connections <N>': model {} can have \
                     {max} here; raise the limit on memory mappings, of which each takes several, \
                     see sysctl vm.max_map_count",
                    self.model.label()
                )))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn keep_alive(arguments: &[&str]) -> bool {
        let cli = Cli::try_parse_from([&[SERVER], arguments].concat()).unwrap();
        cli.options().unwrap().connection.keep_alive
    }

    #[test]
    fn the_relay_has_as_many_seats_as_the_flag_says() {
        let cli = Cli::try_parse_from([SERVER, "--max-relay-clients", "1"]).unwrap();
        let relay = cli.options().unwrap().relay;
        let enter = || relay.enter("", Waker::noop().clone());
        let seat = enter();
        assert!(seat.is_some() && enter().is_none());
    }

    #[test]
    fn only_sequential_closes_by_default_and_flags_decide() {
        assert!(!keep_alive(&[]));
        assert!(keep_alive(&["--keep-alive"]));
        for model in ["thread-per-connection", "thread-pool"] {
            assert!(keep_alive(&["--model", model]), "{model}");
            assert!(
                !keep_alive(&["--model", model, "--no-keep-alive"]),
                "{model}"
            );
        }
    }
}
