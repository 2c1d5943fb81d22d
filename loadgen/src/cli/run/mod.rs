//! The flags of a run: ab's letters with ab's meanings, and what ab does not have. One file for
//! each heading of `--help`.

mod ab;
mod background;
mod engine;
mod find_max;
mod gates;
mod how_much;
mod output;
mod route;
mod server;
mod shards;
mod success;
mod tls;
#[cfg(test)]
mod typed;
mod websocket;
mod what_to_send;
mod when;

use std::borrow::Cow;
use std::env;
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueHint};

use super::UsageError;
use crate::output::{AbOptions, Format};
use crate::plan::{Paths, Plan, Target};
use crate::shard::divide;

pub(super) use how_much::FlagOrder;
pub use output::OutputPlan;
pub use shards::Together;
#[cfg(test)]
pub(crate) use typed::plan as plan_of;
pub use websocket::WebSocketArgs;

use ab::AsAb;
pub(super) use background::Beside;
pub(super) use engine::How;
use find_max::FindMax;
pub(super) use gates::Gates;
use how_much::HowMuch;
use output::Output;
use route::Connections;
pub(super) use server::Server;
use shards::Shards;
pub(super) use success::Success;
pub(super) use tls::TlsFlags;
pub(super) use what_to_send::WhatToSend;
use what_to_send::{Urls, UrlsFile};
pub(super) use when::When;

/// Flags of a run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to load, such as http://127.0.0.1:8080/
    #[arg(value_name = "URL", value_hint = ValueHint::Url, required_unless_present = "urls_from")]
    url: Option<String>,

    #[command(flatten)]
    how_much: HowMuch,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    shards: Shards,
    #[command(flatten)]
    beside: Beside,
    #[command(flatten)]
    what_to_send: WhatToSend,
    #[command(flatten)]
    urls: Urls,
    #[command(flatten)]
    connections: Connections,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    tls: TlsFlags,
    #[command(flatten)]
    success: Success,
    #[command(flatten)]
    gates: Gates,
    #[command(flatten)]
    find_max: FindMax,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    as_ab: AsAb,
    #[command(flatten)]
    server: Server,

    #[arg(skip)]
    called_as_ab: bool,
}

impl RunArgs {
    /// What the values do not say: the order that flags stood in, and the name of the program.
    pub(super) fn told(&mut self, order: FlagOrder, called_as_ab: bool) {
        self.how_much.order = order;
        self.called_as_ab = called_as_ab;
    }

    /// What must not be repeated of the command line, beside a password in the URL: each is the
    /// end of a word of it.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let of_requests = self.what_to_send.secrets();
        of_requests
            .chain(self.connections.secrets())
            .filter(|secret| !secret.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// What to do, in types, and what to show of it.
    ///
    /// # Errors
    ///
    /// One line that names the flag, the file or the URL, and the next step.
    pub fn into_plan(self) -> Result<(Plan, OutputPlan), UsageError> {
        self.into_run().map(|(plan, output, _)| (plan, output))
    }

    /// The same, and what the run has to do with others: the plan is then this process' part.
    ///
    /// # Errors
    ///
    /// One line that names the flag, the file, the URL or the variable, and the next step.
    pub fn into_run(self) -> Result<(Plan, OutputPlan, Together), UsageError> {
        self.with_defaults_of_search().into_plan_of_run()
    }

    fn into_plan_of_run(self) -> Result<(Plan, OutputPlan, Together), UsageError> {
        let format = self.output.format(self.as_ab.format(), self.called_as_ab);
        let as_ab = format == Format::Ab;
        if as_ab && self.shards.is_shard() {
            return Err(UsageError::line(
                "--shard has no place in ab's text, which nobody can merge; use --format json or \
                 text",
            ));
        }
        let member = self.shards.member(&|name| env::var(name).ok())?;
        let start_at = self.shards.start_at(SystemTime::now())?;
        let shards = member.as_ref().map_or(1, |member| member.shard.of);
        let urls = self.urls.read_urls()?;
        let first = urls.as_ref().and_then(UrlsFile::first);
        let target = self.target(self.url.as_deref().or(first).unwrap_or_default())?;
        let stop = self.how_much.stop();
        let load = self
            .how_much
            .load(stop, &self.when, self.what_to_send.keep_alive, shards)?;
        let paths = match &urls {
            None => Paths::one(&target.url.path),
            Some(urls) => self.urls.paths(urls, &target.url, self.when.seed)?,
        };
        let mut plan = Plan {
            shard: None,
            background: self.beside.background(shards)?,
            tls: self.tls.tls(&target.url, as_ab)?,
            scenario: self.what_to_send.scenario(&target, paths, as_ab)?,
            expect: self.success.expect(self.as_ab.length(as_ab)),
            load,
            stop,
            warmup: self.how_much.warmup(),
            timeout: self.success.timeout,
            connect_timeout: self.success.connect_timeout(),
            engine: self.how.engine(),
            ab_times: as_ab,
            cores: self.how_much.cores()?,
            server: self.server.process()?,
            gates: self.gates.gates(),
            target,
        };
        let has_rows = self.as_ab.gnuplot_file.is_some();
        let membership = match member {
            None => None,
            Some(member) => {
                let mut whole = plan.clone();
                plan = divide(plan, member.shard).map_err(UsageError::line)?;
                self.how.client().shape(&mut whole);
                Some(member.of(&whole, start_at))
            }
        };
        self.how.apply(&mut plan, has_rows)?;
        self.when.check_in_flight(plan.load.pipeline)?;
        let ab = AbOptions {
            html: self.as_ab.table(),
            percentiles: !self.as_ab.no_percentiles,
            deviation: !self.as_ab.no_deviation,
            progress: !self.output.quiet,
            verbosity: self.output.verbosity,
            request: plan
                .scenario
                .request(&plan.target, &plan.scenario.paths.list()[0]),
            keep_alive: self.what_to_send.keep_alive,
            any_length: self.as_ab.any_length,
            sends_body: plan.scenario.body.is_some(),
        };
        let output = OutputPlan {
            percentiles_file: self.as_ab.percentiles_file.clone(),
            gnuplot_file: self.as_ab.gnuplot_file.clone(),
            ..self.output.plan(format, ab)
        };
        output.check_files()?;
        let together = Together {
            membership,
            start_at,
        };
        Ok((plan, output, together))
    }

    /// Where requests go, by the flags that say how.
    fn target(&self, url: &str) -> Result<Target, UsageError> {
        let url = match self.called_as_ab {
            true => with_scheme(url),
            false => Cow::Borrowed(url),
        };
        self.connections.target(&url)
    }
}

/// Worker threads where no flag says how many; at least 1.
fn half_of_the_cores() -> usize {
    available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// The limit for a connection: no longer than that for all of it.
fn within(timeout: Duration, connect_timeout: Option<Duration>) -> Duration {
    connect_timeout.map_or(timeout, |limit| limit.min(timeout))
}

/// ab takes `HOST[:PORT]/PATH` for a URL too.
fn with_scheme(url: &str) -> Cow<'_, str> {
    let host = url.split_once('/').map_or("", |(host, _)| host);
    let is_bare = !host.is_empty() && !url.contains("://") && !host.contains('@');
    match is_bare {
        true => Cow::Owned(format!("http://{url}")),
        false => Cow::Borrowed(url),
    }
}
