//! The machine that the load came from, as far as it bends the numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::system;

/// Circumstances of the run. What could not be read, or is not limited, is
/// absent. The machine's name is not in it: results are made to be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Operating system and architecture, such as `linux x86_64`.
    pub os: String,
    /// Kernel release (`uname -r`).
    pub kernel: String,
    /// Model of the processor (`/proc/cpuinfo`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// CPUs that are switched on (`/sys/devices/system/cpu/online`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_count: Option<u64>,
    /// CPUs that the process may use (`sched_getaffinity`, and less if a
    /// container's quota allows less).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_usable_count: Option<u64>,
    /// Frequency governor of the first CPU (`/sys/devices/system/cpu`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// Clock that the kernel reads the time from; all but `tsc` and
    /// `arch_sys_counter` are slow to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_source: Option<String>,
    /// Main memory in bytes (`sysinfo`).
    pub memory_bytes: u64,
    /// TCP congestion control (`net.ipv4.tcp_congestion_control`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<String>,
    /// Whether ports in TIME_WAIT are taken over (`net.ipv4.tcp_tw_reuse`): 0
    /// no, 1 yes, 2 on loopback only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_tw_reuse: Option<u32>,
    /// Longest accept queue that the kernel grants (`net.core.somaxconn`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub somaxconn: Option<u64>,
    /// Local ports for outgoing connections (`net.ipv4.ip_local_port_range`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_range: Option<PortRange>,
    /// Descriptors that the process may have open (RLIMIT_NOFILE, soft).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_limit: Option<u64>,
    /// Share of CPU time that the hypervisor gave to others during the run, 0
    /// to 1 (`/proc/stat`, steal, over all CPUs).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_steal_share: Option<f64>,
    /// CPUs that the load generator was kept on; empty if not pinned.
    pub load_cores: Vec<usize>,
    /// CPUs that the server was kept on; empty if not pinned or not known.
    pub server_cores: Vec<usize>,
}

/// A range of port numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortRange {
    /// Lowest port.
    pub first: u16,
    /// Highest port.
    pub last: u16,
}

impl From<system::environment::Environment> for Environment {
    /// What is known before a run: without steal, and pinned nowhere.
    fn from(machine: system::environment::Environment) -> Self {
        Self {
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: machine.kernel_release,
            cpu_model: machine.cpu_model,
            cpu_count: machine.cpus_online,
            cpu_usable_count: machine.cpus_usable,
            governor: machine.cpu_governor,
            clock_source: machine.clock_source,
            memory_bytes: machine.memory_bytes,
            congestion_control: machine.tcp_congestion_control,
            tcp_tw_reuse: machine.tcp_tw_reuse,
            somaxconn: machine.somaxconn,
            port_range: machine.local_port_range.map(|range| PortRange {
                first: range.first,
                last: range.last,
            }),
            file_limit: machine.open_files_max,
            cpu_steal_share: None,
            load_cores: Vec::new(),
            server_cores: Vec::new(),
        }
    }
}
