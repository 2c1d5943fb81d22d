//! Who makes and reads HTTP.

use std::num::NonZeroUsize;

use clap::ValueEnum;

use super::super::UsageError;
use crate::plan::{Driver, Engine, HttpVersion, Plan, Schedule, above_zero};

/// Most streams on one connection: servers allow a few hundred.
const STREAMS_MAX: usize = 1000;

/// Most connections of the blocking engine. Each is a thread, a thread takes about four mappings of
/// memory, and Linux allows a process 65530 of them (vm.max_map_count).
const BLOCKING_CONNECTIONS_MAX: usize = 8000;

/// Requests that a thread can make in a second if each keeps it blocked for a millisecond: to hand
/// one over to another thread and its answer back takes a good part of that.
const PER_BLOCKED_THREAD_PER_SECOND: f64 = 1000.0;

/// Flags about the engine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How")]
pub(super) struct How {
    /// What makes requests and reads answers: fast (loadgen's own), hyper (a cross-check, and
    /// HTTP/2), reqwest (what applications use) or reqwest-blocking (a thread for each connection)
    /// [default: fast, with --http2 hyper]
    #[arg(long, value_enum, value_name = "ENGINE", hide_possible_values = true)]
    engine: Option<Name>,
    /// HTTP/2, with http without asking the server first; connections are used again
    #[arg(long)]
    http2: bool,
    /// With --http2, requests in flight on one connection [default: 1]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>, requires = "http2")]
    #[arg(allow_negative_numbers = true)]
    streams: Option<NonZeroUsize>,
    /// What moves the bytes of the fast engine: epoll, io-uring (as of Linux 6.1) or auto (what
    /// costs least, which is epoll) [default: auto]
    #[arg(long, value_enum, value_name = "DRIVER", hide_possible_values = true)]
    driver: Option<DriverName>,
}

/// An engine, as it is asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// loadgen's own: as fast as one can be
    Fast,
    /// hyper's client connections: a cross-check, and HTTP/2
    Hyper,
    /// The client that applications use, asynchronous
    Reqwest,
    /// The client that applications use, blocking, a thread for each connection
    ReqwestBlocking,
}

/// A driver, as it is asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DriverName {
    /// What costs least
    Auto,
    /// epoll; kqueue elsewhere than on Linux
    Epoll,
    /// io_uring, as of Linux 6.1
    IoUring,
}

impl How {
    pub(super) fn engine(&self) -> Engine {
        match (self.engine, self.http2) {
            (None, true) | (Some(Name::Hyper), _) => Engine::Hyper,
            (None, false) | (Some(Name::Fast), _) => Engine::Fast(match self.driver {
                None | Some(DriverName::Auto) => Driver::CHEAPEST,
                Some(DriverName::Epoll) => Driver::Epoll,
                Some(DriverName::IoUring) => Driver::IoUring,
            }),
            (Some(Name::Reqwest), _) => Engine::Reqwest,
            (Some(Name::ReqwestBlocking), _) => Engine::ReqwestBlocking,
        }
    }

    /// `plan` with what these flags change in it beside the engine.
    ///
    /// # Errors
    ///
    /// What the engine cannot do, with what to drop.
    pub(super) fn apply(&self, plan: &mut Plan) -> Result<(), UsageError> {
        self.check(plan).map_err(UsageError::line)?;
        if self.http2 {
            plan.scenario.version = HttpVersion::Http2;
            plan.scenario.keep_alive = true;
            plan.load.pipeline = self.streams.map_or(1, NonZeroUsize::get);
        }
        Ok(())
    }

    fn check(&self, plan: &Plan) -> Result<(), String> {
        let engine = plan.engine;
        let name = engine.label();
        let is_fast = matches!(engine, Engine::Fast(_));
        let is_reqwest = matches!(engine, Engine::Reqwest | Engine::ReqwestBlocking);
        if self.http2 && (is_fast || engine == Engine::ReqwestBlocking) {
            return Err(format!(
                "--http2 needs --engine hyper or reqwest; drop --http2 or --engine {name}"
            ));
        }
        if self.http2 && plan.load.pipeline > 1 {
            return Err("--pipeline is HTTP/1.1's; with --http2 write --streams".to_owned());
        }
        if let Some(streams) = self.streams
            && streams.get() > STREAMS_MAX
        {
            return Err(format!(
                "--streams {streams} is over {STREAMS_MAX}; choose a smaller one"
            ));
        }
        if !is_fast && self.driver.is_some() {
            return Err(format!(
                "--driver is for --engine fast; drop --driver or --engine {name}"
            ));
        }
        if !is_fast && plan.load.pipeline > 1 {
            return Err(format!(
                "--engine {name} does not pipeline; drop --engine or --pipeline"
            ));
        }
        let connections = plan.load.connections;
        if engine == Engine::ReqwestBlocking && connections > BLOCKING_CONNECTIONS_MAX {
            return Err(format!(
                "--engine {name} has a thread for each connection, {BLOCKING_CONNECTIONS_MAX} at \
                 most; lower -c {connections} or drop --engine"
            ));
        }
        if is_reqwest && plan.target.route.buffer_bytes.is_some() {
            return Err(format!(
                "--engine {name} cannot set the size of buffers; drop --engine or -b"
            ));
        }
        let mut headers = plan.scenario.headers.iter();
        if is_reqwest
            && self.http2
            && headers.any(|header| header.name.eq_ignore_ascii_case("host"))
        {
            return Err(format!(
                "--engine {name} connects to whom an HTTP/2 request names; \
                 drop --engine or the Host header"
            ));
        }
        if is_reqwest && !plan.target.route.connect_to.is_empty() {
            return Err(format!(
                "--engine {name} connects where the URL says; drop --engine or --connect-to"
            ));
        }
        if !is_fast && plan.target.route.proxy.is_some() {
            return Err(format!(
                "--engine {name} does not ask proxies; drop --engine or -X"
            ));
        }
        if let Some(schedule) = plan.load.schedule() {
            check_schedule(engine, schedule, plan.load.connections)?;
        }
        Ok(())
    }
}

/// Whether `engine` can keep `schedule` with so many connections.
fn check_schedule(engine: Engine, schedule: &Schedule, connections: usize) -> Result<(), String> {
    let name = engine.label();
    if schedule.spin && !matches!(engine, Engine::Fast(_)) {
        return Err(format!(
            "--spin is for --engine fast; drop --spin or --engine {name}"
        ));
    }
    let peak_per_second = schedule.peak_per_second();
    let needed = (peak_per_second / PER_BLOCKED_THREAD_PER_SECOND).ceil();
    if engine == Engine::ReqwestBlocking && needed > connections as f64 {
        return Err(format!(
            "--engine {name} starts at most {PER_BLOCKED_THREAD_PER_SECOND} requests a second on \
             each of {connections} connections, not --rate {peak_per_second}; \
             raise --max-in-flight to {needed}, lower --rate or drop --engine"
        ));
    }
    Ok(())
}
