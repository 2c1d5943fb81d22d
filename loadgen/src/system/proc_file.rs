//! Small files of /proc and /sys that hold one value or a short table.

use std::fs;
use std::str::FromStr;

/// The whole file without the white space around it; `None` if it cannot be
/// read or is not UTF-8.
pub(super) fn read_text(path: &str) -> Option<String> {
    fs::read_to_string(path)
        .ok()
        .map(|text| text.trim().to_owned())
}

/// The one value that the file holds; `None` if it is something else.
pub(super) fn read_value<T: FromStr>(path: &str) -> Option<T> {
    read_text(path)?.parse().ok()
}
