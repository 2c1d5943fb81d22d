//! Where the programs are that are compared.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// Names a directory with peers, looked into before `PATH`.
const PEERS_VARIABLE: &str = "PEERS_BIN";

/// Where nginx is on systems whose users do not have it in their `PATH`.
const SYSTEM_DIRECTORY: &str = "/usr/sbin";

/// Programs that are not of this workspace.
const PEERS: [&str; 6] = ["wrk", "ab", "h2load", "hey", "oha", "nginx"];

const INSTALL: &str = "apt-get install wrk apache2-utils nghttp2-client hey nginx-light; \
                       cargo install --locked oha";

/// loadgen itself, as cargo built it for this benchmark.
pub(crate) const LOADGEN: &str = env!("CARGO_BIN_EXE_loadgen");

/// Builds the servers beside loadgen: cargo does it by itself for programs of this package only,
/// and to measure those of yesterday would be worse than to wait.
pub(crate) fn build_servers() -> anyhow::Result<()> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet"])
        .args(["-p", "server-sync", "-p", "server-async"])
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the servers cannot be built");
    Ok(())
}

/// A server of this workspace.
pub(crate) fn server(name: &str) -> PathBuf {
    Path::new(LOADGEN).with_file_name(name)
}

/// A peer, if it is there.
pub(crate) fn peer(name: &str) -> Option<PathBuf> {
    let first = env::var_os(PEERS_VARIABLE).map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    first
        .into_iter()
        .chain(env::split_paths(&path))
        .chain([SYSTEM_DIRECTORY.into()])
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
}

/// Says in one line what is not there and how to get it.
pub(crate) fn tell_missing() {
    let missing: Vec<_> = PEERS
        .into_iter()
        .filter(|name| peer(name).is_none())
        .collect();
    if !missing.is_empty() {
        eprintln!(
            "peers: without {} (to have all: {INSTALL}; {PEERS_VARIABLE} may name their directory)",
            missing.join(", ")
        );
    }
}
