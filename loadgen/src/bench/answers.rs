//! What the servers answer, before anything is measured: nobody has promised that servers of
//! anybody do the same work, so it is said where they do not.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::time::Duration;

use super::plan::{BenchPlan, Scenario, ServerSpec};
use super::server::{RunningServer, Seen};
use super::{BenchError, one_run};
use crate::compare::counted;
use crate::engine::{Observer, body_of_one_answer};
use crate::outcome::Cause;
use crate::plan::{Background, Load, Plan, Stop};
use crate::record::{Context, Record};
use crate::run;

/// Requests to each server: the second shows whether connections are kept.
const REQUESTS: u64 = 2;

/// As much of a body as is looked at, in bytes.
const BODY_MAX: u64 = 64 << 20;

/// What a server answers in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    label: String,
    bytes: u64,
    /// Tells bodies apart; none if the body was not had again.
    body: Option<u64>,
    is_kept: bool,
}

struct NoObserver;

impl Observer for NoObserver {}

/// Asks every server for what each scenario will ask it, unless all are of this project and held
/// to its contract. What a reader of the results has to know: how the answers differ, and whose
/// cost cannot be measured.
///
/// # Errors
///
/// A server cannot be started, or its answer is a failure by what is expected.
pub(super) fn look(
    plan: &BenchPlan,
    context: &Context,
    mut progress: impl FnMut(&str),
) -> Result<Vec<String>, BenchError> {
    let mut notes = Vec::new();
    if plan.servers.iter().all(|server| server.ours().is_some()) {
        return Ok(notes);
    }
    for scenario in &plan.scenarios {
        let mut answers = Vec::with_capacity(scenario.servers.len());
        for spec in scenario.servers.iter().map(|&place| &plan.servers[place]) {
            progress(&format!("answers: {}, {}", scenario.name, spec.label));
            let mut server = one_run::start(plan, scenario, spec, context)?;
            let answer = ask(plan, scenario, spec, &server, context);
            // How it ended says more than that it did not answer.
            server.check_alive()?;
            answers.push(answer?);
            add_once(&mut notes, cost_note(spec, &server));
        }
        notes.extend(differences(scenario, &answers));
    }
    Ok(notes)
}

fn add_once(notes: &mut Vec<String>, note: Option<String>) {
    notes.extend(note.filter(|note| !notes.contains(note)));
}

/// Why the cost of a server is not in the results, if it is not; and of whom it is, if that was
/// found out.
fn cost_note(spec: &ServerSpec, server: &RunningServer) -> Option<String> {
    let label = &spec.label;
    match server {
        RunningServer::Ours(_) => None,
        RunningServer::Command(command) => command.pid().is_none().then(|| {
            format!(
                "what {label} costs is not known: what listens on its port is no process that it \
                 started"
            )
        }),
        RunningServer::Url(url) => Some(match url.process() {
            Seen::Process(pid) => format!(
                "{label} was running already, on whichever cores; what it costs is that of process \
                 {pid}{} and all that came from it",
                program_of(pid)
            ),
            Seen::Hidden => format!(
                "what {label} costs is not known: the process that listens there cannot be seen \
                 (run as its user, or as root), or several do that have no parent among them"
            ),
            Seen::Elsewhere => {
                format!("what {label} costs is not known: it is not on this machine")
            }
        }),
    }
}

/// The name of a process' program, in parentheses.
fn program_of(pid: u32) -> String {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
    name.map_or(String::new(), |name| {
        format!(" ({})", name.trim().escape_debug())
    })
}

fn ask(
    plan: &BenchPlan,
    scenario: &Scenario,
    spec: &ServerSpec,
    server: &RunningServer,
    context: &Context,
) -> Result<Answer, BenchError> {
    let asked = Plan {
        load: Load::closed(1, 1),
        background: Background::default(),
        stop: Stop {
            requests: Some(REQUESTS),
            duration: None,
        },
        warmup: Duration::ZERO,
        server: None,
        gates: Vec::new(),
        ..one_run::run_plan(plan, scenario, spec, server)?
    };
    let (record, _) = run::run(&asked, context, &mut NoObserver)?;
    if record.requests.failed > 0 {
        let failure = failure(&record);
        if let Some(cause) = Cause::ALL
            .iter()
            .find(|&&cause| is_nobody_there(&record, cause))
        {
            return Err(BenchError::NobodyThere {
                label: spec.label.clone(),
                url: record.target.url.clone(),
                cause: cause.label().replace('_', " "),
            });
        }
        let request = format!("{} {}", record.plan.method, asked.scenario.paths.list()[0]);
        return Err(BenchError::Answer {
            label: spec.label.clone(),
            failure,
            request,
        });
    }
    Ok(Answer {
        label: spec.label.clone(),
        bytes: record.target.document_bytes.unwrap_or_default(),
        body: body(&asked).ok(),
        is_kept: record.connections.opened < REQUESTS,
    })
}

/// Whether this is why no connection was made.
fn is_nobody_there(record: &Record, cause: Cause) -> bool {
    let is_about_it = matches!(
        cause,
        Cause::Dns
            | Cause::ConnectRefused
            | Cause::ConnectTimeout
            | Cause::ConnectUnreachable
            | Cause::ConnectReset
    );
    is_about_it && record.failures[cause] > 0
}

/// What came instead of a good answer: `answers 404`.
fn failure(record: &Record) -> String {
    let cause = Cause::ALL.iter().find(|&&cause| record.failures[cause] > 0);
    let statuses: Vec<String> = record.statuses.keys().map(ToString::to_string).collect();
    match cause {
        Some(Cause::UnexpectedStatus) => format!("answers {}", statuses.join(" and ")),
        Some(Cause::TlsHandshake) => format!(
            "does not answer: {}",
            record.target.tls_error.as_deref().unwrap_or("TLS failed")
        ),
        Some(cause) => format!(
            "does not answer as it should: {}",
            cause.label().replace('_', " ")
        ),
        None => "does not answer".to_owned(),
    }
}

/// A number for the body, the same for equal ones.
fn body(plan: &Plan) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    body_of_one_answer(plan, BODY_MAX)?.hash(&mut hasher);
    Ok(hasher.finish())
}

/// In what the answers differ from each other, a line for each respect.
fn differences(scenario: &Scenario, answers: &[Answer]) -> Vec<String> {
    let Some((first, others)) = answers.split_first() else {
        return Vec::new();
    };
    let name = &scenario.name;
    let mut lines = Vec::new();
    if others.iter().any(|it| it.bytes != first.bytes) {
        let each = answers.iter();
        let each = each.map(|it| format!("{} {}", it.label, counted(it.bytes, "byte")));
        let each: Vec<String> = each.collect();
        lines.push(format!(
            "{name}: the answers differ in length, so the servers do not do the same work: {}",
            each.join(", ")
        ));
    } else if answers
        .iter()
        .filter_map(|it| it.body)
        .collect::<BTreeSet<_>>()
        .len()
        > 1
    {
        lines.push(format!(
            "{name}: the answers are equally long and differ in their bodies"
        ));
    }
    let closes: Vec<&str> = answers
        .iter()
        .filter(|it| !it.is_kept)
        .map(|it| it.label.as_str())
        .collect();
    if scenario.keep_alive && !closes.is_empty() && closes.len() < answers.len() {
        lines.push(format!(
            "{name}: connections are to be kept, and {} {} each after its answer",
            closes.join(", "),
            if closes.len() == 1 { "closes" } else { "close" }
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(label: &str, bytes: u64, body: u64, is_kept: bool) -> Answer {
        Answer {
            label: label.to_owned(),
            bytes,
            body: Some(body),
            is_kept,
        }
    }

    fn said(answers: &[Answer]) -> String {
        let scenario = Scenario {
            name: "kept".to_owned(),
            keep_alive: true,
            ..Scenario::default()
        };
        differences(&scenario, answers).join("\n")
    }

    #[test]
    fn equal_answers_are_passed_over_in_silence() {
        assert_eq!(
            said(&[answer("a", 5, 1, true), answer("b", 5, 1, true)]),
            ""
        );
        assert_eq!(
            said(&[answer("a", 5, 1, false), answer("b", 5, 1, false)]),
            ""
        );
        assert_eq!(said(&[]), "");
        let unknown = Answer {
            body: None,
            ..answer("b", 5, 1, true)
        };
        assert_eq!(said(&[answer("a", 5, 1, true), unknown]), "");
    }

    #[test]
    fn what_differs_is_said_with_the_figures() {
        let text = said(&[answer("a", 138, 1, true), answer("b", 612, 2, false)]);
        assert!(text.contains("a 138 bytes, b 612 bytes"), "{text}");
        assert!(text.contains("b closes each after its answer"), "{text}");
        let text = said(&[answer("a", 1, 1, true), answer("b", 1, 2, true)]);
        assert!(
            text.contains("equally long and differ in their bodies"),
            "{text}"
        );
    }
}
