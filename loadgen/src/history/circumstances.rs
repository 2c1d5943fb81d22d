//! What two runs must have in common to be compared: the machine, and every setting of the load.

use serde_json::Value;

use crate::record::Record;

/// What bends numbers besides the plan, as JSON pointers. The server's and the load generator's
/// versions are not among them: they are what a history is about.
const MACHINE: [&str; 8] = [
    "/environment/os",
    "/environment/kernel",
    "/environment/cpu_model",
    "/environment/cpu_count",
    "/environment/cpu_usable_count",
    "/environment/governor",
    "/environment/load_cores",
    "/environment/server_cores",
];

/// The names of what is not the same in both records, such as `environment.kernel`.
pub(super) fn differing(a: &Record, b: &Record) -> Vec<String> {
    let documents = [a, b].map(|record| serde_json::to_value(record).unwrap_or_default());
    let [a, b] = &documents;
    let plan = documents.iter().filter_map(|it| it["plan"].as_object());
    let plan = plan.flat_map(|plan| plan.keys());
    let plan = plan.filter(|key| !is_of_the_version(key));
    let mut pointers: Vec<String> = plan.map(|key| format!("/plan/{key}")).collect();
    pointers.extend(MACHINE.map(str::to_owned));
    pointers.sort();
    pointers.dedup();
    let at = |document: &Value, pointer: &str| document.pointer(pointer).cloned();
    let names = pointers.iter().filter(|it| at(a, it) != at(b, it));
    names
        .map(|it| it.trim_start_matches('/').replace('/', "."))
        .collect()
}

/// The fields of the header name the load generator's version; the seed of an open loop is drawn
/// anew.
fn is_of_the_version(key: &str) -> bool {
    key == "headers" || key == "seed"
}
