//! The reqwest engines: what an application's client costs, asynchronous and blocking. They answer
//! for the client the question that this project asks of servers.
//!
//! The client is used as an application would use it, but for what would make requests or answers
//! others than those that are counted: no redirects, no retries, no cookies, no decompression, no
//! proxy from the environment.
//!
//! - `client`: how it is set up; `connects`: what can be seen of its connections; `answer`: what
//!   is counted of an answer; `cause`: its errors as causes; `path`: what it makes of paths;
//! - `asynchronous`: a client for each connection, on a runtime for each worker; `blocking`: a
//!   client for each worker, shared by a thread for each connection.

mod answer;
pub(super) mod asynchronous;
pub(super) mod blocking;
pub(super) mod body;
mod cause;
mod client;
mod connects;
pub(super) mod path;
