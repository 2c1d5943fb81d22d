//! By which a thread that waits for descriptors hears that another one has something for it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

/// A descriptor that is readable once somebody has rung, until it is silenced.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// A bell for each of so many loops; none for one that is alone.
    ///
    /// # Errors
    ///
    /// No descriptors.
    pub fn for_loops(loops: usize) -> io::Result<Vec<Arc<Self>>> {
        let bells = if loops == 1 { 0 } else { loops };
        (0..bells).map(|_| Self::new().map(Arc::new)).collect()
    }

    /// A bell that has not rung.
    ///
    /// # Errors
    ///
    /// No descriptors.
    pub fn new() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(eventfd(0, flags)?))
    }

    /// Wakes who waits for it, now or later.
    pub fn ring(&self) {
        // Fails only if it has rung four thousand million million million times unheard.
        let _ = write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Has heard it; whether it had rung.
    pub fn silence(&self) -> bool {
        read(&self.0, &mut [0; 8]).is_ok()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
