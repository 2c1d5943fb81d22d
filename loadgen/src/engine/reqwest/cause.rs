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
        return of_chain(error, has_begun);
    }
    if error.is_dns() {
        return Cause::Dns;
    }
    let by_system = find::<io::Error>(error).filter(|error| error.raw_os_error().is_some());
    match by_system {
        Some(error) => failure::cause(Phase::Connecting, error),
        None if find::<rustls::Error>(error).is_some() => Cause::TlsHandshake,
        None => of_chain(error, has_begun),
    }
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
