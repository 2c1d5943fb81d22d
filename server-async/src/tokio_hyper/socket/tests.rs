//! A client's system takes bytes, or does not, time paused.

use std::cell::Cell;

use tokio::io::AsyncWriteExt;

use super::*;

const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A socket that is never said to be ready for output, and has room for a byte at every so many
/// tries.
struct NeverReady {
    tries: Cell<u32>,
    tries_for_a_byte: u32,
}

impl Stream for NeverReady {
    fn try_send(&self, _: &[u8]) -> io::Result<usize> {
        self.tries.set(self.tries.get() + 1);
        match self.tries.get() % self.tries_for_a_byte {
            0 => Ok(1),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl AsyncRead for NeverReady {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for NeverReady {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

fn with_room_at(tries_for_a_byte: u32) -> Socket<NeverReady> {
    let socket = NeverReady {
        tries: Cell::new(0),
        tries_for_a_byte,
    };
    Socket::new(socket, WRITE_TIMEOUT)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_served_before_its_socket_is_said_to_be_ready() {
    let mut socket = with_room_at(9);
    let began = Instant::now();
    socket.write_all(&[0; 3]).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 27);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_given_up_after_the_write_timeout() {
    let mut socket = with_room_at(u32::MAX);
    let began = Instant::now();
    let error = socket.write_all(&[0]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(began.elapsed().as_secs(), WRITE_TIMEOUT.as_secs());
}
