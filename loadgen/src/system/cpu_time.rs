//! What share of the machine's CPU time the hypervisor gave to somebody else
//! (*steal*): on a rented machine the noise that a run cannot see otherwise.
//!
//! Source: the first line of /proc/stat, proc_stat(5), in ticks of 10 ms over
//! all CPUs.

use std::fs;

/// The machine's CPU ticks since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTimeSample {
    /// Ticks in which a virtual CPU wanted to run and was not let.
    pub steal_ticks: u64,
    /// All ticks: running, idle and stolen.
    pub total_ticks: u64,
}

impl CpuTimeSample {
    /// Reads /proc/stat.
    pub fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// Share of the CPU time since `earlier` that was stolen, 0 to 1; `None`
    /// if no tick has passed.
    pub fn share_since(&self, earlier: &Self) -> Option<f64> {
        let total = self.total_ticks.checked_sub(earlier.total_ticks)?;
        // Hypervisors have been seen to take steal back.
        let steal = self.steal_ticks.saturating_sub(earlier.steal_ticks);
        (total > 0).then(|| (steal as f64 / total as f64).min(1.0))
    }

    /// Reads `cpu  user nice system idle iowait irq softirq steal guest …`.
    /// The guest columns are not added: user and nice contain them.
    fn parse(text: &str) -> Option<Self> {
        const STEAL: usize = 7;
        let columns = text.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = columns
            .split_ascii_whitespace()
            .take(STEAL + 1)
            .map(|column| column.parse().ok())
            .collect::<Option<_>>()?;
        Some(Self {
            steal_ticks: *ticks.get(STEAL)?,
            total_ticks: ticks
                .iter()
                .try_fold(0_u64, |sum, &tick| sum.checked_add(tick))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn guest_time_is_counted_once() {
        let sample = CpuTimeSample::parse("cpu  100 20 30 400 5 0 6 39 70 7\ncpu0 1 2\n");
        let expected = CpuTimeSample {
            steal_ticks: 39,
            total_ticks: 600,
        };
        assert_eq!(sample, Some(expected));
    }

    #[test]
    fn a_kernel_without_steal_has_no_sample() {
        assert_eq!(CpuTimeSample::parse("cpu  100 20 30 400\n"), None);
        assert_eq!(CpuTimeSample::parse(""), None);
    }

    #[test]
    fn the_share_is_of_all_ticks_between_the_samples() {
        let at = |steal_ticks, total_ticks| CpuTimeSample {
            steal_ticks,
            total_ticks,
        };
        assert_eq!(at(15, 300).share_since(&at(10, 200)), Some(0.05));
        assert_eq!(at(9, 300).share_since(&at(10, 200)), Some(0.0));
        assert_eq!(at(10, 200).share_since(&at(10, 200)), None);
    }

    #[test]
    fn this_kernel_has_a_sample() {
        let sample = CpuTimeSample::read().unwrap();
        assert!(sample.steal_ticks < sample.total_ticks);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "cpu [0-9 ]{0,80}") {
            CpuTimeSample::parse(&text);
        }
    }
}
