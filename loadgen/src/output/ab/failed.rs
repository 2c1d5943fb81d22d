//! ab's four kinds of failures.

use std::fmt;

use crate::outcome::Cause;
use crate::record::Failures;

/// ab's four columns of failures; here each failed request is in one of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FailedColumns {
    connect: u64,
    receive: u64,
    length: u64,
    exceptions: u64,
}

impl FailedColumns {
    pub(super) fn of(failures: &Failures) -> Self {
        let mut columns = Self::default();
        for (cause, count) in failures.iter() {
            columns.add(cause, count);
        }
        columns
    }

    /// Whether ab calls such a request failed.
    pub(super) fn has(cause: Cause) -> bool {
        let mut columns = Self::default();
        columns.add(cause, 1);
        columns.sum() > 0
    }

    fn add(&mut self, cause: Cause, count: u64) {
        match cause {
            Cause::Dns
            | Cause::ConnectRefused
            | Cause::ConnectTimeout
            | Cause::ConnectUnreachable
            | Cause::ConnectReset
            | Cause::NoLocalPort
            | Cause::NoFileDescriptor
            | Cause::TlsHandshake
            | Cause::WriteReset
            | Cause::WriteTimeout => self.connect += count,
            Cause::ReadReset
            | Cause::ReadTimeout
            | Cause::ClosedBeforeResponse
            | Cause::ClosedMidResponse
            | Cause::MalformedResponse
            | Cause::ResponseTooLarge => self.receive += count,
            Cause::UnexpectedLength | Cause::UnexpectedBody => self.length += count,
            // ab does not call these failed; they have a line of their own.
            Cause::UnexpectedStatus => {}
            // What ab never does.
            Cause::NotWebSocket
            | Cause::WrongAcceptKey
            | Cause::NotRelayed
            | Cause::WebSocketClosed
            | Cause::NotUtf8
            | Cause::WebSocketProtocol
            | Cause::MessageTooLarge
            | Cause::WrongMessage
            | Cause::Other => self.exceptions += count,
        }
    }

    pub(super) fn sum(&self) -> u64 {
        self.connect + self.receive + self.length + self.exceptions
    }
}

impl fmt::Display for FailedColumns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Connect: {}, Receive: {}, Length: {}, Exceptions: {}",
            self.connect, self.receive, self.length, self.exceptions
        )
    }
}
