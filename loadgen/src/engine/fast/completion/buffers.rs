//! Memory that the kernel receives into: it takes a buffer when bytes have come, not before, so
//! that thousands of idle connections need none.
//!
//! The kernel takes buffers from a ring that it shares with this process, and is given them back
//! at the ring's tail: `IORING_REGISTER_PBUF_RING` of io_uring_register(2).

// For memory that the kernel writes to.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// The one group of buffers.
pub(super) const GROUP: u16 = 0;

/// Most bytes received at a time.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Most memory for all buffers of a worker. What answers do not fill is never touched, and so
/// costs nothing.
const BYTES_MAX: usize = 64 << 20;

/// What a buffer is longer than a power of two. Otherwise the beginnings of all buffers, which is
/// as much as short answers use, would have to share a few places in the CPU's caches.
const CACHE_LINE_BYTES: usize = 64;

/// Fewest buffers, so that a few connections with large answers do not wait for them.
const BUFFERS_MIN: usize = 64;

/// Most buffers. More connections than that may be answered at a time: those that find no buffer
/// receive when there is one again.
const BUFFERS_MAX: usize = 4096;

/// What the kernel asks of the ring's place.
const PAGE_BYTES: usize = 4096;

/// What every place has. Asked for more, the allocator would write the zeroes itself, and take
/// memory for buffers that are never used.
const ANY_PLACE: usize = 16;

/// Buffers, each with the kernel, or lent to whoever looks at what it holds.
pub(super) struct Buffers {
    memory: Memory,
    ring: Memory,
    /// A power of two.
    count: u16,
    /// Of each.
    bytes: usize,
    /// How many were given to the kernel, modulo 2¹⁶: its end of the ring.
    tail: u16,
}

/// A buffer that holds what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BufferId(pub(super) u16);

/// Zeroed memory that is freed with its owner.
struct Memory {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the memory belongs to this value alone, and is reached through `&mut self` or `&self`
// like any other.
unsafe impl Send for Memory {}

impl Buffers {
    /// As many as `connections` can use, all with the kernel.
    pub(super) fn register(ring: &IoUring, connections: usize) -> io::Result<Self> {
        let mut buffers = Self::new(connections);
        let start = buffers.ring.start.as_ptr() as u64;
        // SAFETY: the ring has `count` entries. Whoever has these buffers drops them when the
        // kernel receives nothing any more, or not at all.
        unsafe {
            ring.submitter()
                .register_buf_ring_with_flags(start, buffers.count, GROUP, 0)?;
        }
        for id in 0..buffers.count {
            buffers.give_back(BufferId(id));
        }
        Ok(buffers)
    }

    fn new(connections: usize) -> Self {
        let count = connections
            .next_power_of_two()
            .clamp(BUFFERS_MIN, BUFFERS_MAX);
        let bytes = (BYTES_MAX / count).min(BUFFER_BYTES_MAX) + CACHE_LINE_BYTES;
        Self {
            memory: Memory::new(count * bytes, ANY_PLACE),
            ring: Memory::new(count * size_of::<BufRingEntry>(), PAGE_BYTES),
            count: u16::try_from(count).expect("BUFFERS_MAX fits"),
            bytes,
            tail: 0,
        }
    }

    /// The first `count` bytes of a buffer that the kernel has filled.
    pub(super) fn bytes(&self, id: BufferId, count: usize) -> &[u8] {
        assert!(id.0 < self.count && count <= self.bytes);
        // SAFETY: the range lies within the memory, which is initialised. The kernel writes to a
        // buffer that it has, and has this one again only after `give_back`, which needs `&mut`.
        unsafe { std::slice::from_raw_parts(self.start_of(id), count) }
    }

    /// Lets the kernel use a buffer again.
    pub(super) fn give_back(&mut self, id: BufferId) {
        assert!(id.0 < self.count);
        let start = self.start_of(id) as u64;
        let entries = self.ring.start.cast::<BufRingEntry>().as_ptr();
        // SAFETY: the index is within the ring. The kernel reads entries before the tail only, and
        // there are as many entries as buffers, so this one is not among them. The tail is where
        // the crate says, within the first entry, and aligned; only this thread writes it.
        unsafe {
            let entry = &mut *entries.add(usize::from(self.tail & (self.count - 1)));
            entry.set_addr(start);
            entry.set_len(self.bytes as u32);
            entry.set_bid(id.0);
            self.tail = self.tail.wrapping_add(1);
            let tail = BufRingEntry::tail(entries).cast::<AtomicU16>();
            (*tail).store(self.tail, Ordering::Release);
        }
    }

    fn start_of(&self, id: BufferId) -> *mut u8 {
        let offset = usize::from(id.0) * self.bytes;
        self.memory.start.as_ptr().wrapping_add(offset)
    }
}

impl Memory {
    fn new(bytes: usize, alignment: usize) -> Self {
        let layout = Layout::from_size_align(bytes, alignment).expect("a size below 2⁶³");
        // SAFETY: the size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        match NonNull::new(start) {
            Some(start) => Self { start, layout },
            None => handle_alloc_error(layout),
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and not freed before.
        unsafe { std::alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel sees: the tail, and the entries before it, oldest first.
    fn offered(buffers: &Buffers) -> Vec<u16> {
        let entries = buffers.ring.start.cast::<BufRingEntry>().as_ptr();
        // SAFETY: the ring is initialised, and nobody else has it.
        let entry = |index: u16| unsafe { (*entries.add(usize::from(index))).bid() };
        let first = buffers.tail.wrapping_sub(buffers.count);
        (0..buffers.count)
            .map(|n| entry(first.wrapping_add(n) & (buffers.count - 1)))
            .collect()
    }

    fn given() -> Buffers {
        let mut buffers = Buffers::new(1);
        (0..buffers.count).for_each(|id| buffers.give_back(BufferId(id)));
        buffers
    }

    #[test]
    fn buffers_are_offered_in_the_order_in_which_they_came_back() {
        let mut buffers = given();
        for id in [5, 0, 63] {
            buffers.give_back(BufferId(id));
        }
        let offered = offered(&buffers);
        assert_eq!(offered[..2], [3, 4]);
        assert_eq!(offered[61..], [5, 0, 63]);
    }

    #[test]
    fn the_tail_goes_round() {
        let mut buffers = given();
        for turn in 0..70_000_u32 {
            buffers.give_back(BufferId((turn % 64) as u16));
        }
        assert_eq!(u32::from(buffers.tail), (64 + 70_000) % 65_536);
        // 70 000 is 48 beyond a multiple of 64.
        assert_eq!(offered(&buffers)[63], 47);
    }

    #[test]
    fn each_buffer_is_a_place_of_its_own() {
        let buffers = given();
        let starts: Vec<usize> = (0..buffers.count)
            .map(|id| buffers.start_of(BufferId(id)) as usize)
            .collect();
        let length = BUFFER_BYTES_MAX + CACHE_LINE_BYTES;
        assert!(starts.windows(2).all(|two| two[1] - two[0] == length));
        assert_eq!(buffers.bytes(BufferId(63), length).len(), length);
    }

    #[test]
    fn many_connections_share_a_bounded_amount_of_memory() {
        for connections in [1, 100, 1000, 20_000] {
            let buffers = Buffers::new(connections);
            let bytes = usize::from(buffers.count) * buffers.bytes;
            assert!(bytes <= BYTES_MAX + BUFFERS_MAX * CACHE_LINE_BYTES);
        }
        assert_eq!(Buffers::new(100).count, 128);
        assert_eq!(Buffers::new(20_000).count, 4096);
    }
}
