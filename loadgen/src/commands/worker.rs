//! `loadgen worker`.

use crate::cli::{Applied, WorkerArgs};
use crate::exit::Exit;

/// Not there yet.
#[must_use]
pub fn worker(_args: &WorkerArgs, _variables: &Applied) -> Exit {
    Exit::Failed
}
