//! Ways to ask: who makes the requests, and whether they are encrypted. What a
//! server does must come to the same in all of them.

use std::sync::LazyLock;

use crate::certificate::Certificate;
use crate::fault_server::FaultServer;
use crate::script::Script;

/// A way to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// In the words of a failure's message.
    pub(crate) label: &'static str,
    /// The flags that ask in this way.
    pub(crate) args: &'static [&'static str],
    pub(crate) is_encrypted: bool,
}

impl Way {
    /// What is asked for when nothing is said.
    pub(crate) const FAST: Self = Self {
        label: "fast",
        args: &[],
        is_encrypted: false,
    };

    pub(crate) const ALL: &[Self] = &[
        Self::FAST,
        Self {
            label: "fast over TLS",
            args: &[],
            is_encrypted: true,
        },
    ];

    /// A server that can be asked in this way.
    pub(crate) fn server(&self, script: Script) -> FaultServer {
        /// To make one takes longer than a run.
        static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(Certificate::good);
        match self.is_encrypted {
            true => FaultServer::start_encrypted(script, &CERTIFICATE),
            false => FaultServer::start(script),
        }
    }
}
