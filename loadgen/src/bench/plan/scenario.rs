//! A scenario of a plan.

use std::fmt::{Display, Formatter, Result};
use std::time::Duration;

use super::Gates;
use crate::compare::{LeftOut, counted};
use crate::plan::{
    Arrival, Background, Client, Expect, Header, LengthRule, Method, Schedule, Spacing, StatusSet,
    TlsOptions,
};

/// A load, and which servers bear it. What a run may be asked for may be asked for here, under the
/// same names.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What people call it, and a part of file names.
    pub name: String,
    /// The path that is requested.
    pub path: String,
    /// The method of the requests.
    pub method: Method,
    /// Fields of the requests beside those that each has; they take the place of ours.
    pub headers: Vec<Header>,
    /// The body of the requests, with its media type among the headers.
    pub body: Option<Vec<u8>>,
    /// Connections, with a request in flight on each; in open loop as many as there may be.
    pub connections: usize,
    /// Requests in flight on each connection. HTTP/2's are in `client`.
    pub pipeline: usize,
    /// Threads that make the load; by default one for each of its cores.
    pub threads: Option<usize>,
    /// Whether connections are used again.
    pub keep_alive: bool,
    /// Whether connections to servers that are started here are encrypted.
    pub tls: bool,
    /// How, if they are. By default each has a handshake of its own.
    pub tls_options: TlsOptions,
    /// What makes the requests and reads the answers.
    pub client: Client,
    /// When requests start.
    pub arrival: Arrival,
    /// A run ends after so many requests, and not by the plan's time.
    pub requests: Option<u64>,
    /// A run ends after so long, in place of the plan's time, or before its requests are made.
    pub duration: Option<Duration>,
    /// Limit for one request, in place of the plan's.
    pub timeout: Option<Duration>,
    /// Limit for opening a connection; by default that of the request.
    pub connect_timeout: Option<Duration>,
    /// What counts as a success.
    pub expect: Expect,
    /// What each server must keep.
    pub gates: Gates,
    /// What is open besides.
    pub background: Background,
    /// Further flags for every server.
    pub flags: Vec<String>,
    /// Servers, as places in [`super::BenchPlan::servers`], ascending.
    pub servers: Vec<usize>,
    /// Those for which it makes no sense.
    pub without: Vec<LeftOut>,
}

impl Default for Scenario {
    /// One connection after another, without a name or a server.
    fn default() -> Self {
        Self {
            name: String::new(),
            path: "/".to_owned(),
            method: Method::GET,
            headers: Vec::new(),
            body: None,
            connections: 1,
            pipeline: 1,
            threads: None,
            keep_alive: false,
            tls: false,
            tls_options: TlsOptions::default(),
            client: Client::default(),
            arrival: Arrival::Closed,
            requests: None,
            duration: None,
            timeout: None,
            connect_timeout: None,
            expect: Expect {
                statuses: StatusSet::not_an_error(),
                length: LengthRule::First,
                body: None,
            },
            gates: Gates::default(),
            background: Background::default(),
            flags: Vec::new(),
            servers: Vec::new(),
            without: Vec::new(),
        }
    }
}

impl Scenario {
    /// Requests in flight on one connection, at most.
    #[must_use]
    pub fn in_flight_on_each(&self) -> usize {
        match self.client.http2 {
            true => self.client.streams.unwrap_or(1),
            false => self.pipeline,
        }
    }

    fn write_request(&self, formatter: &mut Formatter<'_>) -> Result {
        let tls = match (self.tls, self.tls_options.resumes) {
            (false, _) => "",
            (true, false) => " over TLS",
            (true, true) => " over resumed TLS",
        };
        write!(formatter, "{} {}{tls}", self.method.as_str(), self.path)?;
        if self.client.http2 {
            write!(formatter, " over HTTP/2")?;
        }
        let body = self.body.as_ref().map(|body| body.len() as u64);
        let fields = self.headers.len() as u64;
        match (body, fields) {
            (None, 0) => Ok(()),
            (None, _) => write!(formatter, " with {}", counted(fields, "header")),
            (Some(bytes), 0) => write!(formatter, " with {}", counted(bytes, "byte")),
            (Some(bytes), _) => write!(
                formatter,
                " with {} and {}",
                counted(bytes, "byte"),
                counted(fields, "header")
            ),
        }
    }

    fn write_load(&self, formatter: &mut Formatter<'_>) -> Result {
        if let Arrival::Open(schedule) = &self.arrival {
            write_schedule(formatter, schedule)?;
        }
        let at_most = match self.arrival {
            Arrival::Closed => "",
            Arrival::Open(_) => "at most ",
        };
        let connections = counted(self.connections as u64, "connection");
        match self.keep_alive {
            true => write!(formatter, "{at_most}{connections} kept alive")?,
            false => write!(
                formatter,
                "{at_most}{connections} at a time, new for each request"
            )?,
        }
        if self.in_flight_on_each() > 1 {
            let requests = self.in_flight_on_each();
            write!(formatter, ", {requests} requests in flight on each")?;
        }
        let Client { engine, driver, .. } = &self.client;
        if engine.is_some() || driver.is_some() {
            write!(formatter, ", by {}", self.client.engine().label())?;
        }
        if let Some(driver) = driver {
            write!(formatter, " ({})", driver.label())?;
        }
        if let Some(threads) = self.threads {
            write!(formatter, ", by {}", counted(threads as u64, "thread"))?;
        }
        Ok(())
    }

    fn write_end(&self, formatter: &mut Formatter<'_>) -> Result {
        match (self.requests, self.duration) {
            (None, None) => Ok(()),
            (None, Some(time)) => write!(formatter, ", for {time:?}"),
            (Some(requests), None) => {
                write!(formatter, ", {} in all", counted(requests, "request"))
            }
            (Some(requests), Some(time)) => {
                let requests = counted(requests, "request");
                write!(formatter, ", {requests} in all or for {time:?}")
            }
        }
    }
}

impl Display for Scenario {
    /// The load: `GET /delay/10 over TLS, 64 connections kept alive, 1000 idle`.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        self.write_request(formatter)?;
        formatter.write_str(", ")?;
        self.write_load(formatter)?;
        self.write_end(formatter)?;
        if self.background.idle > 0 {
            write!(formatter, ", {} idle", self.background.idle)?;
        }
        if self.background.slow_readers > 0 {
            write!(formatter, ", {} slow", self.background.slow_readers)?;
            let path = self.background.slow_path.as_ref();
            path.map_or(Ok(()), |path| write!(formatter, " ({path})"))?;
        }
        self.flags
            .iter()
            .try_for_each(|flag| write!(formatter, " {flag}"))
    }
}

/// `500 requests per second (poisson), `
fn write_schedule(formatter: &mut Formatter<'_>, schedule: &Schedule) -> Result {
    write!(formatter, "{} requests per second", schedule.rate)?;
    if let Spacing::Poisson { seed } = schedule.spacing {
        write!(formatter, " (poisson, seed {seed})")?;
    }
    if schedule.spin {
        formatter.write_str(" to the microsecond")?;
    }
    formatter.write_str(", ")
}
