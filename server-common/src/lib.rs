//! What a server needs besides its concurrency model: flags, listener, stop signal.
