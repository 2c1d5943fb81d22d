//! What records have to have in common for their numbers to answer the same question: every setting
//! of the plan, and what else bends them.

use serde_json::{Value, json};

use crate::record::Record;

/// A setting that is not the same in all records.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Differing {
    /// Such as `plan.connections`.
    pub(crate) name: String,
    /// Each value once, as JSON, in the order of the records.
    pub(crate) values: Vec<Value>,
}

/// The settings of the plan, and what is at `pointers` in tool, target and environment, that are not
/// the same in all records. What a record does not tell is no difference.
pub(crate) fn differing(records: &[&Record], pointers: &[&str]) -> Vec<Differing> {
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
