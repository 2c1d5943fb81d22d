//! What a process takes of its machine, as proc(5) has it.

use super::Process;
use anyhow::{Context, Result};
use rustix::param::clock_ticks_per_second;
use std::fs;
use std::time::Duration;

impl Process {
    /// How many descriptors it has open.
    ///
    /// # Errors
    /// It has ended.
    pub fn descriptors(&self) -> Result<usize> {
        let path = format!("/proc/{}/fd", self.id());
        Ok(fs::read_dir(&path).context(path)?.count())
    }

    /// How many threads it has.
    ///
    /// # Errors
    /// It has ended.
    pub fn threads(&self) -> Result<usize> {
        let path = format!("/proc/{}/task", self.id());
        Ok(fs::read_dir(&path).context(path)?.count())
    }

    /// Memory that it holds now (`VmRSS`), in bytes.
    ///
    /// # Errors
    /// It has ended.
    pub fn memory_bytes(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.id());
        let status = fs::read_to_string(&path).context(path)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kibibytes: u64 = kibibytes.context("no VmRSS in its status")?.parse()?;
        Ok(kibibytes * 1024)
    }

    /// CPU time of all its threads, in steps of a clock tick (10 ms).
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu_time(&self) -> Result<Duration> {
        let path = format!("/proc/{}/stat", self.id());
        let stat = fs::read_to_string(&path).context(path)?;
        // The program's name, in parentheses, may hold anything; utime and stime are the twelfth
        // and thirteenth field behind it.
        let (_, fields) = stat.rsplit_once(')').context("no name in its stat")?;
        let ticks: Vec<u64> = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let milliseconds = ticks.iter().sum::<u64>() * 1000 / clock_ticks_per_second();
        Ok(Duration::from_millis(milliseconds))
    }
}
