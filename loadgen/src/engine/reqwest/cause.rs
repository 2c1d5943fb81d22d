//! reqwest's errors as causes.
//!
//! They end in those of hyper, which `engine/hyper/cause.rs` names. What reqwest hides beside:
//!
//! | what happens | what the fast engine says | here |
//! |---|---|---|
//! | the request cannot be written in time | `write_timeout` | `read_timeout` |
//! | the connection ends within the head | `closed_mid_response` | `closed_before_response` |
//! | interim answers without end | `response_too_large` | `read_timeout`, and late: it is looked for between many of them |
//! | Content-Length beside chunked | `malformed_response` | success, as chunked (RFC 9112 §6.3 permits it) |
//! | a handshake is not done in time | `tls_handshake` | `connect_timeout` |
//! | bytes follow the answer | `malformed_response` | success; they are not read as the next answer |

use std::error::Error;
use std::io;
use std::iter::successors;

use crate::engine::failure::{self, Phase};
use crate::engine::hyper::cause::of_chain;
use crate::outcome::Cause;

/// The cause of a request that failed with `error`. `has_begun` says whether its answer's head had
/// come.
pub(super) fn cause(error: &::reqwest::Error, has_begun: bool) -> Cause {
    if error.is_timeout() {
        return failure::timeout(match error.is_connect() {
            true => Phase::Connecting,
            false => Phase::Receiving,
        });
    }
    if !error.is_connect() {
        return match of_tls(error) {
            // What a server thinks of a handshake may come after we think it done.
            Some(rustls::Error::AlertReceived(_)) if !has_begun => Cause::TlsHandshake,
            _ => of_chain(error, has_begun),
        };
    }
    if error.is_dns() {
        return Cause::Dns;
    }
    match find::<io::Error>(error).filter(|error| error.raw_os_error().is_some()) {
        Some(error) => failure::cause(Phase::Connecting, error),
        // Of the steps to a connection only the handshake has other errors than the system's.
        None => Cause::TlsHandshake,
    }
}

/// Why a handshake has failed, in a few words.
pub(super) fn reason(error: &::reqwest::Error) -> String {
    let error: &(dyn Error + 'static) = error;
    let last = successors(Some(error), |&error| error.source()).last();
    last.unwrap_or(error).to_string()
}

/// What rustls said, which errors of the system's kind are wrapped around.
fn of_tls(error: &::reqwest::Error) -> Option<&rustls::Error> {
    find::<io::Error>(error)?.get_ref()?.downcast_ref()
}

/// The cause of a body that could not be read to its end.
pub(super) fn cause_of_read(error: &io::Error) -> Cause {
    let inner = error.get_ref();
    match inner.and_then(|inner| inner.downcast_ref()) {
        Some(error) => cause(error, true),
        None => of_chain(error, true),
    }
}

/// The first error of this kind behind `error`.
fn find<E: Error + 'static>(error: &::reqwest::Error) -> Option<&E> {
    let error: &(dyn Error + 'static) = error;
    successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}
