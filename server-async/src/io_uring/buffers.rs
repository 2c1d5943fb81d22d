//! Memory that the kernel receives into: it takes a buffer when bytes have come, not before, so
//! that thousands of idle connections need none.
//!
//! The kernel takes buffers from a ring that it shares with this process, and is given them back
//! at the ring's tail: `IORING_REGISTER_PBUF_RING` of io_uring_register(2).

// For memory that the kernel writes to.
#![allow(unsafe_code)]

use std::io;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::ring::Ring;

/// The one group of buffers.
pub(super) const GROUP: u16 = 0;

/// Bytes received at a time: a large upload is not cut too small, and what one connection can
/// bring before it is told to wait is not too much.
const BUFFER_BYTES: usize = 16 * 1024;

/// How far one buffer is from the next. If it were a power of two, the beginnings of all, which is
/// as much as short requests use, would have to share a few places in the CPU's caches.
const STRIDE_BYTES: usize = BUFFER_BYTES + 64;

/// Buffers that the kernel has from the start.
const COUNT_MIN: u16 = 64;

/// Most buffers. More connections may have bytes at a time: those that find no buffer receive when
/// there is one again.
const COUNT_MAX: u16 = 1024;

/// Buffers, each with the kernel, or with whoever looks at what it holds.
///
/// The kernel has a few at first, and more when they have run out, so that no more memory is
/// touched than there are requests at a time.
pub(super) struct Buffers {
    shared: ManuallyDrop<Shared>,
    /// Operations that may yet write to the memory: while there are, it stays.
    receiving: Arc<AtomicUsize>,
    /// How many there are.
    count: u16,
    /// How many there may be.
    count_max: u16,
    /// How many were given to the kernel, modulo 2¹⁶: its end of the ring.
    tail: u16,
}

/// What the kernel reads and writes.
struct Shared {
    entries: Box<Entries>,
    memory: Memory,
}

/// A buffer that holds what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BufferId(pub(super) u16);

/// The ring: `struct io_uring_buf_ring`, on a page of its own. The kernel reads it at any time,
/// and so it is made of atomic numbers.
#[repr(C, align(4096))]
struct Entries([Entry; COUNT_MAX as usize]);

/// `struct io_uring_buf`.
#[repr(C)]
struct Entry {
    address: AtomicU64,
    length: AtomicU32,
    id: AtomicU16,
    /// Of the ring, in its first entry. In the others the room is unused.
    tail: AtomicU16,
}

impl Entry {
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each entry is a copy of its own"
    )]
    const EMPTY: Self = Self {
        address: AtomicU64::new(0),
        length: AtomicU32::new(0),
        id: AtomicU16::new(0),
        tail: AtomicU16::new(0),
    };
}

/// Bytes that others write to as well, and which therefore are not in a box.
struct Memory(NonNull<[u8]>);

// SAFETY: the memory belongs to this value alone, and is reached through `&mut self` or `&self`
// like any other.
unsafe impl Send for Memory {}

impl Buffers {
    /// Registers buffers with a ring.
    ///
    /// # Errors
    ///
    /// Those of io_uring_register(2): no memory, or a kernel older than 5.19.
    pub(super) fn register(ring: &Ring) -> io::Result<Self> {
        Self::register_from_to(ring, COUNT_MIN, COUNT_MAX)
    }

    /// `count` buffers at first, `count_max` at last.
    pub(super) fn register_from_to(ring: &Ring, count: u16, count_max: u16) -> io::Result<Self> {
        let mut buffers = Self::new(count_max, ring.receiving());
        let start = ptr::from_ref(&*buffers.shared.entries) as u64;
        let submitter = ring.inner().submitter();
        // SAFETY: there are that many entries. They and the buffers stay as long as anything is
        // being received, see `drop`.
        unsafe { submitter.register_buf_ring_with_flags(start, COUNT_MAX, GROUP, 0)? };
        buffers.add(count);
        Ok(buffers)
    }

    fn new(count_max: u16, receiving: Arc<AtomicUsize>) -> Self {
        Self {
            shared: ManuallyDrop::new(Shared {
                entries: Box::new(Entries([const { Entry::EMPTY }; COUNT_MAX as usize])),
                memory: Memory::new(usize::from(count_max) * STRIDE_BYTES),
            }),
            receiving,
            count: 0,
            count_max,
            tail: 0,
        }
    }

    /// Gives the kernel more buffers, as many again as it has had, for they have run out. There
    /// may be no more to give; those that are filled come back when they are looked at.
    pub(super) fn grow(&mut self) {
        self.add(self.count.min(self.count_max - self.count));
    }

    fn add(&mut self, count: u16) {
        for id in self.count..self.count + count {
            self.put(id);
        }
        self.count += count;
    }

    /// The first `count` bytes of a buffer that the kernel has filled.
    pub(super) fn bytes(&self, id: BufferId, count: usize) -> &[u8] {
        assert!(id.0 < self.count && count <= BUFFER_BYTES);
        // SAFETY: the range lies within the memory, which is initialised. The kernel writes to a
        // buffer that it has, and has this one again only after `give_back`, which needs `&mut`.
        unsafe { slice::from_raw_parts(self.start_of(id.0), count) }
    }

    /// Lets the kernel use a buffer again.
    pub(super) fn give_back(&mut self, id: BufferId) {
        assert!(id.0 < self.count);
        self.put(id.0);
    }

    fn put(&mut self, id: u16) {
        // There are at least as many entries as buffers, so this one is not the kernel's.
        let entry = &self.shared.entries.0[usize::from(self.tail % COUNT_MAX)];
        let address = self.start_of(id) as u64;
        entry.address.store(address, Ordering::Relaxed);
        entry.length.store(BUFFER_BYTES as u32, Ordering::Relaxed);
        entry.id.store(id, Ordering::Relaxed);
        self.tail = self.tail.wrapping_add(1);
        // What is before the tail is the kernel's.
        self.shared.entries.0[0]
            .tail
            .store(self.tail, Ordering::Release);
    }

    fn start_of(&self, id: u16) -> *mut u8 {
        let offset = usize::from(id) * STRIDE_BYTES;
        self.shared
            .memory
            .0
            .as_ptr()
            .cast::<u8>()
            .wrapping_add(offset)
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        if self.receiving.load(Ordering::Relaxed) == 0 {
            // SAFETY: not used after this; no operation is left that could take a buffer.
            unsafe { ManuallyDrop::drop(&mut self.shared) }
        }
    }
}

impl Memory {
    /// Zeroed memory, which takes no room as long as nobody touches it.
    fn new(bytes: usize) -> Self {
        Self(NonNull::from(Box::leak(vec![0; bytes].into_boxed_slice())))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: this is the box that `new` has leaked, and is not used after this.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

#[cfg(test)]
mod tests;
