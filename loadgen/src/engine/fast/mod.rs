//! The fast engine: one thread per worker, each with its own connections, its own counts and its
//! own way of moving bytes. On the path of a request nothing is locked or shared, and nothing is
//! allocated but what is sent over TLS, several paths put together with `--pipeline`, and with
//! `--samples` a batch now and then.
//!
//! - `worker`: when a request begins, how it ends, and what comes next;
//! - `slot`: one of a worker's connections; `requests`: the bytes that are sent on it;
//! - `transport`: what lies between its connection and HTTP; `tunnel`: a way through a proxy, and
//!   `tls`: TLS, if those do;
//! - `driver`: moving bytes, as a trait; `readiness` does it with epoll, `completion` with io_uring;
//! - `outgoing`: what is to be sent on a connection.

mod completion;
pub(super) mod driver;
mod outgoing;
pub(super) mod readiness;
mod requests;
mod slot;
pub(super) mod tls;
pub(super) mod transport;
mod tunnel;
mod worker;

use std::io;

use completion::Completion;
use readiness::Readiness;
use requests::Requests;
use worker::Worker;

use super::Summary;
use super::control::{Control, Observer};
use super::crew::{self, Job};
use crate::plan::{Driver, Plan};

/// Whether this system offers a driver. It is not offered if there are no descriptors for it.
pub(super) fn offers(driver: Driver) -> bool {
    match driver {
        Driver::Epoll => true,
        Driver::IoUring => Completion::new(1).is_ok(),
    }
}

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
        Driver::IoUring => {
            let drivers = slots.map(Completion::new).collect::<io::Result<Vec<_>>>()?;
            let workers = drivers.into_iter();
            let workers =
                workers.map(|driver| |job: Job<'_>| Ok(Worker::new(job, driver, requests).run()));
            crew::run(plan, control, observer, workers.collect())
        }
    }
}
