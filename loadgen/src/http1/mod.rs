//! The client's side of HTTP/1.1: bytes in, answers out. No sockets, no clocks.

mod head;
mod response;

pub use response::{Answer, Question, ResponseReader};
