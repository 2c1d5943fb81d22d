//! What measured: the first shard's program and command line, and whether all were of one version.

use crate::record::Tool;

/// The programs of all shards.
#[derive(Debug)]
pub(super) struct Tools {
    first: Tool,
    /// Each once.
    versions: Vec<String>,
}

impl Tools {
    pub(super) fn of(tool: &Tool) -> Self {
        Self {
            first: tool.clone(),
            versions: vec![version(tool)],
        }
    }

    pub(super) fn add(&mut self, tool: &Tool) {
        let version = version(tool);
        if !self.versions.contains(&version) {
            self.versions.push(version);
        }
        // One that measured itself is enough to doubt the whole.
        if tool.profile == "debug" {
            self.first.profile.clone_from(&tool.profile);
        }
    }

    /// The first, and all versions if they differ.
    pub(super) fn into_parts(self) -> (Tool, Vec<String>) {
        let versions = match self.versions.len() {
            1 => Vec::new(),
            _ => self.versions,
        };
        (self.first, versions)
    }
}

/// `0.1.0 (0123abc)`
fn version(tool: &Tool) -> String {
    match &tool.git {
        Some(git) => format!("{} ({git})", tool.version),
        None => tool.version.clone(),
    }
}
