//! Which engine is asked for, and how requests are to share a connection.

use clap::ValueEnum;

use super::limits::Limits;
use super::{Driver, Engine, HttpVersion, ON_EACH_MAX, Plan};

/// What a person can say about who makes and reads HTTP. What is not said follows from the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The engine.
    pub engine: Option<EngineName>,
    /// HTTP/2, which keeps connections.
    pub http2: bool,
    /// With HTTP/2, requests in flight on one connection.
    pub streams: Option<usize>,
    /// What moves the bytes of the fast engine.
    pub driver: Option<DriverName>,
}

/// An engine, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DriverName {
    /// What costs least
    Auto,
    /// epoll
    Epoll,
    /// io_uring, as of Linux 6.1
    IoUring,
}

impl EngineName {
    /// As it is asked for, and as records have it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Hyper => "hyper",
            Self::Reqwest => "reqwest",
            Self::ReqwestBlocking => "reqwest-blocking",
        }
    }
}

impl DriverName {
    /// As it is asked for.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Epoll => "epoll",
            Self::IoUring => "io-uring",
        }
    }
}

impl Client {
    /// The engine, with its driver.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match (self.engine, self.http2) {
            (None, true) | (Some(EngineName::Hyper), _) => Engine::Hyper,
            (None, false) | (Some(EngineName::Fast), _) => Engine::Fast(match self.driver {
                None | Some(DriverName::Auto) => Driver::CHEAPEST,
                Some(DriverName::Epoll) => Driver::Epoll,
                Some(DriverName::IoUring) => Driver::IoUring,
            }),
            (Some(EngineName::Reqwest), _) => Engine::Reqwest,
            (Some(EngineName::ReqwestBlocking), _) => Engine::ReqwestBlocking,
        }
    }

    /// `plan` with what these say of it beside the engine; `has_rows` says whether ab's rows are
    /// wanted, one for each request.
    ///
    /// # Errors
    ///
    /// What does not go together, or what the engine cannot do, with the flag to drop.
    pub fn apply(&self, plan: &mut Plan, has_rows: bool) -> Result<(), String> {
        self.check(plan)?;
        self.shape(plan);
        let limits = Limits {
            plan,
            has_rows,
            chosen_by: &self.chosen_by(plan.engine),
        };
        limits.check()
    }

    /// What these change in `plan` beside the engine.
    pub(crate) fn shape(&self, plan: &mut Plan) {
        if self.http2 {
            plan.scenario.version = HttpVersion::Http2;
            plan.scenario.keep_alive = true;
            plan.load.pipeline = self.streams.unwrap_or(1);
        }
    }

    /// Whether these go together, and with what `plan` has without them.
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
            && !self.http2
        {
            return Err(format!(
                "--streams {streams} has a meaning only with --http2; add --http2 or drop --streams"
            ));
        }
        if let Some(streams) = self.streams
            && streams > ON_EACH_MAX
        {
            return Err(format!(
                "--streams {streams} is over {ON_EACH_MAX}; choose a smaller one"
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
