//! hyper's errors as causes.
//!
//! A [`Gauge`](super::gauge::Gauge) knows first what a socket said: which call failed, and whether
//! anything of the answer had come. What is left to hyper, and to h2 beneath it:
//!
//! | error | cause |
//! |---|---|
//! | a head that breaks the rules; a body whose framing does | `malformed_response` |
//! | a head over hyper's limits: 100 fields, 400 KiB | `response_too_large` |
//! | the end of the connection, of an answer that is not complete | `closed_mid_response`, `closed_before_response` if nothing of it had come |
//! | RST_STREAM, whatever its reason, REFUSED_STREAM among them | `read_reset` |
//! | GOAWAY with an error, or before the request's stream | as the end of a connection |
//! | frames that break the rules of HTTP/2 | `malformed_response` |

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;

use crate::engine::failure::{self, Phase};
use crate::outcome::Cause;

/// The cause behind an error of hyper, or of a library that stands on it. `has_begun` says whether
/// something of the answer had come.
pub(in crate::engine) fn of_chain(error: &(dyn Error + 'static), has_begun: bool) -> Cause {
    let mut errors = successors(Some(error), |&error| error.source());
    let cause = errors.find_map(|error| {
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            of_hyper(error, has_begun)
        } else if let Some(error) = error.downcast_ref::<h2::Error>() {
            of_h2(error, has_begun)
        } else {
            error
                .downcast_ref::<io::Error>()
                .map(|error| of_io(error, has_begun))
        }
    });
    cause.unwrap_or(Cause::Other)
}

/// The cause of an answer that the connection's end has cut off.
fn closed(has_begun: bool) -> Cause {
    match has_begun {
        true => Cause::ClosedMidResponse,
        false => Cause::ClosedBeforeResponse,
    }
}

/// None if what is behind the error says more.
fn of_hyper(error: &hyper::Error, has_begun: bool) -> Option<Cause> {
    if error.is_parse_too_large() {
        Some(Cause::ResponseTooLarge)
    } else if error.is_parse() {
        Some(Cause::MalformedResponse)
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        Some(closed(has_begun))
    } else {
        None
    }
}

fn of_h2(error: &h2::Error, has_begun: bool) -> Option<Cause> {
    if let Some(error) = error.get_io() {
        return Some(of_io(error, has_begun));
    }
    Some(match (error.is_remote(), error.is_reset()) {
        (true, true) => Cause::ReadReset,
        (true, false) => closed(has_begun),
        // Found out on this side.
        (false, _) if error.is_library() => Cause::MalformedResponse,
        // The connection was ending.
        (false, _) => closed(has_begun),
    })
}

fn of_io(error: &io::Error, has_begun: bool) -> Cause {
    match (error.kind(), error.raw_os_error()) {
        // What hyper and h2 say in the system's words.
        (ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe, None) => closed(has_begun),
        (ErrorKind::InvalidData | ErrorKind::InvalidInput, None) => Cause::MalformedResponse,
        (ErrorKind::BrokenPipe, _) => failure::cause(Phase::Sending, error),
        _ => failure::cause(Phase::Receiving, error),
    }
}
