//! Black-box tests of the `loadgen` binary: one integration binary, so that it
//! links once.

// A server that misbehaves on purpose and logs the truth.
mod behaviour; // what it may do with one request, as bytes and an ending
mod fault_server; // the sockets: plays a script, keeps the log
mod fault_server_tests; // the yardstick itself, measured over raw sockets
mod request; // as much of a request as an answer depends on
mod script; // which behaviour meets which request

// The client under test.
mod loadgen; // starts the binary, guards against a hang, collects what it said
mod record; // what a record must say of itself, and how it agrees with the log

// What is tested.
mod against_ab; // the faults that ab miscounts, in JSON and in ab's own lines
mod bad_input; // what a person can type wrong
mod conservation; // random sequences of faults: every request counted once
mod faults; // the fault table: one row, one test
mod our_side; // signals, full disks, closed pipes, too few descriptors
