//! reqwest's asynchronous client, one for each connection: a client that several lanes share may
//! open a connection while another becomes free, and `-c` would not be what it says.

use std::io;
use std::rc::Rc;

use ::reqwest::{Client, Request, Response};
use tokio::task::yield_now;

use super::answer::Reading;
use super::cause::cause;
use super::client;
use super::connects::Connects;
use crate::engine::Summary;
use crate::engine::asynchronous;
use crate::engine::control::{Control, Observer};
use crate::engine::crew::{self, Job};
use crate::engine::desk::Desk;
use crate::engine::messages::{Form, Head, Requests};
use crate::http1::{Answer, BodyCheck};
use crate::outcome::Cause;
use crate::plan::Plan;
use crate::recorder::Timing;

pub(in crate::engine) fn run(
    plan: &Plan,
    control: &Control,
    observer: &mut dyn Observer,
) -> io::Result<Summary> {
    let runtimes = asynchronous::runtimes(plan)?.into_iter();
    let workers = runtimes.map(|runtime| {
        move |job: Job<'_>| {
            let connections = job.plan.load.connections_of(job.index);
            let streams = job.plan.load.pipeline;
            let (plan, index) = (job.plan, job.index);
            asynchronous::run(job, &runtime, connections * streams, |desk| {
                lanes(plan, index, desk)
            })
        }
    });
    crew::run(plan, control, observer, workers.collect())
}

/// What makes the requests of one lane.
struct Lane {
    client: Client,
    connects: Connects,
    shared: Rc<Shared>,
}

/// What the lanes of a worker have in common.
struct Shared {
    /// For each of the plan's paths.
    requests: Vec<Request>,
    reading: Reading,
}

/// The lanes of worker `worker`: a client for each connection, a lane for each stream on it.
fn lanes(plan: &Plan, worker: usize, desk: &Desk) -> io::Result<Vec<Lane>> {
    let requests = Requests::build(plan, Form::Absolute);
    let requests = requests.list().iter().cloned().map(Request::try_from);
    let shared = Rc::new(Shared {
        requests: requests
            .collect::<Result<_, _>>()
            .map_err(client::not_built)?,
        reading: Reading::new(plan, desk),
    });
    let tls = client::tls(plan);
    let mut lanes = Vec::new();
    let load = &plan.load;
    for index in load.connections_up_to(worker)..load.connections_up_to(worker + 1) {
        let connects = Connects::new(plan, desk);
        let client = client::builder(plan, tls.clone(), index, 1, connects.clone())
            .build()
            .map_err(client::not_built)?;
        lanes.extend((0..load.pipeline).map(|_| Lane {
            client: client.clone(),
            connects: connects.clone(),
            shared: Rc::clone(&shared),
        }));
    }
    Ok(lanes)
}

impl asynchronous::Client for Lane {
    async fn exchange(&mut self, timing: &mut Timing) -> Result<Answer, Cause> {
        let request = self.shared.requests[timing.path].try_clone();
        let request = request.expect("a body in memory can be sent again");
        let made = self.client.execute(request).await;
        let connected_ns = self.connects.last_ns();
        timing.connected_ns = timing.connected_ns.max(connected_ns);
        self.read(self.shared.reading.made(timing, made)?).await
    }

    /// Lets the client take back the connection of the last answer, or it would open another.
    async fn settle(&mut self) {
        yield_now().await;
    }
}

impl Lane {
    async fn read(&self, mut response: Response) -> Result<Answer, Cause> {
        let reading = &self.shared.reading;
        let headers = std::mem::take(response.headers_mut());
        let head = Head {
            version: response.version(),
            status: response.status(),
            headers: &headers,
        };
        reading.head(head)?;
        let mut check = BodyCheck::default();
        loop {
            let chunk = response.chunk().await;
            let chunk = chunk.map_err(|error| cause(&error, true))?;
            match chunk {
                Some(data) => reading.body(&mut check, &data),
                None => return Ok(reading.answer(head, &check)),
            }
        }
    }
}
