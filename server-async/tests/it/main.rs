//! Tests of the server from outside.
//!
//! - `contract`: every model keeps the contract of both servers;
//! - `event_loop`: what only select, poll and epoll have;
//! - `hostile`: what hostile clients do to no model;
//! - `program`: the command line, signals, sockets and descriptors of the program itself.

mod contract;
mod event_loop;
mod hostile;
mod program;
