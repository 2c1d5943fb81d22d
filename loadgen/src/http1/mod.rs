//! The client's side of HTTP/1.1: bytes in, answers out. No sockets, no clocks.

mod body_check;
mod head;
mod response;

pub use body_check::BodyCheck;
pub(crate) use head::{HEADERS_MAX, list, parse, room};
pub use response::{Answer, Question, ResponseReader};
