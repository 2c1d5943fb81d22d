//! What a foreman on a runtime sleeps by. tokio's timers have a grain of a millisecond, in which a
//! thousand requests may come due.

// For the one call by which tokio takes over a descriptor.
#![allow(unsafe_code)]

use std::io;
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::system::timer::Timer;

pub(super) enum Alarm {
    /// To the millisecond.
    Coarse,
    /// To the microsecond.
    Exact(AsyncFd<Timer>),
}

impl Alarm {
    /// To the microsecond, on `runtime`.
    ///
    /// # Errors
    ///
    /// No free file descriptor.
    pub(super) fn exact(runtime: &Runtime) -> io::Result<Self> {
        let _in_runtime = runtime.enter();
        let timer = Timer::new()?;
        // SAFETY: the timer owns its descriptor, which is the same one for as long as it lives.
        let timer = unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) };
        Ok(Self::Exact(timer?))
    }

    /// Sleeps for `time`; may wake up early.
    pub(super) async fn after(&self, time: Duration) {
        let Self::Exact(timer) = self else {
            return sleep(time).await;
        };
        if time.is_zero() {
            // Which would disarm it.
            return yield_now().await;
        }
        let armed = timer.get_ref().arm(time);
        armed.expect("a timer takes any time");
        if let Ok(mut expiry) = timer.readable().await {
            expiry.clear_ready();
        }
    }
}
