//! One run: `loadgen [flags] URL`, or `loadgen websocket [flags] URL`.

mod collector;
mod files;
mod find_max;
mod gates;

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal};

use files::Files;

use super::{conclude, interrupt_flag, mask, refuse};
use crate::cli::{Applied, OutputPlan, RunArgs, Together, WebSocketArgs};
use crate::engine::{Observer, Summary, own_requests};
use crate::exit::Exit;
use crate::outcome::Cause;
use crate::output::{self, AbProgress, Format, LiveView, NoProgress, ShowProgress};
use crate::plan::{Gate, Plan, Stop};
use crate::record::{Context, Reason, Record};
use crate::run;
use crate::system::limits::raise_open_files_limit;
use crate::system::local_ports::{LocalPorts, NewConnections};

/// Makes the load, prints the result.
#[must_use]
pub fn run(args: RunArgs, argv: &[OsString], variables: &Applied) -> Exit {
    let argv = mask(argv, &args.secrets());
    let plans = args.slo().and_then(|slo| Ok((slo, args.into_run()?)));
    let (slo, (plan, output, together)) = match plans {
        Ok(plans) => plans,
        Err(error) => return refuse(&error, variables),
    };
    let ended = match slo {
        None => measure(&plan, &output, together, argv),
        Some(slo) => find_max::find_max(&plan, &slo, &output, argv),
    };
    conclude(ended, variables)
}

/// Sends messages to and fro, prints the result.
#[must_use]
pub fn websocket(args: WebSocketArgs, argv: &[OsString], variables: &Applied) -> Exit {
    match args.into_plan() {
        Ok((plan, output)) => {
            let alone = Together::default();
            let ended = measure(&plan, &output, alone, mask(argv, &[]));
            conclude(ended, variables)
        }
        Err(error) => refuse(&error, variables),
    }
}

fn measure(
    plan: &Plan,
    output: &OutputPlan,
    together: Together,
    argv: Vec<String>,
) -> Result<Exit, String> {
    let (mut files, samples) = Files::open(output, plan)?;
    let context = Context {
        samples,
        membership: together.membership,
        start_at: together.start_at,
        ..prepare(argv)?
    };
    warn_of_local_ports(plan);
    let ran = run_with_progress(plan, output, &context);
    // With it the last of those who send samples goes.
    drop(context);
    let collected = files.collected();
    let (record, summary) = match ran {
        Ok(ran) => ran,
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            output::complain("interrupted before the start, so nothing was measured");
            return Ok(Exit::Interrupted);
        }
        Err(error) => return Err(cannot_start(&error)),
    };
    if output.verbosity > 0 && output.format != Format::Ab {
        output::talk(&output::traffic(output.verbosity, plan, &summary));
    }
    let written = files.write(collected, &record, &summary);
    let text = output::render(output.format, &record, &summary, &output.ab);
    output::print(&text).map_err(|error| cannot_print(&error))?;
    written?;
    if plan.server.is_some() && record.server.is_none() {
        output::complain("the server's process ended during the run, so what it paid is not known");
    }
    tell(output, &record);
    Ok(judge(output.format, &plan.gates, &record))
}

/// What the load needs before it begins.
fn prepare(argv: Vec<String>) -> Result<Context, String> {
    let interrupted = interrupt_flag()?;
    raise_open_files_limit();
    Ok(Context {
        argv,
        interrupted,
        ..Context::default()
    })
}

fn cannot_start(error: &io::Error) -> String {
    let next_step = match error.kind() {
        ErrorKind::Unsupported => "drop --driver",
        _ => "see the limits (ulimit -a)",
    };
    format!("cannot start the load: {error}; {next_step}")
}

fn cannot_print(error: &io::Error) -> String {
    format!("cannot write to stdout: {error}; use -o FILE to keep a result")
}

fn run_with_progress(
    plan: &Plan,
    output: &OutputPlan,
    context: &Context,
) -> io::Result<(Record, Summary)> {
    let is_shown_by_default = output.progress == ShowProgress::Auto && !output.quiet;
    if output.format == Format::Ab && is_shown_by_default {
        let mut progress = AbProgress::new(plan.stop.requests);
        let (record, summary) = run::run(plan, context, &mut progress)?;
        progress.finish(record.requests.ended());
        return Ok((record, summary));
    }
    run::run(plan, context, live_view(plan, output).as_mut())
}

/// Who shows how a run is going, if anybody does.
fn live_view(plan: &Plan, output: &OutputPlan) -> Box<dyn Observer> {
    match output.progress.is_shown(output.quiet) {
        true => {
            let stop = Stop {
                requests: own_requests(plan),
                ..plan.stop
            };
            Box::new(LiveView::new(stop, plan.warmup))
        }
        false => Box::new(NoProgress),
    }
}

/// Says before the run that local ports may not last for its connections.
fn warn_of_local_ports(plan: &Plan) {
    let address_pairs = plan.target.route.address_pairs();
    if address_pairs == 0 || plan.scenario.keep_alive {
        return;
    }
    let shards = plan.shard.map_or(1.0, |shard| shard.of as f64);
    let new = NewConnections {
        count: own_requests(plan),
        rate_per_second: plan
            .load
            .schedule()
            .map(|schedule| schedule.rate.peak_per_second() / shards),
        address_pairs: address_pairs as u64,
        on_loopback: plan.target.is_local(),
    };
    let runs_out = LocalPorts::read().is_some_and(|ports| ports.will_run_out(&new));
    if runs_out {
        output::complain(
            "if the server leaves closing to its clients, the local ports will run out \
             (ip_local_port_range); lower -n, use -k, or spread them with --source-addr",
        );
    }
}

/// Says on stderr what a person should know who does not read the JSON.
fn tell(output: &OutputPlan, record: &Record) {
    let is_read_by_a_person = io::stderr().is_terminal();
    if output.format == Format::Json && is_read_by_a_person && !output.quiet {
        output::talk(&output::summary(record));
    }
}

/// What is said if not one request succeeded: which cause most of them had.
fn no_success(record: &Record) -> String {
    let url = &record.target.url;
    let most = record.failures.iter().max_by_key(|(_, count)| *count);
    match most {
        Some((cause, count)) if count > 0 => {
            let next_step = match cause {
                Cause::Dns => "check the name, or give an IP address",
                Cause::TlsHandshake => "check that the server speaks TLS, and see curl -v",
                cause if record.plan.websocket.is_some() => websocket_next_step(cause),
                cause if cause.is_before_the_request() => "check that the server runs there",
                _ => "see what curl -v says of it",
            };
            let (label, description) = (cause.label(), cause.description());
            let details = match cause {
                Cause::Dns => &record.target.dns_error,
                Cause::ConnectRefused => &record.target.proxy_error,
                Cause::TlsHandshake => &record.target.tls_error,
                Cause::NotWebSocket
                | Cause::MalformedResponse
                | Cause::WebSocketClosed
                | Cause::NotUtf8
                | Cause::WebSocketProtocol
                | Cause::MessageTooLarge => &record.target.websocket_error,
                // The other causes say all that is known.
                _ => &None,
            };
            let details = details.as_ref().map(|error| format!(" ({error})"));
            let details = details.unwrap_or_default();
            format!(
                "no {} {url} succeeded: {count} {label}. {description}{details} Next, {next_step}",
                match record.plan.websocket {
                    None => "request to",
                    Some(_) => "round trip by way of",
                }
            )
        }
        _ if record.requests.issued == 0 => {
            let reason = Reason::NothingBegun;
            format!("{url}: {}; {}", reason.message(), reason.advice())
        }
        _ => format!("no answer from {url} had come when the run ended; run longer"),
    }
}

/// What to do if every round trip failed for `cause`.
fn websocket_next_step(cause: Cause) -> &'static str {
    match cause {
        Cause::NotWebSocket | Cause::MalformedResponse => {
            "check the path, and that the server speaks WebSocket there"
        }
        Cause::NotRelayed => {
            "check that the server passes messages on to the other clients of a room, or add --echo \
             for one that answers their sender"
        }
        Cause::WrongMessage => {
            "check that this is a relay and nobody else is in the room, or add --echo for a server \
             that answers the sender"
        }
        cause if cause.is_before_the_request() => "check that the server runs there",
        _ => "see what the server logs",
    }
}

/// Whether anything was there to be measured. To ab, and so to those who run it, any answer is.
fn has_success(format: Format, record: &Record) -> bool {
    match format {
        Format::Ab => !record.statuses.is_empty(),
        Format::Json | Format::Text => record.requests.succeeded > 0,
    }
}

/// How a run ends: whether anything succeeded, and what its gates come to.
pub(super) fn judge(format: Format, gates: &[Gate], record: &Record) -> Exit {
    if record.interrupted {
        if !gates.is_empty() {
            output::complain("the run was interrupted, so its gates were not judged");
        }
        Exit::Interrupted
    } else if !has_success(format, record) {
        output::complain(&no_success(record));
        Exit::Failed
    } else {
        gates::conclude(gates, record)
    }
}
