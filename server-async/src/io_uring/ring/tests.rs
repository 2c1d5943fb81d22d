use std::os::unix::net::UnixStream;

use super::*;
use crate::io_uring::operation::only;

/// Far above what anything here takes.
const LONGEST: Duration = Duration::from_secs(10);

#[test]
fn a_ring_works_with_the_flags_of_every_kernel() {
    for is_deferring in [true, false] {
        let mut ring = Ring::over(build(is_deferring).unwrap()).unwrap();
        ring.enable().unwrap();
        let (socket, peer) = UnixStream::pair().unwrap();
        let token = Operation::Stop.of(only(7));
        ring.poll(&socket, token);
        drop(peer);
        let mut completed = Vec::new();
        ring.wait(Some(LONGEST), &mut completed).unwrap();
        let tokens: Vec<_> = completed.iter().map(|it| it.token).collect();
        assert_eq!(tokens, [token]);
    }
}

#[test]
fn more_operations_than_the_queues_hold_all_complete() {
    let mut ring = Ring::new().unwrap();
    ring.enable().unwrap();
    let (socket, _peer) = UnixStream::pair().unwrap();
    // Polls that are given up: more completions at a time than the kernel has room for.
    let count = COMPLETIONS_MAX + SUBMISSIONS_MAX + 1;
    let tokens = (0..count).map(|slot| Operation::Knock.of(only(slot)));
    tokens.clone().for_each(|token| ring.poll(&socket, token));
    tokens.for_each(|token| ring.cancel(token));
    let mut completed = Vec::new();
    while completed.len() < count as usize {
        let before = completed.len();
        ring.wait(Some(LONGEST), &mut completed).unwrap();
        assert!(completed.len() > before, "nothing happens");
    }
    let mut slots: Vec<_> = completed.iter().map(|it| it.token.owner.slot).collect();
    slots.sort_unstable();
    assert!(slots.into_iter().eq(0..count));
    let is_cancelled = |it: &Completed| it.result == Err(Errno::CANCELED);
    assert!(completed.iter().all(is_cancelled));
}

#[test]
fn a_wait_ends_when_its_time_is_over() {
    let mut ring = Ring::new().unwrap();
    ring.enable().unwrap();
    let mut completed = Vec::new();
    for timeout in [Duration::ZERO, Duration::from_millis(1)] {
        ring.wait(Some(timeout), &mut completed).unwrap();
    }
    assert!(completed.is_empty());
}
