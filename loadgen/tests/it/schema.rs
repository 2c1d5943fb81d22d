//! The schemas that are kept in the repository, for whoever reads results.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// Of a run's record.
pub(crate) static RUN: LazyLock<Schema> = LazyLock::new(|| Schema::read("run"));

/// Of a comparison.
pub(crate) static COMPARISON: LazyLock<Schema> = LazyLock::new(|| Schema::read("comparison"));

/// Of a search for the highest rate.
pub(crate) static FIND_MAX: LazyLock<Schema> = LazyLock::new(|| Schema::read("find-max"));

/// Of a push run.
pub(crate) static PUSH: LazyLock<Schema> = LazyLock::new(|| Schema::read("push"));

/// Of a history.
pub(crate) static HISTORY: LazyLock<Schema> = LazyLock::new(|| Schema::read("history"));

/// The schema `results/schema/NAME.v1.json`.
pub(crate) struct Schema(Validator);

impl Schema {
    fn read(name: &str) -> Self {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
        let text = fs::read_to_string(results.join(format!("schema/{name}.v1.json"))).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        Self(jsonschema::validator_for(&schema).unwrap())
    }

    /// Asserts that the document is what the schema says.
    pub(crate) fn assert_valid(&self, document: &Value) {
        let errors = self.0.iter_errors(document);
        let errors: Vec<_> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?} in {document}");
    }
}
