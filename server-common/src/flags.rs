//! The flags that both servers have.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use wire::connection;
use wire::push;
use wire::relay::Relay;
use wire::tls::{Protocol, Tls};

use crate::bind_error::BindError;
use crate::certificate;
use crate::duration;
use crate::listener::{Listener, Service};
use crate::options::{Options, Overload, RELAY_CLIENTS_MAX, write_wait};
use crate::threads::Threads;
use crate::usage::UsageError;

/// Most threads and most connections that can be asked for: beyond these a number is a slip.
const THREADS_MAX: i64 = 1024;
const CONNECTIONS_MAX: i64 = 1_000_000;

/// What a server's command line says apart from its model; flattened into both.
#[derive(Args, Clone, Debug)]
pub struct Flags {
    /// Address and port to listen on; port 0 picks one; repeatable.
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    pub listen: Vec<SocketAddr>,

    /// Path of a UNIX socket to listen on, instead of --listen's default or beside --listen.
    #[arg(long, value_name = "PATH")]
    pub unix: Option<PathBuf>,

    /// Threads, for the models that have a fixed number (default: the model's own).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX))]
    pub threads: Option<u16>,

    /// Connections that may wait in the accept queue; the kernel's limit is
    /// /proc/sys/net/core/somaxconn.
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub backlog: u32,

    /// Time for a request's head, and for its body, to arrive; and for a TLS handshake, a new
    /// connection's first byte, a WebSocket message once it has begun, and the answer to a ping.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration::parse)]
    pub read_timeout: Duration,

    /// Time for which a client may take nothing of its answer, or of what others send to it over
    /// WebSocket; the push stream has --push-drop-after.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    pub write_timeout: Duration,

    /// Time for which a kept connection may wait for its next request; a WebSocket client that has
    /// been silent for as long is sent a ping.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    pub idle_timeout: Duration,

    /// Connections open at a time (default: as many as the model can have); see --overload.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX))]
    pub max_connections: Option<u32>,

    /// What becomes of connections beyond the most: wait in the accept queue, or refuse with 503.
    #[arg(long, value_name = "HOW", default_value = "wait")]
    pub overload: Overload,

    /// Keep connections after an answer, even in a model that closes them by default.
    #[arg(long, conflicts_with = "no_keep_alive")]
    pub keep_alive: bool,

    /// Close each connection after its answer.
    #[arg(long)]
    pub no_keep_alive: bool,

    /// Write a line for each answer to stdout, in Common Log Format.
    #[arg(long)]
    pub access_log: bool,

    /// Address and port of the push stream: numbered messages of 128 bytes to whoever connects.
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    pub push: Option<SocketAddr>,

    /// Messages a second for each client of the push stream (default: as many as it takes).
    #[arg(long, value_name = "N", requires = "push")]
    pub push_rate: Option<NonZeroU64>,

    /// Time for which a client of the push stream may take nothing before it is cut off (default:
    /// for ever). What the kernel still takes for it, for a moment after it has ceased, counts.
    #[arg(long, value_name = "TIME", requires = "push", value_parser = duration::parse)]
    pub push_drop_after: Option<Duration>,

    /// WebSocket clients of the relay (/ws) at a time; further ones are refused with 503.
    #[arg(long, value_name = "N", default_value_t = RELAY_CLIENTS_MAX, value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX))]
    pub max_relay_clients: u32,

    /// Speak TLS (HTTPS); without --cert and --key, with a self-signed certificate made at start.
    #[arg(long)]
    pub tls: bool,

    /// Certificate chain (PEM), the server's own first; implies --tls.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,

    /// Private key of the certificate (PEM); may be the same file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
}

impl Flags {
    /// Binds every place named: TCP, UNIX socket, push stream.
    ///
    /// TCP connections inherit the limits on one read and one write (`SO_RCVTIMEO`, `SO_SNDTIMEO`),
    /// which saves a blocking server two system calls for each; to non-blocking ones they are
    /// nothing.
    ///
    /// # Errors
    ///
    /// The first place that cannot be listened on, with the reason and what to do.
    pub fn bind(&self) -> Result<Vec<Listener>, BindError> {
        let tcp = self.listen.iter().map(|&address| {
            Listener::bind_tcp(address, self.backlog, |socket| {
                socket.set_read_timeout(Some(self.read_timeout))?;
                socket.set_write_timeout(Some(write_wait(self.write_timeout)))
            })
        });
        let unix = self.unix.iter();
        let unix = unix.map(|path| Listener::bind_unix(path, self.backlog));
        let push = self.push.iter();
        let push = push.map(|&address| {
            let listener = Listener::bind_tcp(address, self.backlog, |_| Ok(()));
            Ok(listener?.for_service(Service::Push))
        });
        tcp.chain(unix).chain(push).collect()
    }

    /// How TLS is to be spoken, if it is: with the certificate named, or with one made now, and
    /// with these protocols inside, the preferred first.
    ///
    /// Who names a certificate wants it used, so `--cert` and `--key` need no `--tls`.
    ///
    /// # Errors
    ///
    /// The file that is of no use, with the reason and what to do.
    pub fn tls(&self, protocols: &[Protocol]) -> anyhow::Result<Option<Tls>> {
        let tls = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => certificate::from_files(cert, key)?,
            _ if self.tls => certificate::self_signed(self.listen.iter().map(SocketAddr::ip))?,
            _ => return Ok(None),
        };
        Ok(Some(tls.with_protocols(protocols)))
    }

    /// What the flags say to the model of this name, TLS apart.
    ///
    /// # Errors
    ///
    /// The model cannot have as many threads as were asked for.
    pub fn options(
        &self,
        model: &str,
        model_threads: Threads,
        keep_alive_default: bool,
    ) -> Result<Options, UsageError> {
        if let Some(threads) = self.threads {
            model_threads.check(model, threads)?;
        }
        Ok(Options {
            connection: connection::Options {
                read_timeout: self.read_timeout,
                idle_timeout: self.idle_timeout,
                keep_alive: !self.no_keep_alive && (keep_alive_default || self.keep_alive),
                access_log: self.access_log,
            },
            write_timeout: self.write_timeout,
            threads: self.threads.map(usize::from),
            queue: None,
            connections_max: self.max_connections,
            overload: self.overload,
            tls: None,
            push: push::Options {
                rate: self.push_rate,
                drop_after: self.push_drop_after,
            },
            relay: Relay::new(self.max_relay_clients as usize),
        })
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "needs an address and a port, such as 127.0.0.1:7080 or [::]:7080".to_owned())
}
