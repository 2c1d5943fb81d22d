//! The hyper engine: hyper's client connections on sockets of our own. It speaks HTTP/2, and is the
//! cross-check of the fast engine for HTTP/1.1: same plan, same counts, other code.
//!
//! - `http1`, `http2`: what makes the requests of one lane; `worker`: what lanes share;
//! - `connect` and `secure`: a connection's beginning; `meter`: its bytes, counted; `gauge`: what
//!   its socket says; `cause`: what hyper says.

pub(super) mod cause;
mod connect;
mod gauge;
mod http1;
mod http2;
mod meter;
mod secure;
mod worker;

use std::io;
use std::iter::repeat_n;
use std::rc::Rc;
use std::sync::Arc;

use http1::Http1;
use http2::{Http2, Shared};
use worker::Worker;

use super::Summary;
use super::asynchronous;
use super::control::{Control, Observer};
use super::crew::{self, Job};
use super::messages::{Form, Requests};
use crate::plan::{HttpVersion, Plan};

pub(super) fn run(
    plan: &Plan,
    control: &Control,
    observer: &mut dyn Observer,
) -> io::Result<Summary> {
    let requests = Arc::new(Requests::build(plan, Form::Origin));
    let runtimes = asynchronous::runtimes(plan)?.into_iter();
    let workers = runtimes.map(|runtime| {
        let requests = Arc::clone(&requests);
        move |job: Job<'_>| {
            let connections = job.plan.load.connections_of(job.index);
            let plan = job.plan;
            let worker = |desk: &_| Rc::new(Worker::new(plan, requests, desk));
            match plan.scenario.version {
                HttpVersion::Http10 | HttpVersion::Http11 => {
                    asynchronous::run(job, &runtime, connections, |desk| {
                        let workers = repeat_n(worker(desk), connections);
                        Ok(workers.map(Http1::new).collect())
                    })
                }
                HttpVersion::Http2 => {
                    let streams = plan.load.pipeline;
                    asynchronous::run(job, &runtime, connections * streams, |desk| {
                        let worker = worker(desk);
                        let shared = (0..connections).map(|_| Rc::<Shared>::default());
                        let lanes = shared.flat_map(|shared| repeat_n(shared, streams));
                        Ok(lanes
                            .map(|shared| Http2::new(Rc::clone(&worker), shared))
                            .collect())
                    })
                }
            }
        }
    });
    crew::run(plan, control, observer, workers.collect())
}
