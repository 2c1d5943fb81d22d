//! The machine that the load came from, as far as it bends the numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Circumstances of the run. What could not be read is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Operating system and architecture, such as `linux x86_64`.
    pub os: String,
    /// Kernel release (`uname -r`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Model of the processor (`/proc/cpuinfo`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// CPUs that the process may use (`sched_getaffinity`).
    pub cpu_count: u64,
    /// Frequency governor of the first CPU (`/sys/devices/system/cpu`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// Memory of the machine in bytes (`/proc/meminfo`, MemTotal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// TCP congestion control (`net.ipv4.tcp_congestion_control`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<String>,
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
    pub load_cores: Vec<u32>,
    /// CPUs that the server was kept on; empty if not pinned or not known.
    pub server_cores: Vec<u32>,
}

/// A range of port numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortRange {
    /// Lowest port.
    pub first: u16,
    /// Highest port.
    pub last: u16,
}
