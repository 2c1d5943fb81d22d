//! Clients of the push stream on in-memory sockets, time paused.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::pin::Pin;
use std::task::{Context, Poll};

use server_common::listener::Service;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::Instant;
use wire::push::{self, MESSAGE_BYTES};

use super::*;
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

/// A socket that is full once it has taken a part of a message, and from then on has room for a byte
/// now and then, of which nobody is told.
struct Slow<'a> {
    taken_bytes: &'a Cell<usize>,
}

impl Stream for Slow<'_> {
    fn try_send(&self, _: &[u8]) -> io::Result<usize> {
        self.taken_bytes.update(|bytes| bytes + 1);
        Ok(1)
    }
}

impl AsyncRead for Slow<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Slow<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        const FULL_BYTES: usize = 100;
        match self
            .taken_bytes
            .replace(FULL_BYTES.max(self.taken_bytes.get()))
        {
            0 => Poll::Ready(Ok(FULL_BYTES)),
            _ => Poll::Pending,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_a_client_that_reads_slowly_gets_the_whole_message() {
    let taken_bytes = Cell::new(0);
    let options = Options::default();
    let session = Session::push(options.push);
    let write_timeout = session.write_timeout(options.write_timeout);
    let socket = Slow {
        taken_bytes: &taken_bytes,
    };
    let mut socket = Socket::new(socket, write_timeout);
    let (finish, finishing) = watch::channel(());
    let pushed = push(session, &mut socket, options.write_timeout, finishing);
    let stop = async {
        yield_now().await;
        finish.send_replace(());
    };
    let began = Instant::now();
    let (pushed, ()) = tokio::join!(pushed, stop);
    pushed.unwrap();
    assert_eq!(taken_bytes.get(), MESSAGE_BYTES);
    assert!(began.elapsed() < 10 * LINGER);
}
