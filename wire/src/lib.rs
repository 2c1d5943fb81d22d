//! HTTP/1.1, WebSocket and the push stream for the two servers: bytes in, bytes out.
//!
//! Everything the blocking and the asynchronous server must do alike lives here, so that the
//! concurrency model is the only thing in which they differ. Nothing in this crate opens a socket,
//! starts a thread or reads a clock: bytes, dates and the passing of time are handed in.
//!
//! In reading order:
//!
//! - [`limits`]: every limit on what a peer may send, with its reason;
//! - [`status`] and [`refusal`]: what is said when a request cannot be served;
//! - [`request`]: a request's head, parsed once into what the server needs of it;
//! - [`body`]: how a body ends, for requests and (in the load generator) for responses;
//! - [`reader`]: a stream of bytes as a stream of requests;
//! - [`route`]: which work and which answer a request asks for;
//! - [`answer`] and [`date`]: the bytes that go back;
//! - [`access_log`]: the line that is kept of it;
//! - [`connection`]: one server connection as a state machine that any way of waiting can drive;
//! - [`websocket`] and [`relay`]: what follows HTTP on a connection that asks for it, and who hears
//!   whom;
//! - [`push`]: numbered messages to whoever connects;
//! - [`tls`] and [`session`]: all that a driver drives, with TLS around it or without.

pub mod access_log;
pub mod answer;
pub mod body;
pub mod connection;
pub mod date;
mod input;
pub mod limits;
pub mod push;
pub mod reader;
pub mod refusal;
pub mod relay;
pub mod request;
pub mod route;
pub mod session;
pub mod status;
pub mod tls;
pub mod websocket;
