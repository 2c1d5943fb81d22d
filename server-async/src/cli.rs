//! The command line as a type.

use clap::Parser;
use server_common::flags::Flags;
use server_common::options::Options;
use server_common::usage::UsageError;

use crate::model::Model;

/// The program's name, with which its messages begin.
pub const SERVER: &str = "server-async";

/// Where it listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "0.0.0.0:8080";

/// A non-blocking HTTP server: the answers of server-sync, other ways of waiting.
#[derive(Debug, Parser)]
#[command(name = SERVER, version)]
pub struct Cli {
    /// Who runs a connection, and when; see --list-models.
    #[arg(long, value_name = "NAME", default_value = Model::Tokio.label(), hide_possible_values = true)]
    pub model: Model,

    /// Print the models, each with what it does, and exit.
    #[arg(long)]
    pub list_models: bool,

    /// What both servers can be told.
    #[command(flatten)]
    pub flags: Flags,
}

impl Cli {
    /// What the flags mean for the model chosen.
    ///
    /// # Errors
    ///
    /// The model cannot have as many threads as were asked for.
    pub fn options(&self) -> Result<Options, UsageError> {
        let model = self.model;
        self.flags.options(model.label(), model.threads(), true)
    }
}
