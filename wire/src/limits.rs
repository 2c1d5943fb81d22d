//! Every limit on what a peer may send or ask for, each with its reason.

use std::time::Duration;

/// Longest request line, in bytes, its line end not counted. nginx and Apache also stop at 8 KiB;
/// a longer one is answered 414.
pub const REQUEST_LINE_BYTES_MAX: usize = 8 * 1024;

/// Longest request head, in bytes, up to and with the empty line. Room for large cookies, and
/// small enough that ten thousand slow heads fit in memory. A longer one is answered 431.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Most header fields in one head: what hyper allows by default, so that both servers agree.
/// One more is answered 431.
pub const HEADERS_MAX: usize = 100;

/// Largest request body and largest `/bytes/N`, in bytes: `/echo` keeps a body in memory.
/// A larger body is answered 413.
pub const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Most bytes of chunk extensions in a request's chunked body, over all its chunks. Extensions
/// carry no meaning here; without a limit they are a body that never counts as one.
pub const CHUNK_EXTENSION_BYTES_MAX: usize = 8 * 1024;

/// Most bytes of trailer fields after a chunked body, for the same reason.
pub const TRAILER_BYTES_MAX: usize = 8 * 1024;

/// Largest WebSocket message, and largest frame, in bytes; a larger one is answered with close code
/// 1009. A message is whole in memory before it goes on.
pub const WEBSOCKET_MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What may lie in the relay for a client that does not take it, in bytes; beyond it the client is
/// closed with code 1008. What sockets hold comes before it, so nobody is closed for a moment's
/// silence, and a hundred deaf clients cost less than half a gigabyte.
pub const MAILBOX_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Longest name of a room of the relay, in bytes: names are kept, and their sum must be bounded.
pub const ROOM_NAME_BYTES_MAX: usize = 128;

/// Longest wait that `/delay/MS` grants, in milliseconds: as long as a stop waits for requests
/// under way, so that a stopping server need not break its word.
pub const DELAY_MS_MAX: u64 = 10_000;

/// Most work that `/cpu/US` does, in microseconds.
pub const CPU_US_MAX: u64 = 1_000_000;

/// Slowest upload that is put up with, in bytes per second, once the read timeout is used up.
/// A time limit alone would cut off large uploads on slow links; a limit per read alone would let
/// a client send one byte a second for two years.
pub const BODY_BYTES_PER_SECOND_MIN: u64 = 16 * 1024;

/// The time a body may take from its head on, given how much of it has come.
///
/// Apache's `RequestReadTimeout body=T,MinRate=R` follows the same rule.
#[must_use]
pub fn body_time_limit(read_timeout: Duration, received_bytes: u64) -> Duration {
    read_timeout + Duration::from_millis(received_bytes * 1000 / BODY_BYTES_PER_SECOND_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_moves_earns_time_and_one_that_stalls_does_not() {
        let read_timeout = Duration::from_secs(5);
        assert_eq!(body_time_limit(read_timeout, 0), read_timeout);
        assert_eq!(
            body_time_limit(read_timeout, BODY_BYTES_PER_SECOND_MIN * 3),
            Duration::from_secs(8)
        );
    }
}
