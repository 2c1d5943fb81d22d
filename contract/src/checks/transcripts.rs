//! Every byte of many answers, explanations included.

use super::*;
use crate::transcript::{
    first_difference, golden_keep_alive_transcript, golden_transcript, keep_alive_transcript,
    transcript,
};
use anyhow::bail;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "answers are those of the golden transcript, byte for byte",
        run: |subject| same(&golden_transcript(subject), &transcript(subject)?),
    },
    Check {
        name: "answers on one connection are those of the golden transcript, byte for byte",
        run: |subject| match subject.keep_alive {
            true => same(
                &golden_keep_alive_transcript(subject),
                &keep_alive_transcript(subject)?,
            ),
            false => Ok(()),
        },
    },
];

fn same(golden: &str, came: &str) -> Result<()> {
    match first_difference(golden, came) {
        Some(difference) => bail!("{difference}"),
        None => Ok(()),
    }
}
