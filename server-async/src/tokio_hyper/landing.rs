//! Where reads land.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Most bytes of one read: what a loopback socket hands over at a time.
const READ_BYTES_MAX: usize = 64 * 1024;

thread_local! {
    /// A buffer of the thread's, not of each connection's: ten thousand idle connections should
    /// cost what they hold, which is nothing.
    static LANDING: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES_MAX].into());
}

/// Reads once, up to so many bytes, and shows them to `take` with the socket's owner. None at all
/// are the end of input.
pub(super) fn poll_read<G, S: AsyncRead + Unpin>(
    owner: &mut G,
    socket: impl FnOnce(&mut G) -> &mut S,
    cx: &mut Context<'_>,
    bytes_max: usize,
    take: impl FnOnce(&mut G, &[u8]),
) -> Poll<io::Result<()>> {
    LANDING.with_borrow_mut(|landing| {
        let size = landing.len().min(bytes_max);
        let mut received = ReadBuf::new(&mut landing[..size]);
        ready!(Pin::new(socket(owner)).poll_read(cx, &mut received))?;
        take(owner, received.filled());
        Poll::Ready(Ok(()))
    })
}
