//! The command line of `server-sync`.

fn main() {}
