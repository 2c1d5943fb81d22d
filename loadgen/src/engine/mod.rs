//! How load is made: a plan goes in, counts come out. Engines never print.
//!
//! - `fast`: ours; `hyper`; `reqwest`: what an application would use, asynchronous or blocking;
//! - `crew`: the worker threads of any engine; `ledger`: what each counts; `firsts`: what is kept of
//!   the first answer and the first handshake; `budget`: whether another request may begin;
//!   `arrivals`: when it is to, in open loop; `crowd`: users who come and go while the run lasts;
//!   `turns`: what it asks for; `ticks`: how often it looks at time; `socket`: a connection's
//!   beginning; `failure`: errors of the system as causes; `agreed` and `certificate`: what TLS came
//!   to;
//! - [`websocket`]: ours too, for messages to and fro in place of requests;
//! - [`background`]: connections beside the load, held while it lasts;
//! - `foreman`: a worker whose requests are made by tasks or threads of its own, and `desk`, where
//!   these meet it with `news`; `asynchronous`: the tasks, and `alarm`: what
//!   wakes their foreman; `messages`: requests and answers as the `http`
//!   crate has them;
//! - [`control`]: what workers and the thread that watches over them share; [`live`], what is known
//!   of latencies meanwhile; [`samples`], how each request reaches those who keep them all.

mod agreed;
mod alarm;
mod arrivals;
mod asynchronous;
pub mod background;
mod budget;
mod certificate;
pub mod control;
mod crew;
mod crowd;
mod desk;
mod failure;
mod fast;
mod firsts;
mod foreman;
mod hyper;
mod ledger;
pub mod live;
mod messages;
mod news;
mod reqwest;
pub mod samples;
mod socket;
mod ticks;
mod turns;
pub mod websocket;

use std::io;
use std::time::{Duration, SystemTime};

pub use arrivals::own_requests;
pub use control::{Clock, Control, Observer, Progress};
pub use crowd::{Crowd, Users};
pub use firsts::Firsts;

use crate::http1::HEADERS_MAX;
use crate::plan::{Driver, Engine, Plan, Url};
use crate::recorder::Recorder;
use crate::system::thread_cpu::BusyShare;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// All workers' counts, added up.
    pub recorder: Recorder,
    /// By the clock on the wall, when the run began: what is counted in nanoseconds since then is
    /// dated from here, whatever happened to that clock meanwhile.
    pub began_at: SystemTime,
    /// Length of the measured part, in nanoseconds.
    pub elapsed_ns: u64,
    /// For each worker, how busy it was in the measured part.
    pub workers_busy: Vec<BusyShare>,
    /// How long workers waited for whoever collects samples, added up; none if nobody does.
    pub samples_wait: Option<Duration>,
    /// Whether a signal ended the run before its plan was done.
    pub interrupted: bool,
    /// Of the first worker that has each.
    pub firsts: Firsts,
    /// Length of the first answer's body, in bytes.
    pub first_length: Option<u64>,
}

/// Carries out `plan`, telling `observer` when its measured part begins and ends.
///
/// # Errors
///
/// What kept the run from being begun: no thread, no poll. What the system does not offer is
/// [`io::ErrorKind::Unsupported`]. What goes wrong afterwards is counted.
pub fn run(plan: &Plan, control: &Control, observer: &mut dyn Observer) -> io::Result<Summary> {
    match plan.engine {
        Engine::Fast(driver) => fast::run(plan, driver, control, observer),
        Engine::Hyper => hyper::run(plan, control, observer),
        Engine::Reqwest => reqwest::asynchronous::run(plan, control, observer),
        Engine::ReqwestBlocking => reqwest::blocking::run(plan, control, observer),
        Engine::WebSocket(shape) => websocket::run(plan, shape, control, observer),
    }
}

/// The body of one answer to the request of `plan`, or as much of it as `bytes_max`.
///
/// # Errors
///
/// No answer.
pub fn body_of_one_answer(plan: &Plan, bytes_max: u64) -> io::Result<Vec<u8>> {
    reqwest::body::of_one_answer(plan, bytes_max)
}

/// Whether this system offers a driver.
#[must_use]
pub fn offers(driver: Driver) -> bool {
    fast::offers(driver)
}

/// What `engine` asks for instead of `path` on the server of `url`, if it does not take it as it is.
#[must_use]
pub fn path_instead(engine: Engine, url: &Url, path: &str) -> Option<String> {
    match engine {
        Engine::Fast(_) | Engine::Hyper | Engine::WebSocket(_) => None,
        Engine::Reqwest | Engine::ReqwestBlocking => reqwest::path::instead(url, path),
    }
}

impl Summary {
    /// The `Server` field of the first answer, if it came in one piece and has one.
    #[must_use]
    pub fn server_software(&self) -> Option<String> {
        let head = self.firsts.head.as_deref()?;
        let status_line_bytes = head.iter().position(|&byte| byte == b'\n')? + 1;
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let parsed = httparse::parse_headers(&head[status_line_bytes..], &mut headers).ok()?;
        let httparse::Status::Complete((_, headers)) = parsed else {
            return None;
        };
        let server = headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("server"))?;
        Some(String::from_utf8_lossy(server.value).into_owned())
    }
}
