//! A worker of a stock Locust master: it says how many users there are to be, and hears what came
//! of them.
//!
//! - [`protocol`]: what a worker does next, without sockets and clocks;
//! - [`message`]: what is said, as bytes, with [`users`], [`options`] and [`report`] in it;
//! - `connection`: a ZeroMQ socket under a name, at an [`address`];
//! - `load`: a test's load on a thread of its own, and `part`, what is told of it from time to time;
//!   `samples` writes each of its requests, if that is wanted;
//! - [`worker`]: all of that together.
//!
//! The protocol has neither authentication nor encryption: whoever reaches a master can be its
//! worker, and whoever is taken for the master says what is loaded, and which file of this machine is
//! sent there. It belongs on loopback or on a private network.

pub mod address;
mod connection;
mod load;
pub mod message;
pub mod options;
mod part;
pub mod protocol;
pub mod report;
mod samples;
pub mod users;
pub mod worker;

pub use address::Address;
pub use options::Capacity;
pub use worker::Worker;
