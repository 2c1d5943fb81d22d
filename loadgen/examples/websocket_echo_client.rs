//! A client that answers every message until the server closes, on the connections that `loadgen
//! websocket` makes its load with: `websocket_echo_client ws://127.0.0.1:9001/`. With `--cases URL`
//! it goes through all cases of a fuzzing server in the manner of Autobahn's.

use std::ffi::OsString;
use std::process::ExitCode;

use loadgen::cli::{self, Command};
use loadgen::engine::websocket::{Client, Failed};
use loadgen::outcome::Cause;
use loadgen::plan::Plan;

/// Longest message of the cases: 16 MiB.
const MESSAGE_BYTES_MAX: &str = "16777216";

/// What the fuzzing server calls this client in its report.
const AGENT: &str = "loadgen";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match words[..] {
        ["--cases", url] => plan(url).and_then(|plan| all_cases(&plan)),
        [url] if !url.starts_with('-') => plan(url).and_then(|plan| {
            let path = plan.target.url.path.clone();
            converse(&plan, &path).map(|end| eprintln!("{}", in_words(&end)))
        }),
        _ => Err("a URL is needed; write websocket_echo_client [--cases] ws://HOST:PORT/".into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("websocket_echo_client: {line}");
            ExitCode::FAILURE
        }
    }
}

/// How connections to `url` are made.
fn plan(url: &str) -> Result<Plan, String> {
    let argv = ["loadgen", "websocket", "--size", MESSAGE_BYTES_MAX, url].map(OsString::from);
    match cli::parse(&argv) {
        Ok(Command::WebSocket(args)) => args.into_plan().map(|(plan, _)| plan),
        Ok(_) => return Err(format!("'{url}' is not a URL")),
        Err(error) => Err(error),
    }
    .map_err(|error| error.to_string())
}

fn all_cases(plan: &Plan) -> Result<(), String> {
    let mut client = connect(plan, "/getCaseCount")?;
    let count = client.receive().map_err(|failed| in_words(&failed))?;
    let count = String::from_utf8_lossy(&count.bytes);
    let count: u32 = count
        .trim()
        .parse()
        .map_err(|_| format!("'{count}' is no number of cases; is this a fuzzing server?"))?;
    // It closes by itself.
    let _ = client.receive();
    client.until_ended();
    for case in 1..=count {
        converse(plan, &format!("/runCase?case={case}&agent={AGENT}"))?;
    }
    converse(plan, &format!("/updateReports?agent={AGENT}"))?;
    println!("{count} cases");
    Ok(())
}

/// Answers every message until the end, which is what comes back.
fn converse(plan: &Plan, path: &str) -> Result<Failed, String> {
    let mut client = connect(plan, path)?;
    let end = loop {
        let answered = client
            .receive()
            .and_then(|message| client.send(message.kind, &message.bytes));
        if let Err(end) = answered {
            break end;
        }
    };
    client.until_ended();
    Ok(end)
}

fn connect(plan: &Plan, path: &str) -> Result<Client, String> {
    Client::connect(plan, path).map_err(|failed| format!("{path}: {}", in_words(&failed)))
}

fn in_words(failed: &Failed) -> String {
    let text = match failed.cause {
        Cause::WebSocketClosed => "closed",
        cause => cause.description(),
    };
    match &failed.reason {
        None => text.to_owned(),
        Some(reason) => format!("{text} ({reason})"),
    }
}
