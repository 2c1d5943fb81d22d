//! The fast engine: one thread per worker, each with its own connections, its own counts and its
//! own way of moving bytes. On the path of a request nothing is locked, allocated or shared.
//!
//! - `worker`: when a request begins, how it ends, and what comes next;
//! - `slot`: one of a worker's connections; `requests`: the bytes that are sent on it;
//! - `transport`: what lies between its connection and HTTP; `tls`: TLS, if that does;
//! - `driver`: moving bytes, as a trait, and `readiness`, which does it with epoll or kqueue;
//! - `outgoing`: what is to be sent on a connection.

mod driver;
mod outgoing;
mod readiness;
mod requests;
mod slot;
mod tls;
mod transport;
mod worker;

use std::io;

use readiness::Readiness;
use requests::Requests;
use worker::Worker;

use super::Summary;
use super::control::{Control, Observer};
use super::crew::{self, Job};
use crate::plan::{Driver, Plan};

pub(super) fn run(
    plan: &Plan,
    driver: Driver,
    control: &Control,
    observer: &mut dyn Observer,
) -> io::Result<Summary> {
    let requests = Requests::build(plan);
    let requests = &requests;
    // Before the first thread, so that a process without descriptors says so at once.
    let slots = (0..plan.load.threads).map(|index| plan.load.connections_of(index));
    match driver {
        Driver::Epoll => {
            let is_exact = plan.load.schedule().is_some();
            let drivers = slots
                .map(|slots| Readiness::new(slots, is_exact))
                .collect::<io::Result<Vec<_>>>()?;
            let workers = drivers.into_iter();
            let workers =
                workers.map(|driver| |job: Job<'_>| Ok(Worker::new(job, driver, requests).run()));
            crew::run(plan, control, observer, workers.collect())
        }
        Driver::IoUring => Err(io::ErrorKind::Unsupported.into()),
    }
}
