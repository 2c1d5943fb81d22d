//! The line that says where a server listens.

use std::io::{self, Write};

use crate::listener::Listener;

/// Writes one line for each listener to stdout, such as
/// `server-sync listening on http://0.0.0.0:7080 (model sequential)`, and flushes it: whoever
/// started the server with port 0 reads the port from there, and knows that it may connect.
///
/// # Errors
///
/// Those of stdout.
pub fn announce(server: &str, model: &str, listeners: &[Listener]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for listener in listeners {
        let address = listener.address();
        writeln!(stdout, "{server} listening on {address} (model {model})")?;
    }
    stdout.flush()
}
