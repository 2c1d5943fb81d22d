//! The server under test, as the suite sees it: an address and two promises.

use std::net::SocketAddr;
use std::time::Duration;

/// How long a connect, a read or a write may take beyond what the server's own
/// timeout explains. Generous, because a loaded machine may run many servers
/// in a debug build; only a wrong server ever costs this long.
const PATIENCE: Duration = Duration::from_secs(3);

/// The server under test.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Where it listens.
    pub address: SocketAddr,
    /// The `--read-timeout` that it was started with. A few hundred
    /// milliseconds keep the suite quick: half a dozen checks wait for it to
    /// pass.
    pub read_timeout: Duration,
    /// Whether it keeps connections open. False for `sequential`, which closes
    /// after each answer.
    pub keep_alive: bool,
}

impl Subject {
    /// How long the suite waits for a byte before it calls the server silent.
    pub(crate) fn patience(&self) -> Duration {
        self.read_timeout + PATIENCE
    }
}
