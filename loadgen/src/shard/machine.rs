//! What tells the machines of a run apart, and says nothing else of them.

use aws_lc_rs::digest::{SHA256, digest};

use crate::hexadecimal::hexadecimal;
use crate::system::machine::Machine;

/// Bytes of a hash that are shown: enough that no two machines of a run have the same.
const BYTES: usize = 8;

/// Names that are the same in all shards of one run on one machine, and different in other runs, so
/// that nobody learns from records which machine it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineNames {
    /// Of the machine, until it is started again.
    pub machine: String,
    /// Of its network namespace, whose kernel counters all in it share; none if it is not known.
    pub network_namespace: Option<String>,
}

impl MachineNames {
    /// Those of `machine` in the run `run_id`.
    #[must_use]
    pub fn new(machine: &Machine, run_id: &str) -> Self {
        let of_machine = [run_id, &machine.id];
        let name = |namespace: u64| short_hash(&[run_id, &machine.id, &namespace.to_string()]);
        Self {
            machine: short_hash(&of_machine),
            network_namespace: machine.network_namespace.map(name),
        }
    }
}

fn short_hash(parts: &[&str]) -> String {
    // None of them has a line's end in it.
    let hash = digest(&SHA256, parts.join("\n").as_bytes());
    hexadecimal(&hash.as_ref()[..BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(id: &str, network_namespace: Option<u64>, run_id: &str) -> MachineNames {
        let id = id.to_owned();
        MachineNames::new(
            &Machine {
                id,
                network_namespace,
            },
            run_id,
        )
    }

    #[test]
    fn a_name_is_the_machines_in_this_run_and_no_others() {
        let base = names("a", Some(1), "run");
        assert_eq!(base.machine.len(), 16);
        assert_eq!(base, names("a", Some(1), "run"));
        assert_ne!(base.machine, names("b", Some(1), "run").machine);
        assert_ne!(base.machine, names("a", Some(1), "other").machine);
    }

    #[test]
    fn machines_have_namespaces_of_the_same_number() {
        let name = |id, number| names(id, Some(number), "run").network_namespace;
        assert_ne!(name("a", 1), name("b", 1));
        assert_ne!(name("a", 1), name("a", 2));
        assert_eq!(names("a", None, "run").network_namespace, None);
    }
}
