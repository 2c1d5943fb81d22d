//! How connections of pairs come about: where they lead, what is said on them first.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::endpoint::Endpoint;
use super::framing::Framing;
use super::upgrade::Upgrade;
use crate::engine::fast::transport::Setup;
use crate::engine::ledger::Ledger;
use crate::engine::socket::Hop;
use crate::outcome::Cause;
use crate::plan::{self, Plan, WebSocket};

/// What a worker's connections have in common.
pub(super) struct Line<'a> {
    plan: &'a Plan,
    pub(super) shape: WebSocket,
    setup: Setup<'a>,
    turnstile: &'a Turnstile,
    /// The destination that could be reached last.
    destination: Cell<usize>,
}

/// Lets one pair connect at a time: a relay of raw messages knows partners by the order in which
/// they come.
#[derive(Debug, Default)]
pub(super) struct Turnstile(Mutex<()>);

impl<'a> Line<'a> {
    pub(super) fn new(plan: &'a Plan, shape: WebSocket, turnstile: &'a Turnstile) -> Self {
        Self {
            plan,
            shape,
            setup: Setup::of(plan),
            turnstile,
            destination: Cell::default(),
        }
    }

    /// Held while the clients of a pair connect, where that matters.
    pub(super) fn turn(&self) -> Option<MutexGuard<'a, ()>> {
        let is_needed = self.shape.framing == plan::Framing::Raw && !self.shape.is_echo;
        let lock = is_needed.then(|| self.turnstile.0.lock());
        lock.map(|lock| lock.unwrap_or_else(PoisonError::into_inner))
    }

    /// The way to one of the destinations that the name has.
    pub(super) fn hop(&self, destination: usize) -> Result<Hop<'a>, Cause> {
        let route = &self.plan.target.route;
        Ok(Hop {
            destination: route.destinations.get(destination).ok_or(Cause::Dns)?,
            source: None,
            buffer_bytes: route.buffer_bytes,
        })
    }

    /// How many destinations the name has.
    pub(super) fn destinations(&self) -> usize {
        self.plan.target.route.destinations.len()
    }

    /// Which of them could be reached last: a new connection is tried there first.
    pub(super) fn destination(&self) -> usize {
        self.destination.get()
    }

    /// This one could be reached.
    pub(super) fn reached(&self, destination: usize) {
        self.destination.set(destination);
    }

    /// The end of a new connection of the pair `index`.
    pub(super) fn endpoint(&self, index: usize) -> Result<Endpoint, Cause> {
        let pairs = self.plan.load.connections;
        let path = self
            .shape
            .path_of_pair(&self.plan.target.url.path, index, pairs);
        self.endpoint_for(&path)
    }

    /// The same for what asks for `path`.
    pub(super) fn endpoint_for(&self, path: &str) -> Result<Endpoint, Cause> {
        let transport = self.setup.transport().map_err(|_| Cause::TlsHandshake)?;
        let upgrade = match self.shape.framing {
            plan::Framing::WebSocket => Some(Upgrade::begin(self.plan, path)),
            plan::Framing::Raw => None,
        };
        Ok(Endpoint::new(transport, upgrade, Framing::new(&self.shape)))
    }

    /// Books how far a connection that is not open has come. `securing_ns` is how long
    /// its handshake has taken by now, if it was under way; whether that is done.
    pub(super) fn note_opening(
        &self,
        endpoint: &mut Endpoint,
        securing_ns: Option<u64>,
        ledger: &mut Ledger,
    ) -> bool {
        if let Some(head) = endpoint.take_head() {
            ledger.first_head(&head);
        }
        let (Some(took_ns), Some(tls)) = (securing_ns, endpoint.secured()) else {
            return false;
        };
        ledger.secured(took_ns, tls.is_resumed());
        ledger.first_tls(|| self.setup.agreed(tls));
        true
    }

    /// The cause if the message that is awaited on a connection does not come in time: with a
    /// relay the server may have it, and its sender's partner sees nothing of it.
    pub(super) fn late(&self, endpoint: &Endpoint) -> Cause {
        match self.shape.is_echo || endpoint.is_amid() {
            true => Cause::ReadTimeout,
            false => Cause::NotRelayed,
        }
    }
}
