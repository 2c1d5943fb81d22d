//! Clients of the push stream on in-memory sockets, time paused.

use std::num::NonZeroU64;
use std::time::Duration;

use server_common::listener::Service;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;
use wire::push::{self, MESSAGE_BYTES};

use crate::Options;
use crate::tokio_hyper::fixture::{self, Served};

/// What the in-memory socket holds in each direction before a write waits, in bytes.
const SOCKET_BYTES: usize = 1000;

fn connect(push: push::Options) -> (DuplexStream, Served) {
    let options = Options {
        push,
        ..Options::default()
    };
    fixture::serve_as(Service::Push, options, SOCKET_BYTES)
}

async fn number(socket: &mut DuplexStream) -> u64 {
    let mut message = [0; MESSAGE_BYTES];
    socket.read_exact(&mut message).await.unwrap();
    let text = std::str::from_utf8(&message).unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn messages_come_as_fast_as_they_are_taken_and_none_is_left_out() {
    let (mut socket, _served) = connect(push::Options::default());
    for expected in 0..10_000 {
        assert_eq!(number(&mut socket).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_sends_is_not_read_and_no_silence_is_too_long() {
    let (mut socket, served) = connect(push::Options::default());
    socket.write_all(&[0; SOCKET_BYTES]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert!(!served.task.is_finished());
    for expected in 0..1000 {
        assert_eq!(number(&mut socket).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_off_where_that_is_asked_for() {
    let (_socket, served) = connect(push::Options {
        drop_after: Some(Duration::from_secs(3)),
        ..push::Options::default()
    });
    let begun = Instant::now();
    served.task.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn at_a_rate_messages_come_one_by_one() {
    let (mut socket, _served) = connect(push::Options {
        rate: NonZeroU64::new(100),
        drop_after: None,
    });
    let begun = Instant::now();
    for expected in 0..=10 {
        assert_eq!(number(&mut socket).await, expected);
    }
    assert!(begun.elapsed() >= Duration::from_millis(99));
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_the_stream_ends_behind_the_message_under_way() {
    let (mut socket, mut served) = connect(push::Options::default());
    assert_eq!(number(&mut socket).await, 0);
    served.finish();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest.len() % MESSAGE_BYTES, 0);
    assert!(rest.len() <= SOCKET_BYTES + MESSAGE_BYTES);
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_a_client_that_takes_nothing_is_waited_for_a_moment_only() {
    let (_socket, mut served) = connect(push::Options::default());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    served.finish();
    served.task.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 1);
}
