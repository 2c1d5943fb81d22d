//! One line for each answer, on stdout.

use std::io::{self, Write};

/// Appends one line, from [`wire::access_log`], in one write, so that the lines of many threads
/// do not mix.
///
/// A log that cannot be written is given up in silence: clients are not to suffer for it.
pub fn write(mut line: String) {
    line.push('\n');
    let _ = io::stdout().lock().write_all(line.as_bytes());
}
