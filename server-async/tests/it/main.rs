//! Tests of the server from outside.
//!
//! - `contract`: every model keeps the contract of both servers;
//! - `program`: the command line, signals, sockets and descriptors of the program itself.

mod contract;
mod program;
