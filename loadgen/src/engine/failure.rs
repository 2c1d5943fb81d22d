//! An operating system's error as a cause, by the phase in which it came.

use std::io::{self, ErrorKind};

use rustix::io::Errno;

use crate::outcome::Cause;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its connection is being opened.
    Connecting,
    /// Its connection is being secured: the TLS handshake.
    Securing,
    /// It is being written.
    Sending,
    /// Its answer is awaited or read.
    Receiving,
}

/// The cause of a request that failed in `phase` with `error`.
pub(super) fn cause(phase: Phase, error: &io::Error) -> Cause {
    match Errno::from_io_error(error) {
        Some(Errno::MFILE | Errno::NFILE) => return Cause::NoFileDescriptor,
        Some(Errno::ADDRNOTAVAIL) => return Cause::NoLocalPort,
        _ => {}
    }
    let is_reset = matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
    );
    match (phase, error.kind()) {
        // A UNIX socket that is not there is a server that is not there.
        (Phase::Connecting, ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {
            Cause::ConnectRefused
        }
        (Phase::Connecting, ErrorKind::TimedOut) => Cause::ConnectTimeout,
        (
            Phase::Connecting,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown,
        ) => Cause::ConnectUnreachable,
        (Phase::Connecting, _) if is_reset => Cause::ConnectReset,
        (Phase::Securing, _) => Cause::TlsHandshake,
        (Phase::Sending, _) if is_reset => Cause::WriteReset,
        (Phase::Sending, ErrorKind::TimedOut) => Cause::WriteTimeout,
        (Phase::Receiving, _) if is_reset => Cause::ReadReset,
        (Phase::Receiving, ErrorKind::TimedOut) => Cause::ReadTimeout,
        _ => Cause::Other,
    }
}

/// The cause of a request whose time was up in `phase`.
pub(super) fn timeout(phase: Phase) -> Cause {
    match phase {
        Phase::Connecting => Cause::ConnectTimeout,
        Phase::Securing => Cause::TlsHandshake,
        Phase::Sending => Cause::WriteTimeout,
        Phase::Receiving => Cause::ReadTimeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_error_is_named_after_the_phase_it_came_in() {
        let reset = io::Error::from(Errno::CONNRESET);
        assert_eq!(cause(Phase::Connecting, &reset), Cause::ConnectReset);
        assert_eq!(cause(Phase::Sending, &reset), Cause::WriteReset);
        assert_eq!(cause(Phase::Receiving, &reset), Cause::ReadReset);
    }

    #[test]
    fn what_this_machine_lacks_is_not_blamed_on_the_server() {
        let lacks = |errno: Errno| cause(Phase::Connecting, &errno.into());
        assert_eq!(lacks(Errno::MFILE), Cause::NoFileDescriptor);
        assert_eq!(lacks(Errno::NFILE), Cause::NoFileDescriptor);
        assert_eq!(lacks(Errno::ADDRNOTAVAIL), Cause::NoLocalPort);
        assert_eq!(lacks(Errno::CONNREFUSED), Cause::ConnectRefused);
        assert_eq!(lacks(Errno::HOSTUNREACH), Cause::ConnectUnreachable);
        assert_eq!(lacks(Errno::PERM), Cause::Other);
    }
}
