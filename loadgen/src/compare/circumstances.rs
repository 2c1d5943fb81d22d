//! What records have to have in common for their numbers to answer the same question: every setting
//! of the plan, and what else bends them.

use serde_json::{Value, json};

use crate::record::{Plan, Record};

/// A setting that is not the same in all records.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Differing {
    /// Such as `plan.connections`.
    pub(crate) name: String,
    /// Each value once, as JSON, in the order of the records.
    pub(crate) values: Vec<Value>,
}

/// Whether a run that many machines made has to differ there from one of a single machine.
fn is_machines_own(name: &str) -> bool {
    let setting = name.strip_prefix("plan.");
    setting.map_or(name == "environment.load_cores", |setting| {
        Plan::MACHINES_OWN.contains(&setting)
    })
}

/// The settings of the plan, and what is at `pointers` in tool, target and environment, that are not
/// the same in all records. What a record does not tell is no difference.
pub(crate) fn differing(records: &[&Record], pointers: &[&str]) -> Vec<Differing> {
    let merged = records.iter().filter(|record| record.merged.is_some());
    let is_mixed = ![0, records.len()].contains(&merged.count());
    let documents: Vec<Value> = records.iter().map(|record| circumstances(record)).collect();
    let plans = documents.iter().filter_map(|it| it["plan"].as_object());
    let of_plan = plans.flat_map(|plan| plan.keys().map(|key| format!("/plan/{key}")));
    let besides = pointers.iter().map(|&pointer| pointer.to_owned());
    let mut all: Vec<String> = of_plan.chain(besides).collect();
    all.sort();
    all.dedup();
    let differing = all.into_iter().filter_map(|pointer| {
        let name = pointer.trim_start_matches('/').replace('/', ".");
        let is_told = records.iter().all(|record| record.tells(&name));
        let is_told = is_told && !(is_mixed && is_machines_own(&name));
        let values = is_told.then(|| values(&documents, &pointer))?;
        (values.len() > 1).then_some(Differing { name, values })
    });
    differing.collect()
}

fn circumstances(record: &Record) -> Value {
    json!({
        "tool": record.tool,
        "target": record.target,
        "plan": record.plan,
        "environment": record.environment,
    })
}

fn values(documents: &[Value], pointer: &str) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for document in documents {
        let value = document.pointer(pointer).unwrap_or(&Value::Null);
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::{merged, sample};

    fn names(records: &[&Record]) -> Vec<String> {
        let differing = differing(records, &["/environment/load_cores", "/environment/kernel"]);
        differing.into_iter().map(|it| it.name).collect()
    }

    #[test]
    fn a_run_of_many_machines_has_the_plan_of_one_whose_threads_and_cores_are_its_own() {
        let (one, mut many) = (sample(), sample());
        many.plan.threads = 8;
        many.plan.cpu_list = Vec::new();
        many.environment.load_cores = Vec::new();
        assert_eq!(
            names(&[&one, &many]),
            ["environment.load_cores", "plan.cpu_list", "plan.threads"]
        );
        many.merged = Some(merged());
        assert!(names(&[&one, &many]).is_empty());
        many.plan.connections += 1;
        many.environment.kernel.push('x');
        assert_eq!(
            names(&[&one, &many]),
            ["environment.kernel", "plan.connections"]
        );
        let fewer = Record {
            plan: Plan {
                threads: 4,
                ..many.plan.clone()
            },
            ..many.clone()
        };
        assert_eq!(names(&[&fewer, &many]), ["plan.threads"]);
    }
}
