//! Ways to ask: who makes the requests, and whether they are encrypted. What a
//! server does must come to the same in all of them.

use std::sync::LazyLock;

use ::loadgen::engine::offers;
use ::loadgen::plan::Driver;

use crate::certificate::Certificate;
use crate::check::Manner;
use crate::fault_server::FaultServer;
use crate::loadgen::{Ended, run};
use crate::needs::lacking;
use crate::script::Script;

const EPOLL: &[&str] = &["--driver", "epoll"];
const BLOCKING: &[&str] = &["--engine", "reqwest-blocking"];
const IO_URING: &[&str] = &["--driver", "io-uring"];

/// The engines beside `fast`, by their names in flags and records.
pub(crate) const ENGINES: [&str; 3] = ["hyper", "reqwest", "reqwest-blocking"];

/// Those that speak HTTP/2; the first is the one that `--http2` chooses.
pub(crate) const OF_HTTP2: [&str; 2] = ["hyper", "reqwest"];

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
    pub(crate) const FAST: Self = Self::without_tls("fast by epoll", EPOLL);

    pub(crate) const ALL: &[Self] = &[
        Self::FAST,
        Self::with_tls("fast over TLS by epoll", EPOLL),
        Self::without_tls("fast by io_uring", IO_URING),
        Self::with_tls("fast over TLS by io_uring", IO_URING),
        Self::without_tls("hyper", &["--engine", "hyper"]),
        Self::with_tls("hyper over TLS", &["--engine", "hyper"]),
        Self::without_tls("reqwest", &["--engine", "reqwest"]),
        Self::with_tls("reqwest over TLS", &["--engine", "reqwest"]),
        Self::without_tls("reqwest-blocking", BLOCKING),
    ];

    /// The labels of those in [`Self::ALL`] that stand on reqwest.
    pub(crate) const OF_REQWEST: &[&str] = &["reqwest", "reqwest over TLS", "reqwest-blocking"];

    const fn without_tls(label: &'static str, args: &'static [&'static str]) -> Self {
        Self {
            label,
            args,
            is_encrypted: false,
        }
    }

    const fn with_tls(label: &'static str, args: &'static [&'static str]) -> Self {
        Self {
            is_encrypted: true,
            ..Self::without_tls(label, args)
        }
    }

    /// Whether it is loadgen's own engine, which alone has more than one request on a connection of
    /// HTTP/1.1, and asks proxies.
    pub(crate) fn is_fast(&self) -> bool {
        !self.args.contains(&"--engine")
    }

    /// Whether it stands on reqwest.
    pub(crate) fn is_of_reqwest(&self) -> bool {
        self.label.starts_with("reqwest")
    }

    /// Those of `manners` that it is tried in. Other ways than the usual one have their ends in
    /// common with it, and show in two manners what they do.
    pub(crate) fn manners(&self, manners: &[Manner]) -> Vec<Manner> {
        match *self == Self::FAST {
            true => manners.to_vec(),
            false => vec![manners[0], manners[manners.len() - 1]],
        }
    }

    /// Those without encryption that this system offers.
    pub(crate) fn in_the_clear() -> Vec<Self> {
        let is_wanted = |way: &Self| !way.is_encrypted && way.is_offered();
        Self::ALL.iter().copied().filter(is_wanted).collect()
    }

    /// Those with encryption that this system offers, and one with which the fault table would only
    /// repeat itself.
    pub(crate) fn encrypted() -> Vec<Self> {
        let is_wanted = |way: &Self| way.is_encrypted && way.is_offered();
        let blocking = Self::with_tls("reqwest-blocking over TLS", BLOCKING);
        let ways = Self::ALL.iter().copied().filter(is_wanted);
        ways.chain([blocking]).collect()
    }

    /// Runs `loadgen` in this way to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        run(&[self.args, args].concat())
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
