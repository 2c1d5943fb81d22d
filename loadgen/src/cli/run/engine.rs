//! Who makes and reads HTTP.

mod limits;

use std::num::NonZeroUsize;

use clap::ValueEnum;

use limits::Limits;

use super::super::UsageError;
use crate::plan::{Driver, Engine, HttpVersion, Plan, above_zero};

/// Most streams on one connection: servers allow a few hundred.
const STREAMS_MAX: usize = 1000;

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
    /// epoll
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

    /// `plan` with what these flags change in it beside the engine; `has_rows` says whether ab's rows
    /// are wanted, one for each request.
    ///
    /// # Errors
    ///
    /// What does not go together, or what the engine cannot do, with what to drop.
    pub(super) fn apply(&self, plan: &mut Plan, has_rows: bool) -> Result<(), UsageError> {
        self.check(plan).map_err(UsageError::line)?;
        if self.http2 {
            plan.scenario.version = HttpVersion::Http2;
            plan.scenario.keep_alive = true;
            plan.load.pipeline = self.streams.map_or(1, NonZeroUsize::get);
        }
        let chosen_by = &self.chosen_by(plan.engine);
        let limits = Limits {
            plan,
            has_rows,
            chosen_by,
        };
        limits.check().map_err(UsageError::line)
    }

    /// Whether these flags go together, and with what `plan` has without them.
    fn check(&self, plan: &Plan) -> Result<(), String> {
        let chosen_by = self.chosen_by(plan.engine);
        let is_fast = matches!(plan.engine, Engine::Fast(_));
        if self.http2 && (is_fast || plan.engine == Engine::ReqwestBlocking) {
            return Err(format!(
                "--http2 needs --engine hyper or reqwest; drop --http2 or {chosen_by}"
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
                "--driver is for --engine fast; drop --driver or {chosen_by}"
            ));
        }
        Ok(())
    }

    /// The flag that has chosen `engine`, as it was typed.
    fn chosen_by(&self, engine: Engine) -> String {
        match (self.engine, self.http2) {
            (None, true) => "--http2".to_owned(),
            _ => format!("--engine {}", engine.label()),
        }
    }
}
