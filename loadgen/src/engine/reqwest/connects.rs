//! What can be seen of a reqwest client's connections: that one was opened, secured if it is to be,
//! and how long all that took. Their bytes pass unseen, and what TLS agreed upon but for HTTP/2.

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::Connection;
use tower_layer::Layer;
use tower_service::Service;

use crate::engine::desk::Desk;
use crate::plan::Plan;
use crate::system::thread_cpu::ThreadId;

/// Watches the opening of a client's connections; clones are the same watch.
#[derive(Clone)]
pub(super) struct Connects(Arc<Watch>);

struct Watch {
    desk: Desk,
    connected_at_ns: AtomicU64,
    /// The thread that opens them.
    thread: OnceLock<ThreadId>,
    /// Whether the server has to agree to HTTP/2.
    needs_http2: bool,
}

type BoxError = Box<dyn Error + Send + Sync>;

/// A connector that is watched.
#[derive(Clone)]
pub(super) struct Watched<S> {
    inner: S,
    connects: Connects,
}

impl Connects {
    pub(super) fn new(plan: &Plan, desk: &Desk) -> Self {
        Self(Arc::new(Watch {
            desk: desk.clone(),
            connected_at_ns: AtomicU64::new(0),
            thread: OnceLock::new(),
            needs_http2: plan.tls.is_some() && plan.scenario.version.needs_agreement(),
        }))
    }

    /// When the last one was open, in nanoseconds since the run began; 0 if none was.
    pub(super) fn last_ns(&self) -> u64 {
        self.0.connected_at_ns.load(Ordering::Relaxed)
    }

    /// The thread that opens them, once it has begun to.
    pub(super) fn thread(&self) -> Option<ThreadId> {
        self.0.thread.get().copied()
    }

    fn connected(&self, started_ns: u64) {
        let now_ns = self.0.desk.now_ns();
        self.0.connected_at_ns.store(now_ns, Ordering::Relaxed);
        self.0.desk.connected(now_ns - started_ns);
        self.0.desk.is_ready();
    }
}

impl<S> Layer<S> for Connects {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Watched {
            inner,
            connects: self.clone(),
        }
    }
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R, Error = BoxError>,
    S::Response: Connection,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connects = self.connects.clone();
        let started_ns = connects.0.desk.now_ns();
        connects.0.thread.get_or_init(ThreadId::current);
        let opening = self.inner.call(request);
        Box::pin(async move {
            let opened = opening.await?;
            connects.connected(started_ns);
            match connects.0.needs_http2 && !opened.connected().is_negotiated_h2() {
                true => Err(rustls::Error::NoApplicationProtocol.into()),
                false => Ok(opened),
            }
        })
    }
}
