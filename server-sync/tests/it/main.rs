//! The blocking server from outside.
//!
//! - `contract`: what every server must do, for each model;
//! - `limits`: what a client cannot do to the server, and what a stop does not do to a client;
//! - `program`: the program itself: messages, exit codes, signals, descriptors;
//! - `server` and `client`: a server in the test's own process, and who speaks to it.

mod client;
mod contract;
mod limits;
mod program;
mod server;
