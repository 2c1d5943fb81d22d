//! The push stream through a session.

use std::num::NonZeroU64;

use std::time::Instant;

use super::*;
use crate::push;
use crate::push::MESSAGE_BYTES;

/// Told a time until it does not ask for it, the session wants this written.
fn told(session: &mut Session, now: Instant) -> Need {
    let date = Date::from_unix_seconds(0);
    loop {
        match session.need(&date) {
            Need::Time => session.tell_time(now, Duration::from_secs(1)),
            need => return need,
        }
    }
}

fn stream(rate: Option<u64>, drop_after: Option<Duration>) -> Session {
    Session::push(push::Options {
        rate: rate.and_then(NonZeroU64::new),
        drop_after,
    })
}

#[test]
fn whatever_a_client_says_it_gets_message_after_message() {
    /// They are made in several batches.
    const MESSAGES: usize = 1500;

    let mut session = stream(None, None);
    let mut written = Vec::new();
    while written.len() < MESSAGES * MESSAGE_BYTES {
        session.receive(GET.as_bytes());
        session.receive(b"\0\xff");
        session.end_of_input();
        session.timed_out(&Date::from_unix_seconds(0));
        assert_eq!(told(&mut session, Instant::now()), Need::Output);
        // A part of what is there, which ends where it will.
        let count = session.output().len().min(1000);
        written.extend_from_slice(&session.output()[..count]);
        session.wrote(count);
    }
    for (number, line) in written.chunks_exact(MESSAGE_BYTES).enumerate() {
        let expected = format!("message {number:020} sent {:020} ", 1_000_000_000);
        assert!(line.starts_with(expected.as_bytes()), "{number}");
    }
}

#[test]
fn at_a_rate_it_pauses_until_the_next_is_due() {
    let mut session = stream(Some(10), None);
    let begin = Instant::now();
    assert_eq!(told(&mut session, begin), Need::Output);
    assert_eq!(session.output().len(), MESSAGE_BYTES);
    session.wrote(MESSAGE_BYTES);
    let wait = Need::Pause(Pause::Wait(Duration::from_millis(70)));
    assert_eq!(told(&mut session, begin + Duration::from_millis(30)), wait);
    session.finish();
    let need = session.need(&Date::from_unix_seconds(0));
    assert!(matches!(need, Need::Close { .. }), "{need:?}");
}

#[test]
fn how_long_a_client_may_take_nothing_is_the_streams_own() {
    let general = Duration::from_secs(10);
    let drop_after = Duration::from_secs(3);
    assert_eq!(
        stream(None, Some(drop_after)).write_timeout(general),
        drop_after
    );
    assert!(stream(None, None).write_timeout(general) > Duration::from_secs(86_400));
    assert_eq!(
        Session::new(None, OPTIONS, None).write_timeout(general),
        general
    );
}
