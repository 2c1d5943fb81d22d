//! The suite itself under test: it accepts a right server and finds what is
//! wrong with others. A check that cannot fail would be a defect.
//!
//! - `server`: a blocking server in a screenful, right unless told otherwise;
//! - `right`: the suite accepts it, however it is reached;
//! - `wrong`: each fault is found by the check that is about it;
//! - `stop`: requests lost when a server stops are noticed.

mod right;
mod server;
mod stop;
mod wrong;
