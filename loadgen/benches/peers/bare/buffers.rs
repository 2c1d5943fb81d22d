//! Buffers that the kernel picks from as bytes come: a ring that it shares with the program,
//! io_uring_register_buf_ring(3).
#![allow(unsafe_code)] // the ring is memory that the kernel reads too

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// The kernel maps the ring by whole pages.
const PAGE_BYTES: usize = 4096;

/// Most entries that a ring may have.
const ENTRIES_MAX: usize = 1 << 15;

/// The name of the only group of buffers.
pub(super) const GROUP: u16 = 0;

/// Buffers of one size. What is in them is nobody's business here. They are never freed, since the
/// kernel may write to them as long as the process lives.
pub(super) struct Buffers {
    ring: NonNull<BufRingEntry>,
    entries: u16,
    /// How many buffers have been given, in all.
    tail: u16,
    buffer_bytes: usize,
    memory: &'static mut [u8],
}

impl Buffers {
    /// Gives the kernel `count` buffers, or some more: the ring's length is a power of two.
    pub(super) fn register(uring: &IoUring, count: usize, buffer_bytes: usize) -> io::Result<Self> {
        let entries = count.next_power_of_two().min(ENTRIES_MAX);
        let mut buffers = Self {
            ring: pages(entries)?,
            entries: entries as u16,
            tail: 0,
            buffer_bytes,
            memory: vec![0; entries * buffer_bytes].leak(),
        };
        let address = buffers.ring.as_ptr() as u64;
        let submitter = uring.submitter();
        // SAFETY: the ring has so many entries, begins a page, and is never freed.
        unsafe { submitter.register_buf_ring_with_flags(address, buffers.entries, GROUP, 0) }?;
        (0..buffers.entries).for_each(|id| buffers.put(id));
        buffers.publish();
        Ok(buffers)
    }

    /// Gives a buffer back, which the kernel sees when it is told ([`Buffers::publish`]).
    pub(super) fn put(&mut self, id: u16) {
        let index = usize::from(self.tail & (self.entries - 1));
        let start = usize::from(id) * self.buffer_bytes;
        let buffer = &mut self.memory[start..start + self.buffer_bytes];
        // SAFETY: the index is below the ring's length, and the kernel does not read the entries
        // past the tail that it was told.
        let entry = unsafe { self.ring.add(index).as_mut() };
        entry.set_addr(buffer.as_mut_ptr() as u64);
        entry.set_len(self.buffer_bytes as u32);
        entry.set_bid(id);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Tells the kernel of all buffers that were given back.
    pub(super) fn publish(&mut self) {
        // SAFETY: the ring's first entry holds the tail, aligned, in memory that is ours.
        let tail = unsafe {
            let tail = BufRingEntry::tail(self.ring.as_ptr());
            AtomicU16::from_ptr(tail.cast_mut())
        };
        tail.store(self.tail, Ordering::Release);
    }
}

/// Room for a ring.
fn pages(entries: usize) -> io::Result<NonNull<BufRingEntry>> {
    let layout = Layout::array::<BufRingEntry>(entries)
        .and_then(|layout| layout.align_to(PAGE_BYTES))
        .map_err(io::Error::other)?;
    // SAFETY: a ring has one entry at least, so that the layout is not empty.
    let memory = unsafe { alloc_zeroed(layout) };
    Ok(NonNull::new(memory)
        .unwrap_or_else(|| handle_alloc_error(layout))
        .cast())
}
