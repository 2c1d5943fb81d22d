//! Which machine this is, as far as processes have to know whether they share one.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::system::uname;

use super::proc_file::read_text;

/// A machine, and a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// What its kernel drew when it was started (`boot_id`, random(4)), the same in all of its
    /// containers; the host name if there is no /proc.
    pub id: String,
    /// Number of this process' network namespace, network_namespaces(7), of which many machines
    /// have the same. `None`: not offered here.
    pub network_namespace: Option<u64>,
}

impl Machine {
    /// This one.
    pub fn read() -> Self {
        let boot_id = read_text("/proc/sys/kernel/random/boot_id");
        let host_name = || uname().nodename().to_string_lossy().into_owned();
        let namespace = fs::metadata("/proc/self/ns/net");
        Self {
            id: boot_id.unwrap_or_else(host_name),
            network_namespace: namespace.ok().map(|metadata| metadata.ino()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_stays_the_same() {
        let machine = Machine::read();
        assert!(!machine.id.is_empty());
        assert_eq!(machine, Machine::read());
    }
}
