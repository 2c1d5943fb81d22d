//! The connections beside the load.

use std::fmt::Write;

use crate::outcome::Cause;
use crate::record::{Background, HeldConnections, Record};

pub(super) fn write(out: &mut String, record: &Record) -> std::fmt::Result {
    let Some(background) = &record.background else {
        return Ok(());
    };
    let idle = background.idle.as_ref().map(|idle| held(idle, "idle"));
    let slow_readers = background.slow_readers.as_ref().map(|slow_readers| {
        let rate = kib_per_second(background, record.elapsed_s);
        format!("{}, {rate:.1} KiB/s", held(slow_readers, "slow readers"))
    });
    let kinds: Vec<String> = idle.into_iter().chain(slow_readers).collect();
    let opening_s = background.opening_s;
    writeln!(
        out,
        "  beside      {}; opened in {opening_s:.3} s",
        kinds.join("; ")
    )?;
    for (cause, count) in background.kinds().flat_map(|kind| &kind.failures) {
        writeln!(out, "    {count} {cause}: {}", description(cause))?;
    }
    Ok(())
}

/// `1000 of 1000 idle`; what was held at the end, if that is not what was held at the start, is said
/// too.
fn held(kind: &HeldConnections, noun: &str) -> String {
    let at_start = format!("{} of {} {noun}", kind.held_at_start, kind.asked);
    match kind.held_at_end == kind.held_at_start {
        true => at_start,
        false => format!("{at_start}, {} at the end", kind.held_at_end),
    }
}

/// What all slow readers took together.
fn kib_per_second(background: &Background, elapsed_s: f64) -> f64 {
    match elapsed_s > 0.0 {
        true => background.slow_bytes_received as f64 / 1024.0 / elapsed_s,
        false => 0.0,
    }
}

fn description(cause: &str) -> &'static str {
    match (cause, Cause::from_label(cause)) {
        (_, Some(cause)) => cause.description(),
        ("not_kept", _) => "Answered, and then closed by the server.",
        ("not_tried", _) => "Others before took too long.",
        _ => "",
    }
}
