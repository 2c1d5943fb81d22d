//! What a record says of itself before its numbers are looked at.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::MergeError;
use super::origin::Origin;
use crate::record::{ReadError, Record, SCHEMA, Shard, epoch_ms};

/// The part of a record by which it is known where it belongs.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    schema: String,
    pub(super) id: String,
    started_at: String,
    pub(super) elapsed_s: f64,
    pub(super) target: TargetUrl,
    shard: Option<Shard>,
    merged: Option<IgnoredAny>,
    imported: Option<Importer>,
}

/// The part of a target that all shards have in common.
#[derive(Debug, Deserialize)]
pub(super) struct TargetUrl {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
struct Importer {
    tool: String,
}

impl Header {
    /// Reads it, and the shard that the record is.
    pub(super) fn read(text: &[u8], origin: &Origin) -> Result<(Self, Shard), MergeError> {
        let header = serde_json::from_slice::<Self>(text);
        let header = header.ok().filter(|header| header.schema == SCHEMA);
        let Some(mut header) = header else {
            return Err(what_it_is(text, origin));
        };
        let origin = || origin.clone();
        if let Some(Importer { tool }) = header.imported {
            let origin = origin();
            return Err(MergeError::Imported { origin, tool });
        }
        if header.merged.is_some() {
            return Err(MergeError::Merged(origin()));
        }
        let shard = header.shard.take();
        let shard = shard.ok_or_else(|| MergeError::Whole(origin()))?;
        Ok((header, shard))
    }

    /// When its measured part began, in milliseconds since 1970.
    pub(super) fn started_ms(&self, origin: &Origin) -> Result<u64, MergeError> {
        let is_time = self.elapsed_s.is_finite() && self.elapsed_s >= 0.0;
        let started_ms = epoch_ms(&self.started_at).filter(|_| is_time);
        started_ms.ok_or_else(|| MergeError::Broken {
            origin: origin.clone(),
            trouble: format!(
                "from {} for {} s is no time",
                self.started_at, self.elapsed_s
            ),
        })
    }
}

/// What is wrong with a document that is no record.
fn what_it_is(text: &[u8], origin: &Origin) -> MergeError {
    let path = PathBuf::from(origin.to_string());
    let Ok(text) = str::from_utf8(text) else {
        return ReadError::NoText { path }.into();
    };
    match Record::parse(text, &path) {
        Err(error) => error.into(),
        Ok(_) => MergeError::Changed(origin.clone()),
    }
}
