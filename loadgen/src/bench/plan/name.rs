//! Names of servers and scenarios: what people call them, and parts of files' names.

use toml::Spanned;

use super::Scenario;
use super::error::Problem;
use crate::plan::Arrival;

/// Longest name, in characters: that of a scenario, of a server and a round make a file's name.
const LONGEST: usize = 64;

/// The keys whose values a scenario's name may have in it.
const KEYS: &str = "path, method, keep_alive, tls, http2, engine, connections, pipeline, streams, \
                    rate, requests, idle, slow_readers";

/// That `name` can be a part of a file's name, which must be readable, and told apart at its dots.
pub(super) fn check_name<T>(at: &Spanned<T>, name: &str) -> Result<(), Problem> {
    check_label(name).map_err(|problem| Problem::with(at, problem))
}

/// The same for a name that is in no file.
///
/// # Errors
///
/// What is wrong with it, and what would be right.
pub fn check_label(name: &str) -> Result<(), String> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    let is_fit = name.chars().all(is_word)
        && name.starts_with(|char: char| char.is_ascii_alphanumeric())
        && name.len() <= LONGEST;
    if is_fit {
        return Ok(());
    }
    Err(format!(
        "'{}' becomes a part of file names; use at most {LONGEST} letters, digits, - and _, the \
         first a letter or digit",
        name.escape_debug()
    ))
}

/// The name that `pattern` gives to `scenario`: `kept-{connections}` is `kept-64`.
pub(super) fn fill_in(pattern: &Spanned<String>, scenario: &Scenario) -> Result<String, Problem> {
    let mut name = String::new();
    let mut rest = pattern.get_ref().as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let key_and_rest = after.split_once('}');
        let Some((value, after)) =
            key_and_rest.and_then(|(key, after)| Some((value_of(key, scenario)?, after)))
        else {
            let key = key_and_rest.map_or(after, |(key, _)| key).escape_debug();
            let problem = format!("{{{key}}} cannot be in a name; write one of {KEYS} in braces");
            return Err(Problem::with(pattern, problem));
        };
        name.push_str(before);
        name.push_str(&value);
        rest = after;
    }
    Ok(name + rest)
}

/// What a key's value is in a name.
fn value_of(key: &str, scenario: &Scenario) -> Option<String> {
    let word = |is: bool, yes: &str, no: &str| if is { yes } else { no }.to_owned();
    match key {
        "path" => Some(path_word(&scenario.path)),
        "keep_alive" => Some(word(scenario.keep_alive, "kept", "new")),
        "tls" => Some(word(scenario.tls, "tls", "plain")),
        "method" => Some(scenario.method.as_str().to_lowercase()),
        "http2" => Some(word(scenario.client.http2, "http2", "http1")),
        "engine" => Some(scenario.client.engine().label().to_owned()),
        "pipeline" => Some(scenario.pipeline.to_string()),
        "streams" => Some(scenario.in_flight_on_each().to_string()),
        "rate" => Some(rate_word(&scenario.arrival)),
        "requests" => Some(
            scenario
                .requests
                .map_or("all".to_owned(), |it| it.to_string()),
        ),
        "connections" => Some(scenario.connections.to_string()),
        "idle" => Some(scenario.background.idle.to_string()),
        "slow_readers" => Some(scenario.background.slow_readers.to_string()),
        _ => None,
    }
}

/// `500` as it is, `100..500` as `100-500`, and a closed loop as `closed`.
fn rate_word(arrival: &Arrival) -> String {
    match arrival {
        Arrival::Closed => "closed".to_owned(),
        Arrival::Open(schedule) => path_word(&schedule.rate.to_string()),
    }
}

/// `/delay/10` as `delay-10`, and `/` as `root`.
fn path_word(path: &str) -> String {
    let words = path.split(|char: char| !char.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    match words.is_empty() {
        true => "root".to_owned(),
        false => words.join("-"),
    }
}
