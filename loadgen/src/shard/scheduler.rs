//! Which shard this process is, by the variables of the scheduler that started it.
