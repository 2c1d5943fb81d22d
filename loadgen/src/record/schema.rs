//! Documents as JSON, and their JSON Schemas, made from the types: what is documented there is
//! documented for everyone.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::Record;

/// The JSON Schema (draft 2020-12) of `loadgen/run/v1`, as `loadgen schema`
/// prints it and `results/schema/run.v1.json` keeps it.
pub fn schema() -> Value {
    schema_of::<Record>()
}

/// The JSON Schema of what `T` writes.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// A document: indented, ends in a newline.
///
/// # Panics
///
/// Never for what this crate writes: every key is text and every value a plain number or text.
pub(crate) fn document(of: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(of).expect("a document is plain data");
    json.push('\n');
    json
}

/// Holds the schema of the types against the one in `results/schema/`; `name` is what `loadgen
/// schema` calls it.
#[cfg(test)]
pub(crate) fn assert_kept(name: &str, schema: &Value) {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../results/schema");
    let kept = std::fs::read_to_string(format!("{directory}/{name}.v1.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let next_step = format!("run `loadgen schema {name} > results/schema/{name}.v1.json`");
    assert_eq!(kept, *schema, "{next_step}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample::sample;

    fn errors(document: &Value) -> Vec<String> {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        validator
            .iter_errors(document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    #[test]
    fn the_schema_that_is_kept_is_the_schema_of_the_types() {
        assert_kept("run", &schema());
    }

    #[test]
    fn a_record_validates() {
        assert_eq!(errors(&serde_json::to_value(sample()).unwrap()), [""; 0]);
    }

    #[test]
    fn a_record_without_the_optional_blocks_validates() {
        let mut record = sample();
        record.server = None;
        record.network = None;
        record.bench = None;
        record.latency_ns = crate::record::LatencyNs::default();
        record.metrics.latency_ms = None;
        assert_eq!(errors(&serde_json::to_value(record).unwrap()), [""; 0]);
    }

    #[test]
    fn a_wrong_document_does_not_validate() {
        let wrong = |pointer: &str, value: Value| {
            let mut document = serde_json::to_value(sample()).unwrap();
            *document.pointer_mut(pointer).unwrap() = value;
            errors(&document)
        };
        assert_eq!(wrong("/schema", "loadgen/run/v2".into()).len(), 1);
        assert_eq!(wrong("/elapsed_s", "long".into()).len(), 1);
        assert_eq!(wrong("/failures/dns", (-1).into()).len(), 1);
        assert_eq!(wrong("/validity/reasons", serde_json::json!([{}])).len(), 4);
    }
}
