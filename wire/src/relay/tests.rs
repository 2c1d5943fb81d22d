use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use bytes::Bytes;

use super::*;
use crate::limits::MAILBOX_BYTES_MAX;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn sit(relay: &Arc<Relay>, room: &str) -> (Seat, Arc<Count>) {
    let count = Arc::new(Count::default());
    let seat = relay.enter(room, Waker::from(Arc::clone(&count))).unwrap();
    (seat, count)
}

#[test]
fn a_message_goes_to_every_other_client_of_the_room_and_to_nobody_else() {
    let relay = Relay::new(4);
    let [(a, _), (b, _), (c, _)] = [(); 3].map(|()| sit(&relay, "x"));
    let (d, _) = sit(&relay, "y");
    a.parcel("hello".into()).deliver();
    for other in [&b, &c] {
        assert_eq!(other.take(), Ok(Some("hello".into())));
        assert_eq!(other.take(), Ok(None));
    }
    assert_eq!([a.take(), d.take()], [Ok(None), Ok(None)]);
}

#[test]
fn one_that_has_mail_already_is_not_woken_again() {
    let relay = Relay::new(2);
    let ((a, _), (b, woken)) = (sit(&relay, ""), sit(&relay, ""));
    for _ in 0..3 {
        a.parcel("x".into()).deliver();
    }
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    while b.take().unwrap().is_some() {}
    a.parcel("x".into()).deliver();
    assert_eq!(woken.0.load(Ordering::SeqCst), 2);
}

#[test]
fn who_takes_nothing_is_given_up_at_the_bound_and_the_others_lose_nothing() {
    let relay = Relay::new(3);
    let ((a, _), (slow, woken), (quick, _)) = (sit(&relay, ""), sit(&relay, ""), sit(&relay, ""));
    let message = Message::binary(vec![0; 64 * 1024]);
    let mut sent = 0;
    while sent <= MAILBOX_BYTES_MAX {
        a.parcel(message.clone()).deliver();
        sent += message.len();
        assert_eq!(quick.take(), Ok(Some(message.clone())));
    }
    assert!(slow.is_too_slow() && !quick.is_too_slow());
    assert_eq!(slow.take(), Err(TooSlow));
    assert_eq!(slow.take(), Err(TooSlow));
    // Once for its first message and once for the end.
    assert_eq!(woken.0.load(Ordering::SeqCst), 2);
}

#[test]
fn a_message_larger_than_the_bound_is_taken_by_an_empty_mailbox() {
    let relay = Relay::new(2);
    let ((a, _), (b, _)) = (sit(&relay, ""), sit(&relay, ""));
    let message = Message::binary(vec![0; MAILBOX_BYTES_MAX + 1]);
    a.parcel(message.clone()).deliver();
    assert_eq!(b.take(), Ok(Some(message)));
    a.parcel("x".into()).deliver();
    assert_eq!(b.take(), Ok(Some("x".into())));
}

#[test]
fn seats_are_counted_and_a_room_goes_with_its_last_client() {
    let relay = Relay::new(2);
    let (a, _) = sit(&relay, "x");
    let (b, _) = sit(&relay, "x");
    assert!(relay.enter("y", Waker::noop().clone()).is_none());
    drop(a);
    assert_eq!(relay.hall().rooms.len(), 1);
    drop(b);
    assert!(relay.hall().rooms.is_empty());
    assert!(relay.enter("y", Waker::noop().clone()).is_some());
}

#[test]
fn who_says_much_takes_its_own_mail_before_it_says_more() {
    let relay = Relay::new(2);
    let ((a, _), (b, _)) = (sit(&relay, ""), sit(&relay, ""));
    let say = |seat: &Seat| seat.parcel("x".into()).deliver();
    b.parcel("first".into()).deliver();
    let mut said = 0;
    while !a.is_ahead() {
        say(&a);
        said += 1;
    }
    assert_eq!(said, DELIVERIES_PER_TURN_MAX);
    say(&b);
    // Each that it takes is one that it may give.
    assert_eq!(a.take(), Ok(Some("first".into())));
    assert!(!a.is_ahead());
    say(&a);
    assert!(a.is_ahead());
    // And with nothing left to take it may say as much as at first.
    while a.take().unwrap().is_some() {}
    assert!(!a.is_ahead());
}

#[test]
fn small_messages_that_pile_up_do_not_keep_what_was_read_along_with_them() {
    let relay = Relay::new(3);
    let [(sender, _), (slow, _), (other, _)] = [(); 3].map(|()| sit(&relay, ""));
    let read = Bytes::from(vec![7; 1024]);
    for at in 0..3 {
        let message = Message::binary(read.slice(at..=at));
        sender.parcel(message).deliver();
        assert_eq!(other.take(), Ok(Some(Message::binary(vec![7]))));
    }
    // The first found the mailbox empty, and might have been taken at once.
    assert_eq!(slow.take(), Ok(Some(Message::binary(vec![7]))));
    assert!(read.is_unique());
    assert_eq!(slow.take(), Ok(Some(Message::binary(vec![7]))));
}
