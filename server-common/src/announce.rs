//! The line that says where a server listens.

use wire::tls::Tls;

use crate::listener::{Address, Listener, Service};
use crate::program::print;

/// Writes one line for each listener to stdout, such as
/// `server-sync listening on http://0.0.0.0:7080 (model sequential)`, and flushes it: whoever
/// started the server with port 0 reads the port from there, and knows that it may connect.
///
/// # Errors
///
/// Those of stdout, with what to do about them.
pub fn announce(
    server: &str,
    model: &str,
    tls: Option<&Tls>,
    listeners: &[Listener],
) -> anyhow::Result<()> {
    for listener in listeners {
        let address = listener.address();
        let does = match listener.service() {
            Service::Http => format!("listening on {}", place(address, tls.is_some())),
            Service::Push => format!("pushing to {}", push_place(address)),
        };
        let line = format!("{server} {does} (model {model})\n");
        print("where the server listens", &line)?;
    }
    Ok(())
}

/// What a client would be told.
fn place(address: &Address, is_secured: bool) -> String {
    match (address, is_secured) {
        (Address::Tcp(address), false) => format!("http://{address}"),
        (Address::Tcp(address), true) => format!("https://{address}"),
        (Address::Unix(path), false) => format!("unix:{}", path.display()),
        (Address::Unix(path), true) => format!("unix:{} with TLS", path.display()),
    }
}

/// What has no scheme of its own.
fn push_place(address: &Address) -> String {
    match address {
        Address::Tcp(address) => format!("tcp://{address}"),
        Address::Unix(path) => format!("unix:{}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_whether_it_is_secured() {
        let port = Address::Tcp(([127, 0, 0, 1], 7080).into());
        assert_eq!(place(&port, false), "http://127.0.0.1:7080");
        assert_eq!(place(&port, true), "https://127.0.0.1:7080");
        let path = Address::Unix("/run/x".into());
        assert_eq!(place(&path, false), "unix:/run/x");
        assert_eq!(place(&path, true), "unix:/run/x with TLS");
    }
}
