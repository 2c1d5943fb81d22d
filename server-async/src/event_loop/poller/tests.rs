//! What every poller must do, run over all three.

use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, getrlimit, setrlimit};

use super::super::epoll::Epoll;
use super::super::poll::Poll;
use super::super::select::Select;
use super::*;

const AT_ONCE: Option<Duration> = Some(Duration::ZERO);
const LONG: Option<Duration> = Some(Duration::from_secs(60));

fn over_all(check: [fn(); 3]) {
    for check in check {
        check();
    }
}

fn ready<P: Poller>(poller: &mut P, timeout: Option<Duration>) -> Vec<u64> {
    let mut ready = Vec::new();
    poller.wait(timeout, &mut ready).unwrap();
    let mut ready: Vec<_> = ready.into_iter().map(|Token(token)| token).collect();
    ready.sort_unstable();
    ready
}

fn pair() -> (UnixStream, UnixStream) {
    let pair = UnixStream::pair().unwrap();
    pair.0.set_nonblocking(true).unwrap();
    pair
}

fn watch<P: Poller>(poller: &mut P, socket: &UnixStream, token: u64, interest: Interest) {
    poller.add(socket.as_fd(), Token(token), interest).unwrap();
}

/// Until the socket takes no more.
fn fill(mut socket: &UnixStream) {
    while socket.write(&[0; 64 * 1024]).is_ok() {}
}

/// Until nothing more has come.
fn drain(mut socket: &UnixStream) {
    socket.set_nonblocking(true).unwrap();
    while socket.read(&mut [0; 64 * 1024]).is_ok() {}
}

#[test]
fn what_is_ready_is_told_until_it_is_taken() {
    fn check<P: Poller>() {
        let mut poller = P::new().unwrap();
        let ((mut a, mut to_a), (b, _to_b)) = (pair(), pair());
        watch(&mut poller, &a, 7, Interest::Input);
        watch(&mut poller, &b, u64::MAX, Interest::Input);
        assert_eq!(ready(&mut poller, AT_ONCE), [], "{}", P::NAME);
        to_a.write_all(b"xy").unwrap();
        assert_eq!(ready(&mut poller, LONG), [7], "{}", P::NAME);
        a.read_exact(&mut [0]).unwrap();
        assert_eq!(ready(&mut poller, LONG), [7], "{}", P::NAME);
        a.read_exact(&mut [0]).unwrap();
        assert_eq!(ready(&mut poller, AT_ONCE), [], "{}", P::NAME);
    }
    over_all([check::<Select>, check::<Poll>, check::<Epoll>]);
}

#[test]
fn only_what_was_asked_for_is_told_and_the_question_can_be_changed() {
    fn check<P: Poller>() {
        let mut poller = P::new().unwrap();
        let (a, mut to_a) = pair();
        to_a.write_all(b"x").unwrap();
        fill(&a);
        watch(&mut poller, &a, 1, Interest::Output);
        assert_eq!(ready(&mut poller, AT_ONCE), [], "{}", P::NAME);
        let descriptor = a.as_fd();
        poller
            .modify(descriptor, Token(2), Interest::Input)
            .unwrap();
        assert_eq!(ready(&mut poller, LONG), [2], "{}", P::NAME);
        poller
            .modify(descriptor, Token(3), Interest::Output)
            .unwrap();
        assert_eq!(ready(&mut poller, AT_ONCE), [], "{}", P::NAME);
        drain(&to_a);
        assert_eq!(ready(&mut poller, LONG), [3], "{}", P::NAME);
    }
    over_all([check::<Select>, check::<Poll>, check::<Epoll>]);
}

#[test]
fn the_end_is_told_whatever_was_asked_for() {
    fn check<P: Poller>() {
        let mut poller = P::new().unwrap();
        let ((a, to_a), (b, to_b)) = (pair(), pair());
        fill(&b);
        watch(&mut poller, &a, 1, Interest::Input);
        watch(&mut poller, &b, 2, Interest::Output);
        drop((to_a, to_b));
        assert_eq!(ready(&mut poller, LONG), [1, 2], "{}", P::NAME);
    }
    over_all([check::<Select>, check::<Poll>, check::<Epoll>]);
}

#[test]
fn who_is_removed_or_forgotten_is_not_told_and_the_others_are() {
    fn check<P: Poller>() {
        let mut poller = P::new().unwrap();
        let pairs: Vec<_> = (0..6).map(|_| pair()).collect();
        for (token, (socket, peer)) in pairs.iter().enumerate() {
            watch(&mut poller, socket, token as u64, Interest::Input);
            (&mut &*peer).write_all(b"x").unwrap();
        }
        poller.remove(pairs[0].0.as_fd()).unwrap();
        poller.remove(pairs[3].0.as_fd()).unwrap();
        assert_eq!(ready(&mut poller, LONG), [1, 2, 4, 5], "{}", P::NAME);
        watch(&mut poller, &pairs[0].0, 9, Interest::Input);
        let mut pairs = pairs;
        let (gone, _peer) = pairs.pop().unwrap();
        poller.forget(gone.as_fd());
        drop(gone);
        assert_eq!(ready(&mut poller, LONG), [1, 2, 4, 9], "{}", P::NAME);
    }
    over_all([check::<Select>, check::<Poll>, check::<Epoll>]);
}

#[test]
fn a_wait_for_nobody_ends_in_time() {
    fn check<P: Poller>() {
        let mut poller = P::new().unwrap();
        let began = std::time::Instant::now();
        let limit = Duration::from_millis(3);
        assert_eq!(ready(&mut poller, Some(limit)), [], "{}", P::NAME);
        assert!(began.elapsed() >= limit, "{}", P::NAME);
    }
    over_all([check::<Select>, check::<Poll>, check::<Epoll>]);
}

#[test]
fn select_takes_the_last_descriptor_that_its_sets_have_room_for_and_none_beyond() {
    let end = Select::DESCRIPTORS_END.unwrap();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut poller = Select::new().unwrap();
    let (socket, _peer) = pair();
    // No other test has so many.
    let last = fcntl_dupfd_cloexec(&socket, end - 1).unwrap();
    let beyond = fcntl_dupfd_cloexec(&socket, end).unwrap();
    assert_eq!((last.as_raw_fd(), beyond.as_raw_fd()), (end - 1, end));
    assert!(
        poller
            .add(beyond.as_fd(), Token(1), Interest::Output)
            .is_err()
    );
    poller
        .add(last.as_fd(), Token(2), Interest::Output)
        .unwrap();
    assert_eq!(ready(&mut poller, LONG), [2]);
    poller.forget(last.as_fd());
}
