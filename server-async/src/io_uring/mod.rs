//! One thread hands its work to the kernel and goes on with what is done.

use anyhow::bail;
use server_common::listener::Listener;
use server_common::stop::Stop;

use crate::Options;

/// Serves the listeners until `stop` is asked for and the requests under way are answered.
///
/// # Errors
///
/// A kernel without what is needed, no threads, or no descriptors.
pub fn run(_listeners: Vec<Listener>, _options: Options, _stop: &Stop) -> anyhow::Result<()> {
    bail!("io-uring is not there yet")
}
