//! `loadgen merge`.

use crate::cli::{Applied, MergeArgs};
use crate::exit::Exit;

/// Not there yet.
#[must_use]
pub fn merge(_args: &MergeArgs, _variables: &Applied) -> Exit {
    Exit::Failed
}
