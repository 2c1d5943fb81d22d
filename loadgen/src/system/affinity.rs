//! Which cores this process may use, and how load and server divide them:
//! kept apart, neither takes CPU time from the other, and the scheduler does
//! not move them about in mid-run.
//!
//! Source: sched_getaffinity(2), sched_setaffinity(2), which speak of
//! *threads*: a new thread and a child process begin with the set of the
//! thread that made them.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::str::FromStr;

use rustix::thread::{CpuSet as KernelCpuSet, sched_getaffinity, sched_setaffinity};
use thiserror::Error;

use super::proc_file::read_text;

/// A set of cores by the kernel's numbers. Written and read as a list of
/// numbers and ranges, `0,2-3`, as taskset(1) and the kernel write it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuSet {
    cores: BTreeSet<usize>,
}

/// Why a text is not a list of cores.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not a list of cores such as 0,2-3 (numbers below {})",
    KernelCpuSet::MAX_CPU
)]
pub struct CpuListError {
    text: String,
}

/// Who runs where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreSplit {
    /// Cores of the load generator.
    pub load: CpuSet,
    /// Cores of the server.
    pub server: CpuSet,
}

impl CpuSet {
    /// The cores on which the calling thread may run; in a thread that was
    /// not pinned, those of the process.
    pub fn of_this_thread() -> io::Result<Self> {
        let set = sched_getaffinity(None)?;
        Ok((0..KernelCpuSet::MAX_CPU)
            .filter(|&core| set.is_set(core))
            .collect())
    }

    /// The cores, in ascending order.
    pub fn cores(&self) -> impl Iterator<Item = usize> {
        self.cores.iter().copied()
    }

    /// Whether this core is among them.
    pub fn contains(&self, core: usize) -> bool {
        self.cores.contains(&core)
    }

    /// How many cores.
    pub fn count(&self) -> usize {
        self.cores.len()
    }

    /// Lets the calling thread run on these cores only. Fails (EINVAL) if none
    /// of them is one that this process may use; the kernel passes over those
    /// that are not, so compare with [`CpuSet::of_this_thread`] afterwards if
    /// every one matters.
    pub fn pin_this_thread(&self) -> io::Result<()> {
        let mut set = KernelCpuSet::new();
        self.cores().for_each(|core| set.set(core));
        Ok(sched_setaffinity(None, &set)?)
    }

    /// Runs `work` with the calling thread on these cores and restores the
    /// cores from before, also after a panic. What `work` starts, threads and
    /// child processes, stays on these cores: this is how a server is started
    /// on its own.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        let _restore = RestoreOnDrop(Self::of_this_thread()?);
        self.pin_this_thread()?;
        Ok(work())
    }

    /// Divides these cores between load and server.
    ///
    /// One core: both share it, and [`CoreSplit::is_shared`] says so. Two: one
    /// each. More: half each, since on one machine a request costs the client
    /// about as much as the server; an odd one goes to the load, because a
    /// load generator that is the limit makes the run worthless. The two
    /// hardware threads of one core stay on one side as far as that goes.
    pub fn split(&self) -> CoreSplit {
        split_by(self, first_hardware_thread)
    }
}

impl CoreSplit {
    /// Whether load and server run on the same cores.
    pub fn is_shared(&self) -> bool {
        self.load == self.server
    }
}

struct RestoreOnDrop(CpuSet);

impl Drop for RestoreOnDrop {
    fn drop(&mut self) {
        // Fails only if all of those cores were taken away meanwhile; then
        // the kernel has already chosen others.
        let _ = self.0.pin_this_thread();
    }
}

/// [`CpuSet::split`] with `group` telling which hardware threads belong
/// together: cores with the same value do.
fn split_by(set: &CpuSet, group: impl Fn(usize) -> usize) -> CoreSplit {
    if set.count() < 2 {
        return CoreSplit {
            load: set.clone(),
            server: set.clone(),
        };
    }
    let mut cores: Vec<usize> = set.cores().collect();
    cores.sort_by_key(|&core| (group(core), core));
    let server = cores.split_off(cores.len().div_ceil(2));
    CoreSplit {
        load: cores.into_iter().collect(),
        server: server.into_iter().collect(),
    }
}

/// The lowest-numbered hardware thread of the physical core that `core` is
/// part of; `core` itself where the kernel does not tell. Source:
/// Documentation/admin-guide/cputopology.rst of the kernel.
fn first_hardware_thread(core: usize) -> usize {
    let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
    read_text(&path)
        .and_then(|list| list.parse::<CpuSet>().ok())
        .and_then(|siblings| siblings.cores().next())
        .unwrap_or(core)
}

impl FromIterator<usize> for CpuSet {
    fn from_iter<I: IntoIterator<Item = usize>>(cores: I) -> Self {
        Self {
            cores: cores.into_iter().collect(),
        }
    }
}

impl FromStr for CpuSet {
    type Err = CpuListError;

    fn from_str(text: &str) -> Result<Self, CpuListError> {
        let ranges: Option<Vec<_>> = text.split(',').map(parse_range).collect();
        let ranges = ranges.ok_or_else(|| CpuListError {
            text: text.to_owned(),
        })?;
        Ok(ranges.into_iter().flatten().collect())
    }
}

/// `3` or `2-5`.
fn parse_range(text: &str) -> Option<std::ops::RangeInclusive<usize>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last < KernelCpuSet::MAX_CPU).then_some(first..=last)
}

impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores: Vec<usize> = self.cores().collect();
        let runs = cores.chunk_by(|core, next| core + 1 == *next);
        for (index, run) in runs.enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match run {
                [first, .., last] => write!(f, "{comma}{first}-{last}")?,
                [core] => write!(f, "{comma}{core}")?,
                [] => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    fn set(list: &str) -> CpuSet {
        list.parse().unwrap()
    }

    #[test]
    fn a_list_is_read_and_written() {
        assert_eq!(set("0,2-3"), [0, 2, 3].into_iter().collect());
        assert_eq!(set("3, 2,0").to_string(), "0,2-3");
        assert_eq!(set("5").to_string(), "5");
    }

    #[test]
    fn what_is_not_a_list_is_named_in_the_error() {
        for text in ["", "a", "1,", "3-2", "-1", "1024", "0-99999999999"] {
            let error = text.parse::<CpuSet>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is not")), "{error}");
        }
    }

    #[test]
    fn one_core_is_shared() {
        let split = split_by(&set("4"), |core| core);
        assert!(split.is_shared());
        assert_eq!(split.server, set("4"));
    }

    #[test]
    fn more_cores_are_halved_and_the_odd_one_goes_to_the_load() {
        for (cores, load, server) in [
            ("0-1", "0", "1"),
            ("0-2", "0-1", "2"),
            ("1-4", "1-2", "3-4"),
        ] {
            let split = split_by(&set(cores), |core| core);
            assert_eq!((split.load, split.server), (set(load), set(server)));
        }
    }

    #[test]
    fn the_hardware_threads_of_a_core_stay_on_one_side() {
        // Four cores whose second hardware threads are 4 to 7.
        let split = split_by(&set("0-7"), |core| core % 4);
        assert_eq!(split.load, set("0-1,4-5"));
        assert_eq!(split.server, set("2-3,6-7"));
    }

    #[test]
    fn a_child_inherits_the_cores_and_the_thread_gets_its_own_back() {
        let before = CpuSet::of_this_thread().unwrap();
        let one: CpuSet = before.cores().take(1).collect();
        let child = one.run(|| {
            assert_eq!(CpuSet::of_this_thread().unwrap(), one);
            Command::new("cat").arg("/proc/self/status").output()
        });
        let status = String::from_utf8(child.unwrap().unwrap().stdout).unwrap();
        assert!(status.contains(&format!("Cpus_allowed_list:\t{one}\n")));
        assert_eq!(CpuSet::of_this_thread().unwrap(), before);
    }

    #[test]
    fn the_cores_are_restored_after_a_panic() {
        let before = CpuSet::of_this_thread().unwrap();
        let one: CpuSet = before.cores().take(1).collect();
        let panicked = std::panic::catch_unwind(|| one.run(|| panic!("on one core")));
        assert!(panicked.is_err());
        assert_eq!(CpuSet::of_this_thread().unwrap(), before);
    }

    #[test]
    fn no_core_at_all_is_an_error() {
        assert!(CpuSet::default().run(|| ()).is_err());
    }

    proptest! {
        #[test]
        fn writing_and_reading_a_set_gives_it_back(
            cores in proptest::collection::btree_set(0..1024_usize, 1..50),
        ) {
            let set = CpuSet { cores };
            prop_assert_eq!(set.to_string().parse(), Ok(set));
        }

        #[test]
        fn a_split_uses_every_core_once(
            cores in proptest::collection::btree_set(0..64_usize, 2..20),
            threads in 1..4_usize,
        ) {
            let set = CpuSet { cores };
            let split = split_by(&set, |core| core % threads);
            let united: CpuSet = split.load.cores().chain(split.server.cores()).collect();
            prop_assert_eq!(&united, &set);
            prop_assert_eq!(split.load.count() + split.server.count(), set.count());
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[0-9,\\- a]{0,20}") {
            let _ = text.parse::<CpuSet>();
        }
    }
}
