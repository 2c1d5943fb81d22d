//! What every model of both servers must do, as functions of an address.
//!
//! The suite speaks bytes over blocking sockets and shares no code with the
//! servers: a mistake in a shared parser would be invisible to a client built
//! on the same parser. It runs in the tests of both servers and before every
//! benchmark, because a fast wrong server is no result.
//!
//! - [`verify`] runs every one of [`CHECKS`] and lists those that fail.
//! - [`transcript()`] and [`keep_alive_transcript`] write down a fixed series of
//!   exchanges, to be compared with the golden ones and between two servers.
//! - [`stops_without_losing_requests`] stops a server under load.
//!
//! `cargo run -p contract --example verify` runs the checks by hand, and
//! `--example transcript` prints a transcript.
//!
//! No check holds an idle connection open while another must be served, but
//! the one that is about that: the suite also runs against a server that serves
//! one connection at a time.

mod answer;
mod checks;
mod connection;
mod escape;
mod expected;
mod stop;
mod subject;
mod transcript;
mod verify;

pub use stop::stops_without_losing_requests;
pub use subject::Subject;
pub use transcript::{
    GOLDEN_KEEP_ALIVE_TRANSCRIPT, GOLDEN_TRANSCRIPT, keep_alive_transcript, transcript,
};
pub use verify::{CHECKS, Check, Violation, Violations, verify};
