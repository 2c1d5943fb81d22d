//! One timer for a connection's whole life.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is set late rather than often.
///
/// Each request moves the moment by which the next must come. To move tokio's timer as well costs
/// a lock each time; so it is left where it is as long as it would go off too early, which is
/// harmless: the task is woken once in vain, and the timer set to what is true by then. For a
/// busy connection that is once in an idle timeout, not once in a request.
///
/// A task that was told once will be woken, so the timer is not polled again either. This holds
/// as long as one task polls the connection from first to last.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    /// None until there is something to wait for.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// Ready if it is `moment` or later; else the task will be woken then, or before.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, moment: Instant) -> Poll<()> {
        let sleep = match &mut self.sleep {
            Some(sleep) if !sleep.is_elapsed() && sleep.deadline() <= moment => {
                return Poll::Pending;
            }
            Some(sleep) => {
                sleep.as_mut().reset(moment);
                sleep
            }
            none => none.insert(Box::pin(sleep_until(moment))),
        };
        // tokio's budget would at times return before the timer has noted the task.
        Pin::new(&mut unconstrained(sleep.as_mut())).poll(cx)
    }
}
