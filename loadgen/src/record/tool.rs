//! What measured: the tool, its build and its command line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The load generator that made the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Name of the program.
    pub name: String,
    /// Version of the program, from its Cargo.toml.
    pub version: String,
    /// Commit that the program was built from; absent outside of a git tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
    /// Build profile: `release` or `debug`. A debug build measures itself.
    pub profile: String,
    /// The command line, with passwords replaced by `***`.
    pub argv: Vec<String>,
}

impl Tool {
    /// This program, called with `argv`, in which passwords are masked.
    pub(crate) fn this(argv: Vec<String>) -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git: option_env!("LOADGEN_GIT_COMMIT").map(str::to_owned),
            profile: match cfg!(debug_assertions) {
                true => "debug",
                false => "release",
            }
            .to_owned(),
            argv,
        }
    }
}
