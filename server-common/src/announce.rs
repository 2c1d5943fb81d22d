//! The line that says where a server listens.

use crate::listener::Listener;
use crate::program::print;

/// Writes one line for each listener to stdout, such as
/// `server-sync listening on http://0.0.0.0:7080 (model sequential)`, and flushes it: whoever
/// started the server with port 0 reads the port from there, and knows that it may connect.
///
/// # Errors
///
/// Those of stdout, with what to do about them.
pub fn announce(server: &str, model: &str, listeners: &[Listener]) -> anyhow::Result<()> {
    for listener in listeners {
        let address = listener.address();
        let line = format!("{server} listening on {address} (model {model})\n");
        print("where the server listens", &line)?;
    }
    Ok(())
}
