//! Where a plan comes from: one that is part of the program, or a file.

use std::fs;
use std::path::{Path, PathBuf};

use super::{BenchPlan, Place, PlanError, file};

/// The plans that are part of the program, the default first.
const BUILT_IN: [(&str, &str); 2] = [
    ("bench", include_str!("../../../plans/bench.toml")),
    ("models", include_str!("../../../plans/models.toml")),
];

/// Where a plan comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The program, under this name.
    BuiltIn(String),
    /// A file.
    File(PathBuf),
}

impl Default for Source {
    fn default() -> Self {
        Self::BuiltIn(BUILT_IN[0].0.to_owned())
    }
}

impl From<PathBuf> for Source {
    /// A word is the name of a built-in plan; a path has a `/` in it or ends in `.toml`.
    fn from(path: PathBuf) -> Self {
        let has_parent = path.parent().is_some_and(|parent| parent != Path::new(""));
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        match path.to_str() {
            Some(name) if !has_parent && !is_toml => Self::BuiltIn(name.to_owned()),
            _ => Self::File(path),
        }
    }
}

impl Source {
    /// The plan. `place` says where it is carried out.
    ///
    /// # Errors
    ///
    /// One line: there is no such plan, or a line of it makes no sense.
    pub fn read(&self, place: &Place<'_>) -> Result<BenchPlan, PlanError> {
        match self {
            Self::BuiltIn(name) => {
                let text = BUILT_IN.iter().find(|(known, _)| known == name);
                let (_, text) = text.ok_or_else(|| PlanError::Unknown {
                    name: name.clone(),
                    known: BUILT_IN.map(|(name, _)| name).join(" and "),
                })?;
                file::read(text, &format!("{name}.toml"), name, place)
            }
            Self::File(path) => {
                let text = fs::read_to_string(path).map_err(|source| PlanError::Read {
                    path: path.clone(),
                    source,
                })?;
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                file::read(&text, &path.display().to_string(), &name, place)
            }
        }
    }
}
