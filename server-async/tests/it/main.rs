//! Tests of the server from outside.
//!
//! - `contract`: every model keeps the contract of both servers;
//! - `event_loop`: what only select, poll and epoll have;
//! - `hostile`: what hostile clients do to no model;
//! - `program`: the command line, signals, sockets and descriptors of the program itself;
//! - `push`: what the push stream does to the loops that serve it beside others;
//! - `websocket`: clients that hear each other, within a loop and between loops.

mod contract;
mod event_loop;
mod hostile;
mod program;
mod push;
mod websocket;
