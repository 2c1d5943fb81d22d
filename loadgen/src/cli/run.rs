//! The flags of a run: ab's letters with ab's meanings, and what ab does not have.

use std::fs;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::UsageError;
use crate::output::Format;
use crate::plan::{
    Credentials, Expect, Header, HttpVersion, LengthRule, Load, Method, Plan, Scenario,
    ServerProcess, StatusSet, Stop, Target, above_zero, duration, identification, seconds,
};
use crate::system::affinity::CpuSet;

/// ab's upper limit of `-c`.
const CONCURRENCY_MAX: usize = 20_000;

/// What ab's `-t` sets `-n` to.
const REQUESTS_WITH_TIME_LIMIT: u64 = 50_000;

// Headings of --help.
const HOW_MUCH: &str = "How much";
const WHAT_TO_SEND: &str = "What to send";
const SUCCESS: &str = "What counts as success";
const OUTPUT: &str = "Output";
const SERVER: &str = "Measuring the server";

/// Flags of a run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to load, such as http://127.0.0.1:8080/
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    url: String,

    /// Requests to make [default: 1]
    #[arg(short = 'n', long, value_name = "N", value_parser = above_zero::<NonZeroU64>)]
    #[arg(help_heading = HOW_MUCH, allow_negative_numbers = true)]
    requests: Option<NonZeroU64>,
    /// Requests in flight, each on a connection of its own, at most 20000
    #[arg(short, long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(help_heading = HOW_MUCH, allow_negative_numbers = true, default_value = "1")]
    concurrency: NonZeroUsize,
    /// Stop after this many seconds; sets -n to 50000 unless -n follows, as ab does
    #[arg(short = 't', value_name = "SECONDS", value_parser = seconds, conflicts_with = "duration")]
    #[arg(help_heading = HOW_MUCH, allow_negative_numbers = true)]
    time_limit: Option<Duration>,
    /// Stop after this long, such as 10s or 2m, whatever the number of requests
    #[arg(long, value_name = "TIME", value_parser = seconds, conflicts_with = "requests")]
    #[arg(help_heading = HOW_MUCH, allow_negative_numbers = true)]
    duration: Option<Duration>,
    /// Make load for this long before counting
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0s")]
    #[arg(help_heading = HOW_MUCH, allow_negative_numbers = true)]
    warmup: Duration,
    /// Worker threads [default: half of the cores, at least 1]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(help_heading = HOW_MUCH, allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
    /// Keep the workers on these cores, such as 0,2-3 [default: all that may be used]
    #[arg(long, value_name = "CORES", help_heading = HOW_MUCH)]
    cpu_list: Option<CpuSet>,

    /// Use connections again (keep-alive); without it each request opens its own
    #[arg(short = 'k', help_heading = WHAT_TO_SEND)]
    keep_alive: bool,
    /// Method of the requests [default: GET, or POST with -p, PUT with -u]
    #[arg(short, long, value_name = "METHOD", conflicts_with = "head", help_heading = WHAT_TO_SEND)]
    method: Option<Method>,
    /// HEAD requests
    #[arg(short = 'i', conflicts_with_all = ["post", "put"], help_heading = WHAT_TO_SEND)]
    head: bool,
    /// POST this file
    #[arg(short, value_name = "FILE", conflicts_with = "put", help_heading = WHAT_TO_SEND)]
    post: Option<PathBuf>,
    /// PUT this file
    #[arg(short = 'u', value_name = "FILE", help_heading = WHAT_TO_SEND)]
    put: Option<PathBuf>,
    /// Content-Type of the file
    #[arg(short = 'T', value_name = "TYPE", default_value = "text/plain", value_parser = content_type)]
    #[arg(help_heading = WHAT_TO_SEND)]
    content_type: Header,
    /// A header, as 'Name: value'; repeatable
    #[arg(short = 'H', long = "header", value_name = "HEADER", help_heading = WHAT_TO_SEND)]
    headers: Vec<Header>,
    /// A cookie, as NAME=VALUE; repeatable
    #[arg(short = 'C', value_name = "COOKIE", value_parser = cookie, help_heading = WHAT_TO_SEND)]
    cookies: Vec<String>,
    /// Basic authentication, as USER:PASSWORD
    #[arg(short = 'A', value_name = "USER:PASSWORD", help_heading = WHAT_TO_SEND)]
    credentials: Option<Credentials>,

    /// Limit for one request, from its start to its answer's end, in seconds or with a unit
    #[arg(short = 's', long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    #[arg(help_heading = SUCCESS, allow_negative_numbers = true)]
    timeout: Duration,
    /// Statuses that are a success, such as 200,404 or 2xx [default: 2xx,3xx]
    #[arg(long, value_name = "LIST", help_heading = SUCCESS)]
    expect_status: Option<StatusSet>,
    /// What the answer's body must be, whole [default: anything]
    #[arg(long, value_name = "TEXT", help_heading = SUCCESS)]
    expect_body: Option<String>,
    /// What the body's length must be: any, first (that of the first answer) or a number of bytes
    /// [default: any, in ab's format first]
    #[arg(long, value_name = "RULE", help_heading = SUCCESS)]
    expect_length: Option<LengthRule>,
    /// ab's format: answers may differ in length
    #[arg(short = 'l', help_heading = SUCCESS)]
    any_length: bool,
    /// ab's flag to go on after a reset, which loadgen always does
    #[arg(short = 'r', help_heading = SUCCESS)]
    go_on: bool,

    /// What to print on stdout: json (the record), ab (ab's text) or text (for people)
    /// [default: json; ab when called as ab]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = OUTPUT, hide_possible_values = true)]
    format: Option<Format>,
    /// Write the record, as JSON, to this file too
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    output: Option<PathBuf>,
    /// Show neither progress nor summary on stderr
    #[arg(short, long, help_heading = OUTPUT)]
    quiet: bool,
    /// Show on stderr: 2 the request, 3 and the first answer's status line, 4 and its head
    #[arg(short, value_name = "LEVEL", default_value = "0", value_parser = verbosity)]
    #[arg(help_heading = OUTPUT, allow_negative_numbers = true)]
    verbosity: u8,
    /// ab's format: leave out the table of percentiles
    #[arg(short = 'd', help_heading = OUTPUT)]
    no_percentiles: bool,
    /// ab's format: leave out median, deviation and warnings
    #[arg(short = 'S', help_heading = OUTPUT)]
    no_deviation: bool,

    /// Measure what a request costs this process on this machine, in CPU time and memory
    #[arg(long, value_name = "PID", value_parser = above_zero::<NonZeroU32>)]
    #[arg(help_heading = SERVER, allow_negative_numbers = true)]
    server_pid: Option<NonZeroU32>,

    #[arg(skip)]
    pub(super) order: RunOrder,
    #[arg(skip)]
    pub(super) called_as_ab: bool,
}

/// What the order of flags says: ab's `-t` and `-n` each override the other's count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RunOrder {
    time_limit_is_last: bool,
}

/// What is shown of a run, and where.
#[derive(Clone, Debug)]
pub struct OutputPlan {
    /// On stdout.
    pub format: Format,
    /// The record's file, besides.
    pub file: Option<PathBuf>,
    /// Neither progress nor summary.
    pub quiet: bool,
    /// ab's levels: how much of the traffic is shown.
    pub verbosity: u8,
    /// Parts of ab's text to leave out.
    pub ab: crate::output::AbOptions,
}

impl RunOrder {
    pub(super) fn of(matches: &clap::ArgMatches) -> Self {
        Self {
            time_limit_is_last: matches.index_of("time_limit") > matches.index_of("requests"),
        }
    }
}

impl RunArgs {
    /// What must not be repeated of the command line, beside a password in the URL: each is the
    /// end of a word of it.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let credentials = self.credentials.iter().map(Credentials::as_str);
        let headers = self.headers.iter().filter(|header| header.is_secret());
        credentials
            .chain(self.cookies.iter().map(String::as_str))
            .chain(headers.map(|header| header.value.as_str()))
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
        let format = match self.called_as_ab {
            true => self.format.unwrap_or(Format::Ab),
            false => self.format.unwrap_or(Format::Json),
        };
        let as_ab = format == Format::Ab;
        let target =
            Target::resolve(&self.url).map_err(|error| UsageError::line(error.to_string()))?;
        let stop = self.stop();
        let load = self.load(stop)?;
        let plan = Plan {
            scenario: self.scenario(&target, as_ab)?,
            expect: self.expect(as_ab),
            load,
            stop,
            warmup: self.warmup,
            timeout: self.timeout,
            ab_times: as_ab,
            cores: self.cores()?,
            server: self.server()?,
            target,
        };
        let output = OutputPlan {
            format,
            file: self.output,
            quiet: self.quiet,
            verbosity: self.verbosity,
            ab: crate::output::AbOptions {
                percentiles: !self.no_percentiles,
                deviation: !self.no_deviation,
                progress: !self.quiet,
                keep_alive: self.keep_alive,
                any_length: self.any_length,
                sends_body: plan.scenario.body.is_some(),
            },
        };
        Ok((plan, output))
    }

    fn stop(&self) -> Stop {
        let given = self.requests.map(NonZeroU64::get);
        let requests = match (self.time_limit, self.duration) {
            (None, None) => Some(given.unwrap_or(1)),
            (_, Some(_)) => None,
            (Some(_), None) if self.order.time_limit_is_last => Some(REQUESTS_WITH_TIME_LIMIT),
            (Some(_), None) => given,
        };
        Stop {
            requests,
            duration: self.duration.or(self.time_limit),
        }
    }

    fn load(&self, stop: Stop) -> Result<Load, UsageError> {
        let concurrency = self.concurrency.get();
        if concurrency > CONCURRENCY_MAX {
            return Err(UsageError::line(format!(
                "-c {concurrency} is over {CONCURRENCY_MAX}; choose a smaller -c"
            )));
        }
        if let Some(requests) = stop.requests
            && requests < concurrency as u64
        {
            return Err(UsageError::line(format!(
                "-c {concurrency} is larger than -n {requests}; raise -n or lower -c"
            )));
        }
        let half_of_the_cores = available_parallelism().map_or(1, |cores| cores.get() / 2);
        let threads = self.threads.map_or(half_of_the_cores, NonZeroUsize::get);
        Ok(Load {
            concurrency,
            threads: threads.clamp(1, concurrency),
        })
    }

    fn scenario(&self, target: &Target, as_ab: bool) -> Result<Scenario, UsageError> {
        let file = self.post.as_deref().or(self.put.as_deref());
        let body = file.map(read_body).transpose()?;
        let method = match (&self.method, self.head, &self.post, &self.put) {
            (Some(method), ..) => method.clone(),
            (None, true, ..) => Method::HEAD,
            (None, _, Some(_), _) => Method::POST,
            (None, _, _, Some(_)) => Method::PUT,
            _ => Method::GET,
        };
        Ok(Scenario {
            method,
            version: match as_ab {
                true => HttpVersion::Http10,
                false => HttpVersion::Http11,
            },
            keep_alive: self.keep_alive,
            headers: self.header_fields(target, as_ab, body.is_some())?,
            body,
        })
    }

    /// Our own fields, unless the user gave them, then the user's.
    fn header_fields(
        &self,
        target: &Target,
        as_ab: bool,
        has_body: bool,
    ) -> Result<Vec<Header>, UsageError> {
        let mut fields = match as_ab {
            true => vec![
                Header::new("User-Agent", "ApacheBench/2.3"),
                Header::new("Accept", "*/*"),
            ],
            false => identification(),
        };
        if has_body {
            fields.push(self.content_type.clone());
        }
        fields.retain(|ours| !self.headers.iter().any(|header| header.is(&ours.name)));
        if !self.cookies.is_empty() {
            fields.push(Header::new("Cookie", self.cookies.join("; ")));
        }
        let in_url = target.url.userinfo.as_deref().map(str::parse).transpose();
        let in_url =
            in_url.map_err(|error: String| UsageError::line(format!("in the URL, {error}")))?;
        if let Some(credentials) = self.credentials.as_ref().or(in_url.as_ref()) {
            fields.push(Header::new("Authorization", credentials.basic()));
        }
        fields.extend(self.headers.iter().cloned());
        Ok(fields)
    }

    fn expect(&self, as_ab: bool) -> Expect {
        let by_default = match as_ab && !self.any_length {
            true => LengthRule::First,
            false => LengthRule::Any,
        };
        Expect {
            statuses: self
                .expect_status
                .clone()
                .unwrap_or_else(StatusSet::not_an_error),
            length: self.expect_length.unwrap_or(by_default),
            body: self.expect_body.clone().map(String::into_bytes),
        }
    }

    fn cores(&self) -> Result<Option<CpuSet>, UsageError> {
        let usable = CpuSet::of_this_thread().map_err(|error| {
            UsageError::line(format!("cannot read this process's cores: {error}"))
        })?;
        let is_usable = |core: usize| usable.cores().any(|usable| usable == core);
        let missing = self
            .cpu_list
            .iter()
            .flat_map(CpuSet::cores)
            .find(|&core| !is_usable(core));
        match missing {
            None => Ok(self.cpu_list.clone()),
            Some(core) => Err(UsageError::line(format!(
                "--cpu-list: core {core} is not there for this process; choose among {usable}"
            ))),
        }
    }

    fn server(&self) -> Result<Option<ServerProcess>, UsageError> {
        let Some(pid) = self.server_pid.map(NonZeroU32::get) else {
            return Ok(None);
        };
        if !Path::new(&format!("/proc/{pid}")).exists() {
            return Err(UsageError::line(format!(
                "--server-pid {pid}: there is no such process; give the id of the server's"
            )));
        }
        Ok(Some(ServerProcess {
            pid,
            label: "server".to_owned(),
            model: None,
            cores: None,
        }))
    }
}

fn read_body(file: &Path) -> Result<Vec<u8>, UsageError> {
    fs::read(file).map_err(|error| {
        let file = file.display();
        UsageError::line(format!("cannot read {file}: {error}; check the path"))
    })
}

/// ab takes any number and knows levels up to 4.
fn verbosity(text: &str) -> Result<u8, String> {
    text.parse()
        .map_err(|_| "give a whole number from 0 to 4".to_owned())
}

fn content_type(text: &str) -> Result<Header, String> {
    format!("Content-Type: {text}").parse()
}

fn cookie(text: &str) -> Result<String, String> {
    if !text.contains('=') {
        return Err("a cookie is written NAME=VALUE".to_owned());
    }
    let header: Header = format!("Cookie: {text}").parse()?;
    Ok(header.value)
}
