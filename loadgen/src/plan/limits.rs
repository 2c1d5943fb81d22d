//! What engines cannot do, said before the run with what to drop.

use super::{Engine, HttpVersion, Plan};
use crate::engine;

/// Most connections of the blocking engine. Each is a thread, a thread takes about four mappings of
/// memory, and Linux allows a process 65530 of them (vm.max_map_count).
const BLOCKING_CONNECTIONS_MAX: usize = 8000;

/// Requests that a thread can make in a second if each keeps it blocked for a millisecond: to hand
/// one over to another thread and its answer back takes a good part of that.
const PER_BLOCKED_THREAD_PER_SECOND: f64 = 1000.0;

/// A plan, held against what its engine can do.
pub(super) struct Limits<'a> {
    pub(super) plan: &'a Plan,
    /// Whether ab's rows are wanted, one for each request.
    pub(super) has_rows: bool,
    /// The flag that has chosen the engine.
    pub(super) chosen_by: &'a str,
}

impl Limits<'_> {
    /// Whether the engine can do all of the plan.
    ///
    /// # Errors
    ///
    /// One line that says what it cannot do, and what to drop.
    pub(super) fn check(&self) -> Result<(), String> {
        self.load()?;
        self.schedule()?;
        self.requests()?;
        self.route()?;
        self.sources()?;
        self.times()
    }

    fn load(&self) -> Result<(), String> {
        let (engine, load) = (self.chosen_by, &self.plan.load);
        if !self.is_fast() && !self.is_http2() && load.pipeline > 1 {
            return Err(format!(
                "{engine} does not pipeline; drop {engine} or --pipeline"
            ));
        }
        let connections = load.connections;
        if self.is_blocking() && connections > BLOCKING_CONNECTIONS_MAX {
            return Err(format!(
                "{engine} has a thread for each connection, {BLOCKING_CONNECTIONS_MAX} at most; \
                 lower -c {connections} or drop {engine}"
            ));
        }
        Ok(())
    }

    fn schedule(&self) -> Result<(), String> {
        let (engine, load) = (self.chosen_by, &self.plan.load);
        let Some(schedule) = load.schedule() else {
            return Ok(());
        };
        if schedule.spin && !self.is_fast() {
            return Err(format!(
                "--spin is for --engine fast; drop --spin or {engine}"
            ));
        }
        let connections = load.connections;
        let shards = self.plan.shard.map_or(1.0, |shard| shard.of as f64);
        let peak_per_second = schedule.rate.peak_per_second() / shards;
        let needed = (peak_per_second / PER_BLOCKED_THREAD_PER_SECOND).ceil();
        if self.is_blocking() && needed > connections as f64 {
            return Err(format!(
                "{engine} starts at most {PER_BLOCKED_THREAD_PER_SECOND} requests a second on \
                 each of {connections} connections, not --rate {peak_per_second}; \
                 raise --max-in-flight to {needed}, lower --rate or drop {engine}"
            ));
        }
        Ok(())
    }

    fn requests(&self) -> Result<(), String> {
        let (engine, scenario) = (self.chosen_by, &self.plan.scenario);
        let has_host = scenario.headers.iter().any(|header| header.is("host"));
        if self.is_reqwest() && self.is_http2() && has_host {
            return Err(format!(
                "{engine} connects to whom an HTTP/2 request names; \
                 drop {engine} or the Host header"
            ));
        }
        let url = &self.plan.target.url;
        for path in scenario.paths.list() {
            if let Some(other) = engine::path_instead(self.plan.engine, url, path) {
                return Err(format!(
                    "{engine} asks for {other} instead of {path}; drop {engine} or write {other}"
                ));
            }
        }
        Ok(())
    }

    fn route(&self) -> Result<(), String> {
        let (engine, route) = (self.chosen_by, &self.plan.target.route);
        if self.is_reqwest() && route.buffer_bytes.is_some() {
            return Err(format!(
                "{engine} cannot set the size of buffers; drop {engine} or -b"
            ));
        }
        if self.is_reqwest() && !route.connect_to.is_empty() {
            return Err(format!(
                "{engine} connects where the URL says; drop {engine} or --connect-to"
            ));
        }
        if !self.is_fast() && route.proxy.is_some() {
            return Err(format!(
                "{engine} does not ask proxies; drop {engine} or -X"
            ));
        }
        Ok(())
    }

    /// One client of reqwest has one local address.
    fn sources(&self) -> Result<(), String> {
        let (engine, load, route) = (self.chosen_by, &self.plan.load, &self.plan.target.route);
        let to = route.destinations.first();
        let sources = to.map_or(0, |to| route.sources.toward(to).len());
        let (clients, raise) = match self.plan.engine {
            Engine::Fast(_) | Engine::Hyper | Engine::WebSocket(_) => return Ok(()),
            Engine::Reqwest => (load.connections, "-c"),
            // There are no more threads than connections.
            Engine::ReqwestBlocking if load.connections < sources => {
                (load.threads, "-c and --threads")
            }
            Engine::ReqwestBlocking => (load.threads, "--threads"),
        };
        if sources > clients {
            return Err(format!(
                "{engine} has one local address for each client, here {clients}, not {sources}; \
                 raise {raise} to {sources}, shorten -B or drop {engine}"
            ));
        }
        Ok(())
    }

    /// What ab shows of a request has the time from its last byte to the answer's first in it.
    fn times(&self) -> Result<(), String> {
        let engine = self.chosen_by;
        let drop = match (self.plan.ab_times, self.has_rows) {
            _ if !self.is_reqwest() && !self.is_http2() => return Ok(()),
            (false, false) => return Ok(()),
            (true, _) => "use --format json or text",
            (false, true) => "-g",
        };
        Err(format!(
            "{engine} does not tell when a request was sent, which ab shows; \
             drop {engine} or {drop}"
        ))
    }

    fn is_fast(&self) -> bool {
        matches!(self.plan.engine, Engine::Fast(_))
    }

    fn is_reqwest(&self) -> bool {
        matches!(self.plan.engine, Engine::Reqwest | Engine::ReqwestBlocking)
    }

    fn is_blocking(&self) -> bool {
        self.plan.engine == Engine::ReqwestBlocking
    }

    fn is_http2(&self) -> bool {
        self.plan.scenario.version == HttpVersion::Http2
    }
}
