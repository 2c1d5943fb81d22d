//! How much address space a thread's stack has, and how many stacks the kernel lets a process have.

use std::fs;

/// Address space for the stack of a thread that serves connections; memory is what was touched.
///
/// The deepest that was seen is 28 KiB: of TLS handshakes, and of a panic's backtrace (72 KiB in a
/// debug build). The standard library's 2 MiB would be 20 GiB of address space for ten thousand
/// connections.
pub(crate) const STACK_BYTES: usize = 256 * 1024;

/// Where the kernel says how many mappings a process may have.
const LIMIT: &str = "/proc/sys/vm/max_map_count";

/// What it is unless somebody has changed it.
const LIMIT_DEFAULT: usize = 65_530;

/// Mappings of a connection with a thread of its own: its stack, the stack for signals of the
/// standard library, and a guard below each; besides up to two large buffers.
const PER_CONNECTION: usize = 6;

/// What the rest of the process may need: libraries, the allocator's arenas.
const OTHERWISE: usize = 2048;

/// How many connections may have a thread of their own: some ten thousand, and more with a larger
/// `vm.max_map_count`.
///
/// Beyond them it would not be a thread's start that fails, which can be survived, but something
/// in a thread that has started, its stack for signals or an allocation, and so the process.
pub(crate) fn connections_max() -> usize {
    let limit = fs::read_to_string(LIMIT).ok();
    let limit = limit.and_then(|text| text.trim().parse().ok());
    of_limit(limit.unwrap_or(LIMIT_DEFAULT))
}

fn of_limit(mappings_max: usize) -> usize {
    (mappings_max.saturating_sub(OTHERWISE) / PER_CONNECTION).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_connections_fit_into_what_is_usual() {
        assert!(of_limit(LIMIT_DEFAULT) >= 10_000);
    }

    #[test]
    fn a_limit_that_is_too_small_for_anything_lets_one_be_tried() {
        assert_eq!(of_limit(100), 1);
    }
}
