//! What the gate and the service of one connection tell each other.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use server_common::stop::Stop;
use server_common::{access_log, clock};
use wire::answer::Hello;
use wire::connection::Options;
use wire::request::{self, Request};
use wire::status::Status;

use crate::cli::SERVER;

/// The request under way: at most one at a time.
///
/// One task touches this, but it may move between threads, hence atomics; a relaxed load or store
/// of a byte costs what a plain one costs.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    pub(super) peer: Option<IpAddr>,
    pub(super) hello: Hello,
    pub(super) options: Options,
    stop: &'a Stop,
    request: Mutex<Option<Request>>,
    keep_alive: AtomicBool,
    body_may_stay_away: AtomicBool,
    answered_last: AtomicBool,
    /// For the access log; touched only if there is one.
    request_line: Mutex<Vec<u8>>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(peer: Option<IpAddr>, options: Options, stop: &'a Stop) -> Self {
        Self {
            peer,
            hello: Hello::new(peer),
            options,
            stop,
            request: Mutex::default(),
            keep_alive: AtomicBool::new(true),
            body_may_stay_away: AtomicBool::new(false),
            answered_last: AtomicBool::new(false),
            request_line: Mutex::default(),
        }
    }

    /// The gate lets a request pass, whose head is `head`; says whether its body may stay away.
    pub(super) fn begin(&self, request: &Request, head: &[u8]) -> bool {
        // Whether a client that asked for leave to send its body, and gets an answer instead,
        // sends it all the same is its choice: where a next request would begin cannot be known.
        let body_may_stay_away =
            request.expects_continue && request.framing.has_body() && !request.route.wants_body();
        let keep_alive = request.keep_alive && self.options.keep_alive && !body_may_stay_away;
        self.keep_alive.store(keep_alive, Ordering::Relaxed);
        self.body_may_stay_away
            .store(body_may_stay_away, Ordering::Relaxed);
        if self.options.access_log
            && let Ok(mut line) = self.request_line.lock()
        {
            *line = request::request_line(head).to_vec();
        }
        body_may_stay_away
    }

    /// The gate gives the request to the service.
    pub(super) fn hand_over(&self, request: Request) {
        *self.request() = Some(request);
    }

    /// The service takes the request that hyper calls it for. There is one for each head that the
    /// gate has let pass.
    pub(super) fn take_over(&self) -> Option<Request> {
        self.request().take()
    }

    fn request(&self) -> MutexGuard<'_, Option<Request>> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the answer comes at once, whatever becomes of the body.
    pub(super) fn body_may_stay_away(&self) -> bool {
        self.body_may_stay_away.load(Ordering::Relaxed)
    }

    /// Whether the connection stays after the answer that is made now.
    pub(super) fn keeps_alive(&self) -> bool {
        let keep_alive = self.keep_alive.load(Ordering::Relaxed) && !self.is_finishing();
        self.answered_last.store(!keep_alive, Ordering::Relaxed);
        keep_alive
    }

    /// Whether the answer that says `Connection: close` has been made.
    pub(super) fn answered_last(&self) -> bool {
        self.answered_last.load(Ordering::Relaxed)
    }

    /// Whether the server is stopping, so that no further request is waited for.
    pub(super) fn is_finishing(&self) -> bool {
        self.stop.is_asked()
    }

    /// Writes the access log's line for an answer, if there is a log.
    pub(super) fn log(&self, status: Status, body_bytes: u64) {
        if self.options.access_log
            && let Ok(mut line) = self.request_line.lock()
        {
            let line = std::mem::take(&mut *line);
            let date = clock::date();
            let line = wire::access_log::line(self.peer, &date, &line, status, body_bytes);
            access_log::write(SERVER, line);
        }
    }
}
