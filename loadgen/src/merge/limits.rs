//! The limits that shards were held against, which the whole is held against in turn.

use crate::plan::Gate;
use crate::record::{GateResult, Record};

/// Those that all shards had.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// None before the first record that was held against any.
    gates: Option<Vec<Gate>>,
    differ: bool,
}

impl Limits {
    /// Adds a shard's; an interrupted one tells of none.
    pub(super) fn add(&mut self, record: &Record) {
        if record.interrupted {
            return;
        }
        let gates = record.gates.iter();
        let gates = gates.filter_map(|gate| Gate::named(&gate.name, gate.limit));
        let gates: Vec<Gate> = gates.collect();
        let known = self.gates.get_or_insert_with(|| gates.clone());
        self.differ |= *known != gates;
    }

    /// None if shards had different ones.
    pub(super) fn into_gates(self) -> Vec<Gate> {
        match self.differ {
            true => Vec::new(),
            false => self.gates.unwrap_or_default(),
        }
    }

    /// What is to be said if the whole is not held against them.
    pub(super) fn warning(&self) -> Option<String> {
        self.differ.then(|| {
            "the shards had different gates, so the whole was held against none; give all shards \
             the same"
                .to_owned()
        })
    }
}

/// The limits, held against the whole.
pub(super) fn judged(gates: &[Gate], record: &Record) -> Vec<GateResult> {
    let gates = gates.iter().filter(|_| !record.interrupted);
    gates.map(|gate| GateResult::of(gate, record)).collect()
}
