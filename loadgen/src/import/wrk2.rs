//! wrk2's text, which is like wrk's. It starts requests by a schedule, whose rate it does not print,
//! and counts latencies from there. A request that is overdue counts as a timeout each time that
//! wrk2 looks, and again as an answer if it comes: their number is the most that there can be.

use super::Trouble;
use super::document::Document;
use super::told::{Offered, Told};
use super::wrk::{self, Timeouts};
use crate::record::LatencyFrom;

/// Whether this is wrk2's.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    document.has_lines(&["Running ", "Thread calibration:"])
        || document.has_lines(&["Running ", "Latency Distribution (HdrHistogram"])
}

/// What it tells.
pub(super) fn read(document: &Document<'_>) -> Result<Told, Trouble> {
    Ok(Told {
        offered: Offered::Unknown,
        latency_from: LatencyFrom::IntendedStart,
        ..wrk::read_either(&document.lines(), Timeouts::AreSightings)?
    })
}
