//! One process' or thread's `status` file: memory, threads, context switches.
//! Source: proc_pid_status(5).

use std::fs;

/// The lines of a `status` file that matter here. The memory lines are absent
/// for kernel threads and for processes that have ended but were not waited
/// for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ProcessStatus {
    /// `VmHWM`: the peak of the resident set.
    pub(super) peak_rss_bytes: Option<u64>,
    /// `VmRSS`: the resident set now.
    pub(super) rss_bytes: Option<u64>,
    /// `Threads`: of the whole process.
    pub(super) threads: Option<u64>,
    /// `voluntary_ctxt_switches`: of *this thread* only, the first thread's
    /// in a process' file.
    pub(super) voluntary_switches: Option<u64>,
    /// `nonvoluntary_ctxt_switches`: likewise.
    pub(super) involuntary_switches: Option<u64>,
}

impl ProcessStatus {
    /// Reads `DIRECTORY/status`, the directory being `/proc/PID` or
    /// `/proc/PID/task/TID`. `None` if there is no such process or thread.
    pub(super) fn read(directory: &str) -> Option<Self> {
        let text = fs::read_to_string(format!("{directory}/status")).ok()?;
        Some(Self::parse(&text))
    }

    /// Reads the text of such a file; an unknown line is passed over.
    fn parse(text: &str) -> Self {
        let mut status = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            match name {
                "VmHWM" => status.peak_rss_bytes = kibibytes(value),
                "VmRSS" => status.rss_bytes = kibibytes(value),
                "Threads" => status.threads = value.trim().parse().ok(),
                "voluntary_ctxt_switches" => {
                    status.voluntary_switches = value.trim().parse().ok();
                }
                "nonvoluntary_ctxt_switches" => {
                    status.involuntary_switches = value.trim().parse().ok();
                }
                _ => {}
            }
        }
        status
    }
}

/// `"   1788 kB"` in bytes; the kernel's kB are 1024 bytes.
pub(super) fn kibibytes(value: &str) -> Option<u64> {
    let number = value.trim().strip_suffix("kB")?.trim_end();
    number.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lines_that_matter_are_read() {
        let text = "Name:\tserver: one\nVmHWM:\t    1788 kB\nVmRSS:\t    1700 kB\n\
                    Threads:\t3\nvoluntary_ctxt_switches:\t40\n\
                    nonvoluntary_ctxt_switches:\t2\n";
        let expected = ProcessStatus {
            peak_rss_bytes: Some(1788 * 1024),
            rss_bytes: Some(1700 * 1024),
            threads: Some(3),
            voluntary_switches: Some(40),
            involuntary_switches: Some(2),
        };
        assert_eq!(ProcessStatus::parse(text), expected);
    }

    #[test]
    fn what_is_absent_is_none() {
        let status = ProcessStatus::parse("Name:\tzombie\nThreads:\t1\n");
        assert_eq!(status.peak_rss_bytes, None);
        assert_eq!(status.threads, Some(1));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(Vm(HWM|RSS):|Threads:|[ -~\n])*") {
            ProcessStatus::parse(&text);
        }
    }
}
