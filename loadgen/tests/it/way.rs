//! Ways to ask: who makes the requests, and whether they are encrypted. What a
//! server does must come to the same in all of them.

use std::sync::LazyLock;

use ::loadgen::engine::offers;
use ::loadgen::plan::Driver;

use crate::certificate::Certificate;
use crate::check::Manner;
use crate::fault_server::FaultServer;
use crate::needs::lacking;
use crate::script::Script;

const EPOLL: &[&str] = &["--driver", "epoll"];
const IO_URING: &[&str] = &["--driver", "io-uring"];

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
    /// The usual one. It names its driver, so that both are tested whichever is the default.
    pub(crate) const FAST: Self = Self::unencrypted("fast by epoll", EPOLL);

    pub(crate) const ALL: &[Self] = &[
        Self::FAST,
        Self::encrypted("fast over TLS by epoll", EPOLL),
        Self::unencrypted("fast by io_uring", IO_URING),
        Self::encrypted("fast over TLS by io_uring", IO_URING),
        Self::unencrypted("hyper", &["--engine", "hyper"]),
        Self::encrypted("hyper over TLS", &["--engine", "hyper"]),
        Self::unencrypted("reqwest", &["--engine", "reqwest"]),
        Self::encrypted("reqwest over TLS", &["--engine", "reqwest"]),
        Self::unencrypted("reqwest-blocking", &["--engine", "reqwest-blocking"]),
    ];

    /// The labels of those that stand on reqwest.
    pub(crate) const OF_REQWEST: &[&str] = &["reqwest", "reqwest over TLS", "reqwest-blocking"];

    const fn unencrypted(label: &'static str, args: &'static [&'static str]) -> Self {
        Self {
            label,
            args,
            is_encrypted: false,
        }
    }

    const fn encrypted(label: &'static str, args: &'static [&'static str]) -> Self {
        Self {
            is_encrypted: true,
            ..Self::unencrypted(label, args)
        }
    }

    /// Whether it is loadgen's own engine, which alone has more than one request on a connection of
    /// HTTP/1.1, and asks proxies.
    pub(crate) fn is_fast(&self) -> bool {
        !self.args.contains(&"--engine")
    }

    /// Those of `manners` that it is tried in. Other ways than the usual one have their ends in
    /// common with it, and show in two manners what they do.
    pub(crate) fn manners(&self, manners: &[Manner]) -> Vec<Manner> {
        match *self == Self::FAST {
            true => manners.to_vec(),
            false => vec![manners[0], manners[manners.len() - 1]],
        }
    }

    /// Whether this system has what the way needs. Says so if not.
    pub(crate) fn is_offered(&self) -> bool {
        let is_offered = self.args != IO_URING || offers(Driver::IoUring);
        if !is_offered {
            lacking("needs io_uring; see sysctl kernel.io_uring_disabled");
        }
        is_offered
    }

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
