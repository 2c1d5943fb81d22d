//! The blocking server from outside.
//!
//! - `contract`: what every server must do, for each model;
//! - `hostile`: what hostile clients do to no model;
//! - `limits`: what a client cannot do to the server, and what a stop does not do to a client;
//! - `overload`: more connections than places, and more than threads can be had for;
//! - `websocket`: whoever talks in a room is heard there, and nobody waits for who does not listen;
//! - `push`: everybody gets every number, however slowly others take theirs;
//! - `memory`: what a connection with a thread of its own takes;
//! - `program`: the program itself: its messages, signals, descriptors;
//! - `tls`: which certificate is shown, and what is said of those that cannot be;
//! - `bad_input`: what cannot be is told in one line;
//! - `process`, `server` and `client`: a server as a process, one in the test's own, and who
//!   speaks to it.

mod bad_input;
mod client;
mod contract;
mod hostile;
mod limits;
mod memory;
mod overload;
mod process;
mod program;
mod push;
mod server;
mod tls;
mod websocket;
