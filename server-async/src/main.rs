//! The command line of `server-async`.

fn main() {}
