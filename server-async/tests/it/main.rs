//! Tests of the server from outside.
//!
//! - `contract`: every model keeps the contract of both servers;
//! - `hostile`: what hostile clients do to no model;
//! - `program`: the command line, signals, sockets and descriptors of the program itself.

mod contract;
mod hostile;
mod program;
