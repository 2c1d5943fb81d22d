//! How much memory the load generator itself used at most, to show that it
//! does not grow with the number of requests.

use super::process_status::ProcessStatus;

/// This process' peak resident set in bytes: `VmHWM` of /proc/self/status,
/// proc_pid_status(5). The kernel batches this count per CPU, so it may be
/// some hundred KiB low.
pub fn own_peak_rss_bytes() -> Option<u64> {
    ProcessStatus::read("/proc/self")?.peak_rss_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_was_touched_stays_in_the_peak() {
        const TOUCHED_BYTES: usize = 32 << 20;
        drop(std::hint::black_box(vec![1_u8; TOUCHED_BYTES]));
        assert!(own_peak_rss_bytes().unwrap() > TOUCHED_BYTES as u64);
    }
}
