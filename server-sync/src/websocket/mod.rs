//! WebSocket clients, for whom others write while their own threads listen.
//!
//! A thread that is blocked in a read hears of nothing else, so it cannot be told that others have
//! sent something. Therefore it is the sender's thread that writes: while a client's thread
//! listens, its session lies where others can go on with it ([`Client`]). They never wait for its
//! socket: what that does not take is seen to by one thread for all who have fallen behind
//! ([`Laggards`]). So a message costs its sender's thread a write for each other client, and no
//! switch of threads but the one that ends the receiver's own read, far away.

mod client;
mod laggards;

pub(crate) use self::client::Client;
pub(crate) use self::laggards::Laggards;
