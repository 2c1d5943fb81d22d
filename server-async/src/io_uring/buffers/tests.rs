use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::Errno;

use super::*;
use crate::io_uring::operation::{Operation, only};
use crate::io_uring::ring::Completed;

/// Far above what anything here takes.
const LONGEST: Duration = Duration::from_secs(10);

/// A ring that receives into a few buffers, and whoever sends.
struct Receiver {
    ring: Ring,
    buffers: Buffers,
    socket: UnixStream,
    peer: UnixStream,
    completed: Vec<Completed>,
}

impl Receiver {
    fn new(count: u16, count_max: u16) -> Self {
        let mut ring = Ring::new().unwrap();
        ring.enable().unwrap();
        let buffers = Buffers::register_from_to(&ring, count, count_max).unwrap();
        let (socket, peer) = UnixStream::pair().unwrap();
        Self {
            ring,
            buffers,
            socket,
            peer,
            completed: Vec::new(),
        }
    }

    fn receive(&mut self) {
        let token = Operation::Receive.of(only(0));
        self.ring.receive(&self.socket, token);
    }

    /// Waits until the kernel has ceased to receive.
    fn wait_for_end(&mut self) -> Vec<Completed> {
        while self.completed.last().is_none_or(|last| last.is_more) {
            let before = self.completed.len();
            self.ring.wait(Some(LONGEST), &mut self.completed).unwrap();
            assert!(self.completed.len() > before, "nothing happens");
        }
        std::mem::take(&mut self.completed)
    }

    fn bytes(&self, completed: &Completed) -> Vec<u8> {
        let (count, buffer) = (completed.result.unwrap(), completed.buffer.unwrap());
        self.buffers.bytes(buffer, count as usize).to_vec()
    }
}

/// What fills so many buffers, no two with the same bytes.
fn filling(count: u8) -> Vec<u8> {
    (0..count).flat_map(|byte| [byte; BUFFER_BYTES]).collect()
}

#[test]
fn what_finds_no_buffer_is_received_when_there_is_one_again() {
    let mut receiver = Receiver::new(2, 2);
    receiver.peer.write_all(&filling(5)).unwrap();
    receiver.peer.shutdown(std::net::Shutdown::Write).unwrap();
    let mut received = Vec::new();
    let mut times_out_of_buffers = 0;
    loop {
        receiver.receive();
        let completed = receiver.wait_for_end();
        let last = completed.last().unwrap().result;
        for completed in completed.iter().filter(|it| it.buffer.is_some()) {
            received.extend(receiver.bytes(completed));
            receiver.buffers.give_back(completed.buffer.unwrap());
        }
        match last {
            Err(Errno::NOBUFS) => times_out_of_buffers += 1,
            last => {
                assert_eq!(last, Ok(0));
                break;
            }
        }
    }
    assert!(received == filling(5));
    assert!(times_out_of_buffers >= 2);
}

#[test]
fn buffers_that_ran_out_are_doubled_up_to_the_most() {
    let mut receiver = Receiver::new(1, 3);
    for expected in [1, 2, 3, 3] {
        assert_eq!(receiver.buffers.count, expected);
        receiver.peer.write_all(&filling(4)).unwrap();
        receiver.receive();
        let completed = receiver.wait_for_end();
        assert_eq!(completed.last().unwrap().result, Err(Errno::NOBUFS));
        let mut starts: Vec<_> = completed
            .iter()
            .filter_map(|it| it.buffer)
            .map(|buffer| receiver.buffers.start_of(buffer.0) as usize)
            .collect();
        assert_eq!(starts.len(), usize::from(expected));
        // Each is a place of its own.
        starts.sort_unstable();
        assert!(starts.windows(2).all(|two| two[1] - two[0] >= STRIDE_BYTES));
        for buffer in completed.iter().filter_map(|it| it.buffer) {
            receiver.buffers.give_back(buffer);
        }
        receiver.buffers.grow();
        // What is left is not to disturb the next.
        let (socket, peer) = UnixStream::pair().unwrap();
        (receiver.socket, receiver.peer) = (socket, peer);
    }
}

#[test]
fn the_ring_of_buffers_goes_round() {
    let mut receiver = Receiver::new(3, 3);
    let turns = usize::from(COUNT_MAX) + 10;
    for turn in 0..turns {
        let text = turn.to_string();
        receiver.peer.write_all(text.as_bytes()).unwrap();
        let token = Operation::Receive.of(only(0));
        receiver.ring.receive_once(&receiver.socket, token);
        let completed = receiver.wait_for_end();
        assert_eq!(receiver.bytes(&completed[0]), text.as_bytes());
        receiver.buffers.give_back(completed[0].buffer.unwrap());
    }
    assert!(usize::from(receiver.buffers.tail) > turns);
}

#[test]
#[expect(unsafe_code, reason = "what is left of the buffers is memory")]
fn memory_stays_as_long_as_something_is_received() {
    // So much is given back to the system when it is freed, and nothing can be received into it.
    let mut receiver = Receiver::new(1, COUNT_MAX);
    receiver.receive();
    receiver
        .ring
        .wait(Some(Duration::ZERO), &mut receiver.completed)
        .unwrap();
    assert_eq!(receiver.ring.receiving().load(Ordering::Relaxed), 1);
    let start = receiver.buffers.start_of(0);
    let emptied = Buffers::new(1, receiver.ring.receiving());
    drop(std::mem::replace(&mut receiver.buffers, emptied));
    receiver.peer.write_all(b"hello").unwrap();
    receiver.peer.shutdown(std::net::Shutdown::Write).unwrap();
    let completed = receiver.wait_for_end();
    assert_eq!(completed[0].result, Ok(5));
    // SAFETY: the memory has not been freed, or nothing would have been received into it.
    assert_eq!(unsafe { slice::from_raw_parts(start, 5) }, b"hello");
    assert_eq!(receiver.ring.receiving().load(Ordering::Relaxed), 0);
}
