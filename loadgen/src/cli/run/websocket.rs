//! Flags of `loadgen websocket`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

use super::super::UsageError;
use super::gates::Gates;
use super::output::{Output, OutputPlan};
use super::server::Server;
use super::tls::TlsFlags;
use super::{half_of_the_cores, within};
use crate::output::{AbOptions, Format};
use crate::plan::{
    Background, Engine, Expect, Framing, Header, HttpVersion, LengthRule, Load, Method, Paths,
    Plan, Scenario, StatusSet, Stop, Target, WebSocket, WebSocketClient, above_zero, duration,
    identification, seconds,
};

/// Most pairs: two connections each is what a machine has local ports for.
const PAIRS_MAX: usize = 10_000;

/// Most pairs of blocking clients: each is a thread, with counts of its own.
const PAIRS_BLOCKING_MAX: usize = 4000;

/// Longest message: as long as the servers here take.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Longest raw message of a blocking client: it must fit into the buffers between two clients, for
/// a relay that has no messages passes bytes on before the last is written.
const RAW_BLOCKING_BYTES_MAX: usize = 64 * 1024;

/// Length of a run, unless a flag says otherwise.
const DURATION: Duration = Duration::from_secs(10);

/// Send messages to and fro over WebSocket
#[derive(Debug, Args)]
pub struct WebSocketArgs {
    /// The relay, such as ws://127.0.0.1:7080/ws: what one client of a pair sends, the server passes
    /// on to the other, which answers; that is a round trip. wss encrypts; http and https are taken
    /// for ws and wss. tcp://HOST:PORT is a relay of bytes: messages without handshake and frames,
    /// for what a round trip costs without the protocol; it is to join its clients two by two in the
    /// order in which they connect
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    url: String,

    #[command(flatten)]
    how_much: HowMuch,
    #[command(flatten)]
    messages: Messages,
    #[command(flatten)]
    clients: Clients,
    #[command(flatten)]
    tls: TlsFlags,
    #[command(flatten)]
    gates: Gates,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How much")]
struct HowMuch {
    /// Pairs of clients, each with a round trip under way. One pair asks for the URL as it is
    /// written; of several, pair K asks for its path with the query pair=K, so that each has a room
    /// of its own
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true, default_value = "1")]
    pairs: NonZeroUsize,
    /// Round trips to make [default: as many as there is time for]
    #[arg(short = 'n', long, value_name = "N", value_parser = above_zero::<NonZeroU64>)]
    #[arg(allow_negative_numbers = true)]
    requests: Option<NonZeroU64>,
    /// Stop after this long, such as 10s or 2m [default: 10s, with -n never]
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    duration: Option<Duration>,
    /// Make round trips for this long before counting [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = duration, allow_negative_numbers = true)]
    warmup: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Messages")]
struct Messages {
    /// The server answers each message to its sender: --pairs are single clients then, and all ask
    /// for the URL as it is written
    #[arg(long)]
    echo: bool,
    /// Length of a message in bytes, at most 16777216. Each says whose it is and which, as far as it
    /// is long enough (24 bytes), and is compared with what was sent
    #[arg(long, value_name = "BYTES", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true, default_value = "32")]
    size: NonZeroUsize,
    /// Send text, which both sides check to be UTF-8 [default: binary]
    #[arg(long)]
    text: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Clients")]
struct Clients {
    /// How clients wait: async (readiness loops over all pairs) or blocking (a thread for each pair)
    #[arg(long, value_enum, value_name = "HOW", hide_possible_values = true)]
    #[arg(default_value = "async")]
    client: ClientName,
    /// Worker threads of async clients [default: half of the cores, at least 1]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    #[arg(allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
    /// Limit for a round trip, in seconds or with a unit
    #[arg(short = 's', long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    #[arg(allow_negative_numbers = true)]
    timeout: Duration,
    /// Limit for opening the connections of a pair, TLS and upgrade included [default: that of the
    /// round trip]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    connect_timeout: Option<Duration>,
    /// Connect to this UNIX socket, whatever host the URL names
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
}

/// How clients wait, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClientName {
    /// Readiness loops
    Async,
    /// A thread for each pair
    Blocking,
}

impl WebSocketArgs {
    /// What to do, in types, and what to show of it.
    ///
    /// # Errors
    ///
    /// One line that names the flag or the URL, and the next step.
    pub fn into_plan(self) -> Result<(Plan, OutputPlan), UsageError> {
        let (framing, url) = Framing::of_url(&self.url).map_err(UsageError::line)?;
        let shape = WebSocket {
            client: match self.clients.client {
                ClientName::Async => WebSocketClient::Async,
                ClientName::Blocking => WebSocketClient::Blocking,
            },
            framing,
            is_echo: self.messages.echo,
            is_text: self.messages.text,
            message_bytes: self.messages.size.get(),
        };
        let format = self.output.format(None, false);
        self.check(&shape, format).map_err(UsageError::line)?;
        let tls = self.tls.tls(&url, false)?;
        let target = match &self.clients.unix {
            Some(path) => Target::by_unix(url, path.clone()),
            None => Target::of(url),
        };
        let plan = Plan {
            shard: None,
            tls,
            scenario: upgrade(&target.url.path, framing),
            expect: Expect {
                statuses: StatusSet::not_an_error(),
                length: LengthRule::Any,
                body: None,
            },
            load: self.load(),
            background: Background::default(),
            stop: self.how_much.stop(),
            warmup: self.how_much.warmup.unwrap_or_default(),
            timeout: self.clients.timeout,
            connect_timeout: within(self.clients.timeout, self.clients.connect_timeout),
            engine: Engine::WebSocket(shape),
            ab_times: false,
            cores: None,
            server: self.server.process()?,
            gates: self.gates.gates(),
            target,
        };
        let output = self.output.plan(format, AbOptions::default());
        output.check_files()?;
        Ok((plan, output))
    }

    fn load(&self) -> Load {
        let pairs = self.how_much.pairs.get();
        let threads = match self.clients.client {
            ClientName::Blocking => pairs,
            ClientName::Async => {
                let threads = self.clients.threads.map(NonZeroUsize::get);
                threads.unwrap_or_else(half_of_the_cores).clamp(1, pairs)
            }
        };
        Load::closed(pairs, threads)
    }

    /// Whether these flags go together.
    fn check(&self, shape: &WebSocket, format: Format) -> Result<(), String> {
        let (pairs, bytes) = (self.how_much.pairs.get(), shape.message_bytes);
        let is_blocking = self.clients.client == ClientName::Blocking;
        let is_raw = shape.framing == Framing::Raw;
        if pairs > PAIRS_MAX {
            return Err(format!(
                "--pairs {pairs} is over {PAIRS_MAX}; choose a smaller --pairs"
            ));
        }
        if is_blocking && pairs > PAIRS_BLOCKING_MAX {
            return Err(format!(
                "--client blocking has a thread for each pair, {PAIRS_BLOCKING_MAX} at most; lower \
                 --pairs {pairs} or drop --client blocking"
            ));
        }
        if let Some(requests) = self.how_much.requests
            && requests.get() < pairs as u64
        {
            return Err(format!(
                "--pairs {pairs} is larger than -n {requests}; raise -n or lower --pairs"
            ));
        }
        if bytes > MESSAGE_BYTES_MAX {
            return Err(format!(
                "--size {bytes} is over {MESSAGE_BYTES_MAX}; choose a smaller --size"
            ));
        }
        if is_raw && is_blocking && bytes > RAW_BLOCKING_BYTES_MAX {
            return Err(format!(
                "--size {bytes} with --client blocking and tcp is over {RAW_BLOCKING_BYTES_MAX}, \
                 which buffers may not hold; choose a smaller --size or drop --client blocking"
            ));
        }
        if is_raw && shape.is_text {
            return Err("--text is of WebSocket's messages; write a ws URL or drop it".to_owned());
        }
        if is_blocking && self.clients.threads.is_some() {
            return Err("--threads is for --client async; drop one of them".to_owned());
        }
        match format {
            Format::Ab => Err("--format ab is about requests; write json or text".to_owned()),
            Format::Json | Format::Text => Ok(()),
        }
    }
}

impl HowMuch {
    fn stop(&self) -> Stop {
        let requests = self.requests.map(NonZeroU64::get);
        let by_default = requests.is_none().then_some(DURATION);
        Stop {
            requests,
            duration: self.duration.or(by_default),
        }
    }
}

/// What a connection asks for before it is a WebSocket (RFC 6455 §4.1), but for a key of its own;
/// nothing if it never is one.
fn upgrade(path: &str, framing: Framing) -> Scenario {
    let headers = match framing {
        Framing::Raw => Vec::new(),
        Framing::WebSocket => {
            let mut headers = identification();
            headers.retain(|header| !header.is("accept"));
            headers.extend([
                Header::new("Connection", "Upgrade"),
                Header::new("Upgrade", "websocket"),
                Header::new("Sec-WebSocket-Version", "13"),
            ]);
            headers
        }
    };
    Scenario {
        method: Method::GET,
        version: HttpVersion::Http11,
        keep_alive: true,
        headers,
        body: None,
        paths: Paths::one(path),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Command, parse};

    /// The plan of `loadgen websocket` with these words behind it, or what is said instead.
    fn plan(words: &str) -> Result<Plan, String> {
        let line = format!("loadgen websocket {words}");
        let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let args = match parse(&argv).map_err(|error| error.to_string())? {
            Command::WebSocket(args) => args,
            other => panic!("{other:?}"),
        };
        let (plan, _) = args.into_plan().map_err(|error| error.to_string())?;
        Ok(plan)
    }

    #[test]
    fn without_flags_one_pair_runs_for_ten_seconds() {
        let plan = plan("ws://127.0.0.1:1/ws").unwrap();
        assert_eq!(plan.stop.duration, Some(DURATION));
        assert_eq!((plan.load.connections, plan.connections()), (1, 2));
        assert_eq!(plan.engine.websocket().unwrap().message_bytes, 32);
    }

    #[test]
    fn blocking_clients_have_a_thread_for_each_pair_and_echoes_one_connection() {
        let plan = plan("--client blocking --pairs 7 --echo -n 70 wss://127.0.0.1:1/").unwrap();
        assert_eq!((plan.load.threads, plan.connections()), (7, 7));
        assert_eq!((plan.stop.requests, plan.stop.duration), (Some(70), None));
        assert!(plan.tls.is_some());
    }

    #[test]
    fn what_does_not_go_together_is_said_with_what_to_change() {
        let ws = "ws://127.0.0.1:1/";
        let tcp = "tcp://127.0.0.1:1";
        for (words, said) in [
            (format!("--pairs 10001 {ws}"), "choose a smaller --pairs"),
            (
                format!("--pairs 4001 --client blocking {ws}"),
                "lower --pairs 4001",
            ),
            (format!("--pairs 5 -n 4 {ws}"), "raise -n or lower --pairs"),
            (format!("--size 16777217 {ws}"), "choose a smaller --size"),
            (
                format!("--size 65537 --client blocking {tcp}"),
                "drop --client blocking",
            ),
            (format!("--text {tcp}"), "write a ws URL"),
            (
                format!("--threads 2 --client blocking {ws}"),
                "--threads is for",
            ),
            (format!("--format ab {ws}"), "write json or text"),
            (format!("--verify {ws}"), "or drop --verify"),
            ("ftp://127.0.0.1/".to_owned(), "write ws://HOST"),
            (format!("--pairs 0 {ws}"), "--pairs"),
            (String::new(), "URL"),
        ] {
            let error = plan(&words).unwrap_err();
            assert!(
                error.contains(said) && !error.contains('\n'),
                "{words}: {error}"
            );
        }
    }
}
