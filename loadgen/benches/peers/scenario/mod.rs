//! All that can be measured, each by itself.
//!
//! - [`closed`]: clients beside each other, each as fast as it can;
//! - [`open`]: whether a schedule is kept, and what is told of a server that is not;
//! - [`servers`]: the servers beside others; [`memory`]: what they hold for a connection;
//!   [`system_calls`]: what they ask of the kernel;
//! - [`start`]: how soon a run begins; [`ten_million`]: what many requests cost in memory;
//!   [`live_view`]: what it costs that somebody watches;
//! - [`push`]: how fast messages are pushed; ping-pong is in [`crate::websocket`].

mod closed;
mod live_view;
mod memory;
mod open;
mod push;
mod servers;
mod start;
mod system_calls;
mod ten_million;

use crate::goal::Verdict;
use crate::{Bench, websocket};

/// Something to measure.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// In one line.
    pub(crate) about: &'static str,
    /// Whether it is measured without being named.
    pub(crate) is_default: bool,
    /// Measures, and prints what is not a goal.
    pub(crate) measure: fn(&Bench) -> anyhow::Result<Report>,
}

/// What came of a scenario.
pub(crate) struct Report {
    pub(crate) verdicts: Vec<Verdict>,
    /// Whether all that is there could be measured.
    pub(crate) is_whole: bool,
}

impl Report {
    /// Of a scenario that measures all or fails.
    fn of(verdicts: Vec<Verdict>) -> Self {
        Self {
            verdicts,
            is_whole: true,
        }
    }
}

/// In the order in which they are measured and shown.
pub(crate) static ALL: [Scenario; 18] = [
    Scenario {
        name: "keep-alive",
        about: "64 connections that are kept",
        is_default: true,
        measure: |bench| closed::keep_alive().measure(bench),
    },
    Scenario {
        name: "new-connection",
        about: "a new connection for each request, 64 at a time",
        is_default: true,
        measure: |bench| closed::new_connection().measure(bench),
    },
    Scenario {
        name: "many",
        about: "64, 1000 and 10 000 connections that are kept; cost without their opening",
        is_default: true,
        measure: |bench| closed::many_connections().measure(bench),
    },
    Scenario {
        name: "large",
        about: "answers of 16 KiB and 1 MiB on 64 connections that are kept",
        is_default: true,
        measure: |bench| closed::large_answers().measure(bench),
    },
    Scenario {
        name: "tls",
        about: "TLS 1.3 on 64 connections that are kept, and with a new one for each request",
        is_default: true,
        measure: |bench| closed::tls().measure(bench),
    },
    Scenario {
        name: "servers-kept",
        about: "what a request costs servers: 64 and 1000 connections that are kept",
        is_default: true,
        measure: |bench| servers::keep_alive().measure(bench),
    },
    Scenario {
        name: "servers-new",
        about: "what a request costs servers: a new connection each, 64 at a time",
        is_default: true,
        measure: |bench| servers::new_connection().measure(bench),
    },
    Scenario {
        name: "servers-idle",
        about: "64 busy connections beside thousands of idle ones",
        is_default: true,
        measure: |bench| servers::idle().measure(bench),
    },
    Scenario {
        name: "servers-memory",
        about: "what a server holds for each of 10 000 idle connections",
        is_default: true,
        measure: memory::measure,
    },
    Scenario {
        name: "servers-tls",
        about: "TLS 1.3: handshakes, and requests on connections that are kept",
        is_default: true,
        measure: |bench| servers::tls().measure(bench),
    },
    Scenario {
        name: "schedule",
        about: "10 000 requests a second for 30 s: how late each is sent",
        is_default: true,
        measure: open::schedule,
    },
    Scenario {
        name: "pause",
        about: "the same at a server that pauses for 500 ms every 5 s: what is told of it",
        is_default: true,
        measure: open::pause,
    },
    Scenario {
        name: "start",
        about: "from starting loadgen to its first request's first byte",
        is_default: true,
        measure: start::measure,
    },
    Scenario {
        name: "system-calls",
        about: "which system calls servers make for a request; takes perf and root",
        is_default: false,
        measure: system_calls::measure,
    },
    Scenario {
        name: "ten-million",
        about: "ten million requests: loadgen's peak memory",
        is_default: false,
        measure: ten_million::measure,
    },
    Scenario {
        name: "live-view",
        about: "64 connections that are kept, with --progress always and never by turns",
        is_default: false,
        measure: live_view::measure,
    },
    Scenario {
        name: "websocket",
        about: "ping-pong through relays: 1 pair and 1000, ours, Node and Python",
        is_default: false,
        measure: websocket::measure,
    },
    Scenario {
        name: "push",
        about: "the push stream at full speed: one client that does nothing but count",
        is_default: false,
        measure: push::measure,
    },
];
