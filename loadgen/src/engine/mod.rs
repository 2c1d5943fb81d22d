//! How load is made: a plan goes in, counts come out. Engines never print.
//!
//! - `fast`: ours;
//! - `crew`: the worker threads of any engine; `ledger`: what each counts; `budget`: whether
//!   another request may begin; `arrivals`: when it is to, in open loop; `turns`: what it asks
//!   for; `failure`: errors of the system as causes; `agreed` and `certificate`: what TLS came to;
//! - [`control`]: what workers and the thread that watches over them share; [`live`], what is known
//!   of latencies meanwhile; [`samples`], how each request reaches those who keep them all.

mod agreed;
mod arrivals;
mod budget;
mod certificate;
pub mod control;
mod crew;
mod failure;
mod fast;
mod ledger;
pub mod live;
pub mod samples;
mod turns;

use std::io;
use std::time::{Duration, SystemTime};

pub use control::{Clock, Control, Observer, Progress};

use crate::plan::{Engine, Plan};
use crate::record::Tls;
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
    /// The head of the first answer that any worker got.
    pub first_head: Option<Vec<u8>>,
    /// What the first TLS handshake of any worker agreed upon.
    pub first_tls: Option<Tls>,
    /// What was wrong with the first one that failed.
    pub first_tls_error: Option<String>,
    /// Length of the first answer's body, in bytes.
    pub first_length: Option<u64>,
}

/// Carries out `plan`, telling `observer` when its measured part begins and ends.
///
/// # Errors
///
/// What kept the run from being begun: no thread, no poll. What goes wrong afterwards is counted.
pub fn run(plan: &Plan, control: &Control, observer: &mut dyn Observer) -> io::Result<Summary> {
    match plan.engine {
        Engine::Fast(driver) => fast::run(plan, driver, control, observer),
        Engine::Hyper | Engine::Reqwest | Engine::ReqwestBlocking => {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

impl Summary {
    /// The `Server` field of the first answer, if it came in one piece and has one.
    #[must_use]
    pub fn server_software(&self) -> Option<String> {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(self.first_head.as_deref()?).ok()?;
        let server = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("server"))?;
        Some(String::from_utf8_lossy(server.value).into_owned())
    }
}
