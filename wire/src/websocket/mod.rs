//! WebSocket (RFC 6455): what a connection speaks after the handshake.
//!
//! The protocol itself is tungstenite's, here and in the models on tokio. What is ours:
//!
//! - [`handshake`]: the request that opens it, and the answer;
//! - [`farewell`]: why a connection is closed, in the protocol's codes;
//! - [`boundary`]: whether a message is under way, which decides how long it may take;
//! - [`output`]: frames on their way to the socket;
//! - `endpoint`: the server's side as a state machine, without a socket.

pub mod boundary;
pub(crate) mod endpoint;
pub mod farewell;
pub mod handshake;
pub mod output;

pub use tungstenite::Message;
use tungstenite::protocol::WebSocketConfig;

use crate::limits::WEBSOCKET_MESSAGE_BYTES_MAX;

/// How much of a frame is taken at a time, in bytes. tungstenite has a buffer of this size for each
/// connection, from the first byte on: ten thousand idle ones should not cost a gigabyte.
pub(crate) const READ_BYTES: usize = 1024;

/// What a codec may keep of its messages between them, in bytes. It never gives a buffer back, and
/// ten thousand idle clients that have once had 16 MiB each are too many: one that has had a larger
/// message is made anew when it is through with it.
pub const CODEC_KEPT_BYTES_MAX: usize = 16 * 1024;

/// The limits within which every model speaks WebSocket.
#[must_use]
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        // A frame is written when it is made: whoever drives the codec gathers them.
        .write_buffer_size(0)
        .max_message_size(Some(WEBSOCKET_MESSAGE_BYTES_MAX))
        .max_frame_size(Some(WEBSOCKET_MESSAGE_BYTES_MAX))
}
