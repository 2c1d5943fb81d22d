//! The load on servers that are named on the command line: the flags of a run, under its headings.

use std::num::{NonZeroU64, NonZeroUsize};

use clap::{ArgMatches, Args, Command, Id};

use super::super::UsageError;
use super::super::environment::is_typed;
use super::super::run::{Beside, How, Success, TlsFlags, WhatToSend, When};
use crate::bench::Scenario;
use crate::plan::{Header, LengthRule, above_zero, path, with_media_type};

/// The load on servers that are named on the command line.
#[derive(Debug, Args)]
pub(super) struct Load {
    #[command(flatten)]
    how_much: HowMuch,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    beside: Beside,
    #[command(flatten)]
    what_to_send: WhatToSend,
    #[command(flatten)]
    where_to: WhereTo,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    tls: TlsFlags,
    #[command(flatten)]
    success: Success,
}

/// How much load: of a run's flags those that no plan has beside.
#[derive(Debug, Args)]
#[command(next_help_heading = "How much")]
struct HowMuch {
    /// Requests of each run [default: as many as there is time for; with it no time limit but that
    /// of --duration]
    #[arg(short = 'n', long, value_name = "N", value_parser = above_zero::<NonZeroU64>)]
    #[arg(allow_negative_numbers = true)]
    requests: Option<NonZeroU64>,
    /// Connections with a request in flight on each, or with as many as --pipeline or --streams
    /// say; at most 20000 [default: 1]
    #[arg(short, long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    concurrency: Option<NonZeroUsize>,
    /// Worker threads [default: one for each core of the load]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
    /// Requests in flight on each connection (with -k): the next is sent before the one before it
    /// is answered
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true, default_value = "1")]
    pipeline: NonZeroUsize,
}

/// What is asked of servers that have no URL.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to send")]
struct WhereTo {
    /// What is asked of servers that have no path in a URL, such as /bytes/1024 [default: /]
    #[arg(long, value_name = "PATH", value_parser = path)]
    path: Option<String>,
    /// Speak TLS with servers that are started here
    #[arg(long = "tls")]
    is_encrypted: bool,
}

impl Load {
    /// The first of these flags that was typed, as its long or short name.
    pub(super) fn flag_in(matches: &ArgMatches) -> Option<String> {
        let flags = Self::augment_args(Command::new("load"));
        let mut flags = flags.get_arguments();
        let typed = flags.find(|flag| is_typed(matches, flag.get_id().as_str()));
        typed.and_then(name_of)
    }

    /// All of these flags.
    pub(super) fn ids() -> Vec<Id> {
        let flags = Self::augment_args(Command::new("load"));
        flags
            .get_arguments()
            .map(|it| it.get_id().clone())
            .collect()
    }

    /// What must not be repeated of the command line: each is the end of a word of it.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.what_to_send.secrets()
    }

    /// What is to be asked of servers that have no path in a URL.
    pub(super) fn path(&self) -> Option<&str> {
        self.where_to.path.as_deref()
    }

    /// The load, without a name and servers. `is_https` says whether the URLs are https, if there
    /// are any.
    ///
    /// # Errors
    ///
    /// One line that names the flag or the file, and the next step.
    pub(super) fn scenario(&self, is_https: Option<bool>) -> Result<Scenario, UsageError> {
        let tls = is_https.unwrap_or(false) || self.where_to.is_encrypted;
        if !tls {
            self.tls.check_unsecured()?;
        }
        let concurrency = self.how_much.concurrency;
        let connections = self.when.connections(concurrency, 1)?.get();
        let pipeline = self.how_much.pipeline.get();
        let body = self.what_to_send.body()?;
        let client = self.how.client();
        let scenario = Scenario {
            path: self.path().unwrap_or("/").to_owned(),
            method: self.what_to_send.method(),
            headers: self.headers(body.is_some()),
            body,
            connections,
            pipeline,
            threads: self.how_much.threads.map(NonZeroUsize::get),
            keep_alive: self.what_to_send.keep_alive || client.http2,
            tls,
            tls_options: self.tls.options(true),
            client,
            arrival: self.when.arrival()?,
            requests: self.how_much.requests.map(NonZeroU64::get),
            timeout: Some(self.success.timeout),
            connect_timeout: Some(self.success.connect_timeout()),
            expect: self.success.expect(LengthRule::Any),
            background: self.beside.background(1)?,
            ..Scenario::default()
        };
        self.when.check_in_flight(scenario.in_flight_on_each())?;
        Ok(scenario)
    }

    fn headers(&self, has_body: bool) -> Vec<Header> {
        let content_type = has_body.then(|| self.what_to_send.content_type().clone());
        with_media_type(content_type, self.what_to_send.given_fields())
    }
}

fn name_of(flag: &clap::Arg) -> Option<String> {
    let short = flag.get_short().map(|letter| format!("-{letter}"));
    short.or_else(|| flag.get_long().map(|name| format!("--{name}")))
}
