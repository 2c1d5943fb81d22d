//! Where the run took place: what one has to know to say whether another run
//! is comparable. The machine's name is left out on purpose: results are made
//! to be shown around.

use std::fs;
use std::thread;

use rustix::process::{Resource, getrlimit};
use rustix::system::{sysinfo, uname};

use super::affinity::CpuSet;
use super::local_ports::PortRange;
use super::proc_file::{read_text, read_value};

/// The machine and its settings. `None`: not offered here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Release of the kernel, such as `6.8.0-45-generic`: uname(2).
    pub kernel_release: String,
    /// Name of the CPU: /proc/cpuinfo, proc_cpuinfo(5). Absent on ARM.
    pub cpu_model: Option<String>,
    /// CPUs that are switched on: /sys/devices/system/cpu/online.
    pub cpus_online: Option<u64>,
    /// CPUs that this process may use: sched_getaffinity(2), and fewer if a
    /// container's CPU quota (cgroup `cpu.max`) allows less.
    pub cpus_usable: Option<u64>,
    /// Frequency governor of the first CPU: `scaling_governor` in
    /// /sys/devices/system/cpu/cpu0/cpufreq. Absent on virtual machines.
    pub cpu_governor: Option<String>,
    /// Clock that the kernel reads the time from; all but `tsc` and
    /// `arch_sys_counter` make taking the time slow.
    pub clock_source: Option<String>,
    /// Main memory: sysinfo(2).
    pub memory_bytes: u64,
    /// Congestion control of new connections, such as `cubic`: tcp(7).
    pub tcp_congestion_control: Option<String>,
    /// `tcp_tw_reuse`, tcp(7): 0 no, 1 all, 2 loopback only.
    pub tcp_tw_reuse: Option<u32>,
    /// Limit of every accept queue: `somaxconn`, listen(2).
    pub somaxconn: Option<u64>,
    /// Local ports that connect(2) chooses from: `ip_local_port_range`, ip(7).
    pub local_port_range: Option<PortRange>,
    /// Most files this process may have open (soft limit): getrlimit(2).
    /// `None`: no limit.
    pub open_files_max: Option<u64>,
}

impl Environment {
    /// Reads everything, for the calling thread: before threads are pinned.
    pub fn read() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = sysinfo();
        Self {
            kernel_release: uname().release().to_string_lossy().into_owned(),
            cpu_model: parse_cpu_model(&cpuinfo),
            cpus_online: read_value("/sys/devices/system/cpu/online")
                .map(|cpus: CpuSet| cpus.count() as u64),
            cpus_usable: thread::available_parallelism()
                .ok()
                .map(|cpus| cpus.get() as u64),
            cpu_governor: read_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            clock_source: read_text(
                "/sys/devices/system/clocksource/clocksource0/current_clocksource",
            ),
            memory_bytes: u64::from(memory.mem_unit).saturating_mul(memory.totalram as u64),
            tcp_congestion_control: read_text("/proc/sys/net/ipv4/tcp_congestion_control"),
            tcp_tw_reuse: read_value("/proc/sys/net/ipv4/tcp_tw_reuse"),
            somaxconn: read_value("/proc/sys/net/core/somaxconn"),
            local_port_range: PortRange::read(),
            open_files_max: getrlimit(Resource::Nofile).current,
        }
    }
}

/// The first `model name` of /proc/cpuinfo.
fn parse_cpu_model(cpuinfo: &str) -> Option<String> {
    let (_, model) = cpuinfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim_end() == "model name")?;
    Some(model.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_model_is_the_first_one_named() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 2\nmodel name\t: AMD EPYC: 9\n\n\
                       processor\t: 1\nmodel name\t: other\n";
        assert_eq!(parse_cpu_model(cpuinfo).as_deref(), Some("AMD EPYC: 9"));
        assert_eq!(parse_cpu_model("processor\t: 0\nBogoMIPS\t: 50.0\n"), None);
    }

    #[test]
    fn this_machine_is_described() {
        let environment = Environment::read();
        assert!(!environment.kernel_release.is_empty());
        assert!(environment.memory_bytes > 0);
        assert!(environment.cpus_usable.unwrap() >= 1);
        assert!(environment.cpus_online.unwrap() >= environment.cpus_usable.unwrap());
        assert!(environment.somaxconn.unwrap() > 0);
        assert!(environment.local_port_range.unwrap().count() > 0);
    }
}
