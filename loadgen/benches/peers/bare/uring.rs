//! By completion: io_uring(7).
//!
//! Sockets are in the ring's own table of files, which spares the kernel looking them up. All that
//! is to be done is handed over with the next wait, in one system call, and what went well on the
//! way to an answer is not reported.
#![allow(unsafe_code)] // operations name memory that the kernel uses later

use std::io;
use std::os::fd::AsRawFd;

use io_uring::squeue::{self, Flags};
use io_uring::types::{DestinationSlot, Fixed, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode};
use rustix::net::SocketAddrAny;

use super::buffers::{self, Buffers};
use super::{Count, Outcome, SILENCE_LONGEST, Task, left_after};

/// Most operations handed over at a time: what is pushed meanwhile fits the processor's caches.
const SUBMISSIONS_MAX: usize = 4096;

/// Most completions that a queue may hold: io_uring_setup(2).
const COMPLETIONS_MAX: usize = 1 << 16;

/// In an operation's name beside the slot: it is not the one that receives.
const ON_THE_WAY: u64 = 1 << 32;

/// Asks on every connection, and again on each whose answer has come. One operation a connection
/// receives as long as that lasts.
pub(super) fn keep_alive(task: &Task) -> io::Result<Outcome> {
    let mut ring = Ring::new(task)?;
    let sockets = task.connect_all()?;
    let files: Vec<_> = sockets.iter().map(AsRawFd::as_raw_fd).collect();
    ring.0.submitter().register_files(&files)?;
    // An answer may come in two pieces, so that these are never used up.
    let mut buffers = Buffers::register(&ring.0, 2 * task.connections, task.answer_bytes)?;
    let mut left_bytes = vec![task.answer_bytes; task.connections];
    let mut count = Count::begin(task);
    for slot in 0..task.connections {
        ring.push(&[receive(slot), send(slot, task)])?;
    }
    let mut completions = Vec::new();
    while !count.is_over() {
        ring.wait(&mut completions)?;
        for completion in completions.drain(..) {
            let bytes = received(&completion)?;
            let slot = completion.user_data() as usize;
            if let Some(buffer) = cqueue::buffer_select(completion.flags()) {
                buffers.put(buffer);
            }
            if !cqueue::more(completion.flags()) {
                ring.push(&[receive(slot)])?;
            }
            left_bytes[slot] = left_after(left_bytes[slot], bytes)?;
            if left_bytes[slot] == 0 {
                left_bytes[slot] = task.answer_bytes;
                count.requests += 1;
                ring.push(&[send(slot, task)])?;
            }
        }
        buffers.publish();
    }
    Ok(count.end())
}

/// Keeps `connections` connections in flight, each for one request and until the server has
/// closed it, so that TIME_WAIT is the server's and the ports last. A connection's life is one
/// chain of operations, of which the last is reported.
pub(super) fn new_connections(task: &Task) -> io::Result<Outcome> {
    let mut ring = Ring::new(task)?;
    let submitter = ring.0.submitter();
    submitter.register_files_sparse(task.connections as u32)?;
    let address = SocketAddrAny::from(task.address);
    // One byte more than will come, so that receiving ends with the server's close.
    let answers = vec![vec![0; task.answer_bytes + 1]; task.connections];
    let answers = answers.leak();
    let mut count = Count::begin(task);
    for (slot, answer) in answers.iter_mut().enumerate() {
        ring.push(&life(slot, task, &address, answer))?;
    }
    let mut completions = Vec::new();
    while !count.is_over() {
        ring.wait(&mut completions)?;
        for completion in completions.drain(..) {
            let bytes = received(&completion)?;
            if left_after(task.answer_bytes, bytes)? > 0 {
                return Err(io::Error::other("an answer is shorter than the first was"));
            }
            count.requests += 1;
            let slot = completion.user_data() as usize;
            ring.push(&life(slot, task, &address, &mut answers[slot]))?;
        }
    }
    Ok(count.end())
}

struct Ring(IoUring);

impl Ring {
    fn new(task: &Task) -> io::Result<Self> {
        let operations = (4 * task.connections).next_power_of_two();
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_cqsize(operations.min(COMPLETIONS_MAX) as u32)
            .build(operations.min(SUBMISSIONS_MAX) as u32)?;
        Ok(Self(ring))
    }

    /// To be handed over with the next wait, or now if there is no room for all of them: a chain
    /// is cut where the handing over ends.
    fn push(&mut self, operations: &[squeue::Entry]) -> io::Result<()> {
        // SAFETY: requests and buffers that operations name live as long as the process; an
        // address is copied when it is handed over.
        while unsafe { self.0.submission().push_multiple(operations) }.is_err() {
            self.0.submit()?;
        }
        Ok(())
    }

    /// Hands over what there is, waits until something is reported, and takes all that is.
    fn wait(&mut self, completions: &mut Vec<cqueue::Entry>) -> io::Result<()> {
        let limit = Timespec::from(SILENCE_LONGEST);
        let arguments = SubmitArgs::new().timespec(&limit);
        self.0.submitter().submit_with_args(1, &arguments)?;
        completions.extend(self.0.completion());
        Ok(())
    }
}

/// Receives again and again, into buffers that the kernel picks.
fn receive(slot: usize) -> squeue::Entry {
    let operation = opcode::RecvMulti::new(file(slot), buffers::GROUP);
    operation.build().user_data(slot as u64)
}

fn send(slot: usize, task: &Task) -> squeue::Entry {
    let request = task.request;
    let operation = opcode::Send::new(file(slot), request.as_ptr(), request.len() as u32)
        .flags(libc::MSG_NOSIGNAL | libc::MSG_WAITALL);
    on_the_way(operation.build(), slot)
}

/// A connection's whole life. Opening it in the place of another closes that.
fn life(
    slot: usize,
    task: &Task,
    address: &SocketAddrAny,
    answer: &mut [u8],
) -> [squeue::Entry; 4] {
    let family = task.family().as_raw().into();
    let place = DestinationSlot::try_from_slot_target(slot as u32).ok();
    let socket = opcode::Socket::new(family, libc::SOCK_STREAM, 0).file_index(place);
    let connect = opcode::Connect::new(file(slot), address.as_ptr().cast(), address.addr_len());
    let receive = opcode::Recv::new(file(slot), answer.as_mut_ptr(), answer.len() as u32)
        .flags(libc::MSG_WAITALL);
    [
        on_the_way(socket.build(), slot).flags(Flags::IO_LINK),
        on_the_way(connect.build(), slot).flags(Flags::IO_LINK),
        send(slot, task).flags(Flags::IO_LINK),
        receive.build().user_data(slot as u64),
    ]
}

fn file(slot: usize) -> Fixed {
    Fixed(slot as u32)
}

/// Not reported unless it fails.
fn on_the_way(operation: squeue::Entry, slot: usize) -> squeue::Entry {
    let operation = operation.flags(Flags::SKIP_SUCCESS);
    operation.user_data(ON_THE_WAY | slot as u64)
}

/// How many bytes came, of an operation that receives; of another the error that it reports.
fn received(completion: &cqueue::Entry) -> io::Result<usize> {
    let result = completion.result();
    match usize::try_from(result) {
        Ok(count) if completion.user_data() & ON_THE_WAY == 0 => Ok(count),
        Ok(_) => Err(io::Error::other("a request was not sent whole")),
        Err(_) => Err(io::Error::from_raw_os_error(-result)),
    }
}
