//! How much memory processes use, the load generator itself above all, and how
//! much there is.

use super::proc_file::read_text;
use super::process_status::{ProcessStatus, kibibytes};

/// This process' peak resident set in bytes: `VmHWM` of /proc/self/status,
/// proc_pid_status(5). The kernel batches this count per CPU, so it may be
/// some hundred KiB low.
pub fn own_peak_rss_bytes() -> Option<u64> {
    ProcessStatus::read("/proc/self")?.peak_rss_bytes
}

/// A process' resident set in bytes: `VmRSS` of /proc/PID/status. `None` if there is no such
/// process.
pub fn rss_bytes(pid: u32) -> Option<u64> {
    ProcessStatus::read(&format!("/proc/{pid}"))?.rss_bytes
}

/// How much memory programs may still take without swapping: `MemAvailable` of /proc/meminfo,
/// proc_meminfo(5), in bytes.
pub fn available_bytes() -> Option<u64> {
    let text = read_text("/proc/meminfo")?;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    kibibytes(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_memory_and_this_process_has_some_of_it() {
        assert!(available_bytes().unwrap() > 1 << 20);
        assert!(rss_bytes(std::process::id()).unwrap() > 1 << 20);
        assert_eq!(rss_bytes(u32::MAX), None);
    }

    #[test]
    fn memory_that_was_touched_stays_in_the_peak() {
        const TOUCHED_BYTES: usize = 32 << 20;
        drop(std::hint::black_box(vec![1_u8; TOUCHED_BYTES]));
        assert!(own_peak_rss_bytes().unwrap() > TOUCHED_BYTES as u64);
    }
}
