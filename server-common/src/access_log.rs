//! One line for each answer, on stdout.

use std::io::{self, Write};
use std::sync::Once;

use crate::program::{cannot_print, complain};

/// Appends one line, from [`wire::access_log`], in one write, so that the lines of many threads
/// do not mix.
///
/// Clients are not to suffer for a log that cannot be written: the server goes on, and says so
/// once on stderr, in a line that begins with `server`.
pub fn write(server: &str, mut line: String) {
    static COMPLAINT: Once = Once::new();
    line.push('\n');
    if let Err(error) = io::stdout().lock().write_all(line.as_bytes()) {
        COMPLAINT.call_once(|| {
            let error = cannot_print("the access log", &error);
            complain(server, &format!("{error}; going on without its lines"));
        });
    }
}
