//! One record of the shards of a run: counts and distributions are added, never percentiles.
