//! What every model of both servers must do, as functions of an address.
//!
//! The suite speaks bytes over blocking sockets and shares no code with the
//! servers: a mistake in a shared parser would be invisible to a client built
//! on the same parser. It runs in the tests of both servers and before every
//! benchmark, because a fast wrong server is no result.
//!
//! - [`verify`] runs every one of [`CHECKS`] and lists those that fail; beside them those of a
//!   server that speaks TLS, and of one that takes WebSocket clients or does not.
//! - [`transcript()`] and [`keep_alive_transcript`] write down a fixed series of
//!   exchanges, to be compared with the golden ones and between two servers.
//! - [`asks_who_is_silent`] is about WebSocket clients that say nothing for long.
//! - [`stops_without_losing_requests`] stops a server under load.
//! - [`push`] is what the push stream's clients must get, and [`hostile`] what hostile clients must
//!   not do.
//! - [`process`] and [`program`] start the servers' programs for all of these.
//!
//! `cargo run -p contract --example verify` runs the checks by hand, and
//! `--example transcript` prints a transcript.
//!
//! All of it runs over TCP and over UNIX sockets, in the clear and through TLS,
//! and nothing is left out anywhere. What is another thing there: a reset over a
//! UNIX socket is a close, which its peer is told of as a reset if it leaves
//! bytes unread; a half-close through TLS, and each end of a connection, is
//! announced (`close_notify`); over a UNIX socket the greeting says
//! `localhost`, because nobody has an address.
//!
//! No check holds an idle connection open while another must be served, but
//! the one that is about that: the suite also runs against a server that serves
//! one connection at a time.

pub mod hostile;
pub mod process;
pub mod program;
pub mod push;

mod answer;
mod channel;
mod checks;
mod connection;
mod escape;
mod expected;
mod lifetimes;
mod stop;
mod subject;
mod tls;
mod transcript;
mod transport;
mod verify;
mod websocket;

pub use lifetimes::asks_who_is_silent;
pub use stop::stops_without_losing_requests;
pub use subject::{Address, Subject};
pub use transcript::{
    golden_keep_alive_transcript, golden_transcript, keep_alive_transcript, transcript,
};
pub use transport::{Transport, label};
pub use verify::{
    CHECKS, Check, TLS_CHECKS, Violation, Violations, WEBSOCKET_CHECKS, WITHOUT_WEBSOCKET_CHECKS,
    checks_of, verify,
};
