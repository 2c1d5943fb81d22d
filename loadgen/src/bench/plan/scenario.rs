//! A scenario of a plan.

use std::fmt::{Display, Formatter, Result};

use crate::compare::{LeftOut, counted};
use crate::plan::Background;

/// A load, and which servers bear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What people call it, and a part of file names.
    pub name: String,
    /// The path that is requested.
    pub path: String,
    /// Connections, with a request in flight on each.
    pub connections: usize,
    /// Whether connections are used again.
    pub keep_alive: bool,
    /// Whether connections are encrypted, each with a handshake of its own.
    pub tls: bool,
    /// What is open besides.
    pub background: Background,
    /// Further flags for every server.
    pub flags: Vec<String>,
    /// Servers, as places in [`BenchPlan::servers`], ascending.
    pub servers: Vec<usize>,
    /// Those for which it makes no sense.
    pub without: Vec<LeftOut>,
}

impl Default for Scenario {
    /// One connection after another, without a name or a server.
    fn default() -> Self {
        Self {
            name: String::new(),
            path: "/".to_owned(),
            connections: 1,
            keep_alive: false,
            tls: false,
            background: Background::default(),
            flags: Vec::new(),
            servers: Vec::new(),
            without: Vec::new(),
        }
    }
}

impl Display for Scenario {
    /// The load: `GET /delay/10 over TLS, 64 connections kept alive, beside 1000 idle ones`.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let tls = if self.tls { " over TLS" } else { "" };
        write!(formatter, "GET {}{tls}, ", self.path)?;
        let connections = counted(self.connections as u64, "connection");
        match self.keep_alive {
            true => write!(formatter, "{connections} kept alive")?,
            false => write!(formatter, "{connections} at a time, new for each request")?,
        }
        if self.background.idle > 0 {
            write!(formatter, ", {} idle", self.background.idle)?;
        }
        if self.background.slow_readers > 0 {
            write!(formatter, ", {} slow", self.background.slow_readers)?;
            let path = self.background.slow_path.as_ref();
            path.map_or(Ok(()), |path| write!(formatter, " ({path})"))?;
        }
        self.flags
            .iter()
            .try_for_each(|flag| write!(formatter, " {flag}"))
    }
}
