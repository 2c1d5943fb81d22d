//! SIGINT and SIGTERM: the first asks for an orderly end, the second does not ask.
#![allow(unsafe_code)] // what a signal handler does must be asked for so

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::exit::Exit;

/// The process group that would be left behind; 0 if there is none.
static GROUP: AtomicI32 = AtomicI32::new(0);

/// A flag that the first signal sets; the second ends the process at once, and the group that
/// goes with it.
///
/// # Errors
///
/// The handlers could not be installed.
pub fn interrupt_flag() -> io::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset and only then sets it.
        let is_second = interrupted.clone();
        let kill = move || {
            if is_second.load(Ordering::Relaxed) {
                kill_group();
            }
        };
        // SAFETY: the handler loads two atomics and calls kill(2), all of which signal-safety(7)
        // allows.
        unsafe { low_level::register(signal, kill) }?;
        let code = i32::from(Exit::Interrupted.code());
        flag::register_conditional_shutdown(signal, code, interrupted.clone())?;
        flag::register(signal, interrupted.clone())?;
    }
    Ok(interrupted)
}

/// From now on the group that `leader` leads is killed where there is no time to end it: it has no
/// other who would end all of it. One group at a time goes with this process.
pub(crate) fn kill_at_once_too(leader: Option<Pid>) {
    let group = leader.map_or(0, |leader| leader.as_raw_nonzero().get());
    GROUP.store(group, Ordering::Relaxed);
}

fn kill_group() {
    if let Some(group) = Pid::from_raw(GROUP.load(Ordering::Relaxed)) {
        // It may have ended by itself, which is what is wanted.
        let _ = kill_process_group(group, Signal::KILL);
    }
}
