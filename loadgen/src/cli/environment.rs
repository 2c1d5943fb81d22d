//! `LOADGEN_*`: what a variable says where no flag does.
//!
//! A variable is a flag that was typed before all others, unless one that was typed says the same,
//! rules it out or leaves it no place. So there is one grammar, and a variable can say no more than its flag.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, Id};

use super::{BenchArgs, RunArgs};
use crate::shard::scheduler;

/// What the names of all variables begin with.
const PREFIX: &str = "LOADGEN_";

/// What is no flag's: what the build tells the compiler, and cargo therefore the programs that it
/// starts, and what `--shard auto` asks for.
const OF_OTHERS: [&str; 2] = ["LOADGEN_GIT_COMMIT", scheduler::SHARDS];

/// Flags whose values are not to be repeated, whatever is wrong with them.
const SECRETS: [&str; 5] = [
    "cookies",
    "credentials",
    "headers",
    "proxy",
    "proxy_credentials",
];

/// How much of a name, without that of its command, must be as in another for it to be a slip of the
/// finger.
const ALIKE_MIN: f64 = 0.75;

/// What others say for it, and what the flag is called here.
const SYNONYM: (&str, &str) = ("CONNECTIONS", "CONCURRENCY");

/// The variables that are set, and not to nothing.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(String, OsString)>);

/// The variables that a command line was read with.
#[derive(Clone, Debug, Default)]
pub struct Applied(Vec<Spoken>);

/// A variable in the place of a flag.
#[derive(Clone, Debug)]
struct Spoken {
    variable: String,
    /// The flag as messages call it: `--rate <N>`, `--rate`, `-n`.
    flag: Vec<String>,
    /// What is not to be repeated.
    secret: Option<String>,
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::of(env::vars_os())
    }

    fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let ours = variables.into_iter().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let is_ours = name.starts_with(PREFIX) && !OF_OTHERS.contains(&name.as_str());
            (is_ours && !value.is_empty()).then_some((name, value))
        });
        let mut ours: Vec<_> = ours.collect();
        ours.sort();
        Self(ours)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, variable: &str) -> Option<&OsStr> {
        let mut all = self.0.iter();
        all.find_map(|(name, value)| (name == variable).then_some(value.as_os_str()))
    }

    /// A line about each variable that nothing reads: most likely a slip of the finger.
    pub(super) fn strangers(&self, command: &Command) -> Vec<String> {
        let known: Vec<Known> = all_variables(command).collect();
        let is_known = |name: &String| known.iter().any(|it| it.variable == *name);
        let unknown = self.0.iter().filter(|(name, _)| !is_known(name));
        unknown.map(|(name, _)| about(name, &known)).collect()
    }

    /// `argv` with the words that variables add to it, and which did.
    ///
    /// # Errors
    ///
    /// A variable of a flag without a value that says neither yes nor no.
    pub(super) fn apply(
        &self,
        command: &Command,
        argv: &[OsString],
    ) -> Result<(Vec<OsString>, Applied), String> {
        let mut words = argv.to_vec();
        let mut applied = Applied::default();
        if self.is_empty() {
            return Ok((words, applied));
        }
        // What is wrong with the flags is told when they are read together with the variables.
        let typed = command.clone().ignore_errors(true);
        let Ok(typed) = typed.try_get_matches_from(argv) else {
            return Ok((words, applied));
        };
        let (command, typed, place) = match typed.subcommand() {
            Some((name, matches)) => (command.find_subcommand(name).unwrap_or(command), matches, 2),
            None => (command, &typed, 1),
        };
        let scope = (place == 2).then(|| command.get_name());
        let out_of_place = out_of_place(scope, typed, self);
        let mut said = Vec::new();
        for flag in command.get_arguments() {
            let Some(variable) = variable(scope, flag) else {
                continue;
            };
            let Some(value) = self.get(&variable) else {
                continue;
            };
            if out_of_place.contains(flag.get_id()) || is_overruled(command, flag, typed) {
                continue;
            }
            let spoken = words_of(flag, value).map_err(|why| format!("{variable}: {why}"))?;
            if !spoken.is_empty() {
                applied.0.push(Spoken::of(variable, flag, value));
                said.extend(spoken);
            }
        }
        let place = place.min(words.len());
        words.splice(place..place, said);
        Ok((words, applied))
    }
}

/// Keeps the variables from a loadgen that this one starts, and tells everything.
pub(crate) fn hide_variables(command: &mut process::Command) {
    let names = env::vars_os().map(|(name, _)| name);
    let ours = names.filter(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    for name in ours {
        command.env_remove(name);
    }
}

/// The variable of a flag of `command`, or of a run if that is none; `None` for what is no flag,
/// and for those that print something instead.
pub(crate) fn variable(command: Option<&str>, flag: &Arg) -> Option<String> {
    let id = flag.get_id().as_str();
    if flag.is_positional() || flag.is_hide_set() || ["help", "version"].contains(&id) {
        return None;
    }
    let name = flag.get_long().unwrap_or(id);
    let name = command.into_iter().chain([name]).collect::<Vec<_>>();
    Some(format!(
        "{PREFIX}{}",
        name.join("_").replace('-', "_").to_uppercase()
    ))
}

/// A variable of a flag, and how much of its name is that of the command.
struct Known {
    variable: String,
    scope: usize,
}

/// The variables of all commands.
fn all_variables(command: &Command) -> impl Iterator<Item = Known> {
    let of_runs = command.get_arguments().map(|flag| (None, flag));
    let of_commands = command.get_subcommands().flat_map(|command| {
        let flags = command.get_arguments();
        flags.map(|flag| (Some(command.get_name()), flag))
    });
    let all = of_runs.chain(of_commands);
    all.filter_map(|(command, flag)| {
        Some(Known {
            variable: variable(command, flag)?,
            scope: PREFIX.len() + command.map_or(0, |name| name.len() + 1),
        })
    })
}

fn about(name: &str, known: &[Known]) -> String {
    match nearest(name, known) {
        Some(nearest) => {
            format!("{name} is no variable of loadgen, {nearest} is; unset or rename it")
        }
        None => {
            format!("{name} is no variable of loadgen; unset it (man loadgen lists those that are)")
        }
    }
}

/// The variable that was meant: of the same command, whose name would make all of its alike.
fn nearest<'a>(name: &str, known: &'a [Known]) -> Option<&'a str> {
    let synonym = name.replace(SYNONYM.0, SYNONYM.1);
    let likeness = |known: &Known| {
        let (scope, own) = known.variable.split_at(known.scope);
        let name = synonym.strip_prefix(scope)?;
        Some(strsim::normalized_damerau_levenshtein(name, own))
    };
    let alike = known.iter().filter_map(|it| Some((likeness(it)?, it)));
    alike
        .filter(|(likeness, _)| *likeness >= ALIKE_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known.variable.as_str())
}

/// Flags that nobody typed and that have no place beside those that were, by what commands say
/// themselves in better words than the grammar has.
fn out_of_place(scope: Option<&str>, typed: &ArgMatches, set: &Environment) -> Vec<Id> {
    match scope {
        None => RunArgs::out_of_place_beside(typed),
        Some("bench") => BenchArgs::out_of_place_beside(typed, set.get("LOADGEN_BENCH_SERVER")),
        Some(_) => Vec::new(),
    }
}

/// Whether `flag` was typed.
pub(super) fn is_typed(typed: &ArgMatches, flag: &str) -> bool {
    typed.value_source(flag) == Some(ValueSource::CommandLine)
}

/// Whether a flag that was typed says the same as `flag`, or rules it out.
fn is_overruled(command: &Command, flag: &Arg, typed: &ArgMatches) -> bool {
    let rules_out = |one: &Arg, other: &Arg| {
        let ruled_out = command.get_arg_conflicts_with(one);
        ruled_out.iter().any(|flag| flag.get_id() == other.get_id())
    };
    let mut others = command
        .get_arguments()
        .filter(|it| is_typed(typed, it.get_id().as_str()));
    others.any(|other| {
        other.get_id() == flag.get_id() || rules_out(flag, other) || rules_out(other, flag)
    })
}

/// What would have to be typed to say `value`.
fn words_of(flag: &Arg, value: &OsStr) -> Result<Vec<OsString>, String> {
    let name = match (flag.get_long(), flag.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, short) => format!("-{}", short.unwrap_or_default()),
    };
    let with = |value: &OsStr| {
        let mut word = OsString::from(format!("{name}="));
        word.push(value);
        word
    };
    match (flag.get_action(), value.to_str()) {
        (ArgAction::SetTrue, value) => match yes_or_no(value.unwrap_or_default()) {
            Some(true) => Ok(vec![name.into()]),
            Some(false) => Ok(Vec::new()),
            None => Err(format!("write 1 for {name}, or 0")),
        },
        (ArgAction::Append, Some(lines)) => {
            let lines = lines.lines().filter(|line| !line.is_empty());
            Ok(lines.map(|line| with(line.as_ref())).collect())
        }
        _ => Ok(vec![with(value)]),
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl Spoken {
    fn of(variable: String, flag: &Arg, value: &OsStr) -> Self {
        let names = [
            flag.get_long().map(|long| format!("--{long}")),
            flag.get_short().map(|short| format!("-{short}")),
        ];
        let names = names.into_iter().flatten();
        let with_value = |name: String| {
            let value_name = flag.get_value_names().and_then(|names| names.first());
            let with_value = value_name.map(|value| format!("{name} <{value}>"));
            with_value.into_iter().chain([name])
        };
        let is_secret = SECRETS.contains(&flag.get_id().as_str());
        Self {
            variable,
            flag: names.flat_map(with_value).collect(),
            secret: is_secret.then(|| value.to_string_lossy().into_owned()),
        }
    }
}

impl Applied {
    /// What to add to a line that says that a flag is missing: who wants it may not have been typed.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self
            .0
            .iter()
            .map(|spoken| spoken.variable.as_str())
            .collect();
        match names.is_empty() {
            true => String::new(),
            false => format!("; set are {}", names.join(", ")),
        }
    }

    /// `line`, which is about flags, with the variables named that stand in their places.
    #[must_use]
    pub fn name_in(&self, mut line: String) -> String {
        for spoken in &self.0 {
            for flag in &spoken.flag {
                line = replace_word(&line, flag, &spoken.variable);
            }
            for secret in spoken.secret.iter().flat_map(|lines| lines.lines()) {
                line = line.replace(secret, "***");
            }
        }
        line
    }
}

/// `line` with `word` replaced where it is one: neither behind nor before a letter of another.
fn replace_word(line: &str, word: &str, by: &str) -> String {
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    let mut replaced = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(word) {
        let (before, behind) = (&rest[..at], &rest[at + word.len()..]);
        let is_word = !before.ends_with(is_of_word) && !behind.starts_with(is_of_word);
        replaced.push_str(before);
        replaced.push_str(if is_word { by } else { word });
        rest = behind;
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::cli::{self, UsageError, parse_in};

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Environment::of(variables)
    }

    /// What would have to be typed in place of the variables.
    fn typed(variables: &[(&str, &str)], words: &str) -> Result<String, String> {
        let argv: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        let (words, _) = environment(variables).apply(&cli::command(), &argv)?;
        let words: Vec<String> = words
            .iter()
            .map(|word| word.to_string_lossy().into())
            .collect();
        Ok(words.join(" "))
    }

    fn error(variables: &[(&str, &str)], words: &str) -> String {
        let argv: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        match parse_in(&environment(variables), &argv) {
            Err(UsageError::Line(line)) => line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_variable_is_a_flag_before_all_others() {
        for (variables, words, expected) in [
            (
                &[("LOADGEN_RATE", "5")][..],
                "loadgen -k /",
                "loadgen --rate=5 -k /",
            ),
            (&[("LOADGEN_KEEP_ALIVE", "1")], "loadgen /", "loadgen -k /"),
            (&[("LOADGEN_KEEP_ALIVE", "off")], "loadgen /", "loadgen /"),
            (
                &[("LOADGEN_CREDENTIALS", "-a:=b")],
                "loadgen /",
                "loadgen -A=-a:=b /",
            ),
            (
                &[("LOADGEN_HEADER", "A: 1\n\nB: 2\n")],
                "loadgen /",
                "loadgen --header=A: 1 --header=B: 2 /",
            ),
            (
                &[("LOADGEN_BENCH_ROUNDS", "7"), ("LOADGEN_RATE", "5")],
                "loadgen bench --quick",
                "loadgen bench --rounds=7 --quick",
            ),
            (&[("LOADGEN_RATE", "")], "loadgen /", "loadgen /"),
            (&[("LOADGEN_RATE", "5")], "loadgen", "loadgen --rate=5"),
        ] {
            assert_eq!(typed(variables, words).unwrap(), expected);
        }
    }

    #[test]
    fn a_flag_that_says_the_same_or_rules_it_out_goes_before() {
        for (variable, value, words) in [
            ("LOADGEN_REQUESTS", "5", "loadgen -n 7 /"),
            ("LOADGEN_REQUESTS", "5", "loadgen --duration 1s /"),
            ("LOADGEN_DURATION", "5s", "loadgen -n 7 /"),
            ("LOADGEN_DURATION", "5s", "loadgen / -t 1"),
            ("LOADGEN_PROXY", "a", "loadgen --unix /x /"),
            ("LOADGEN_UNIX", "/x", "loadgen --source-addr 127.0.0.1 /"),
            ("LOADGEN_HEADER", "A: 1", "loadgen -H B:2 /"),
            ("LOADGEN_KEEP_ALIVE", "maybe", "loadgen -k /"),
            (
                "LOADGEN_COMPARE_MARKDOWN",
                "1",
                "loadgen compare --json a b",
            ),
        ] {
            assert_eq!(typed(&[(variable, value)], words).unwrap(), words);
        }
    }

    #[test]
    fn what_has_no_place_beside_what_was_typed_says_nothing() {
        let (bench, two) = ("loadgen bench", "loadgen bench http://a/ http://b/");
        let command = "loadgen bench --server a=./a";
        let search = "loadgen --find-max --slo p99=5ms /";
        for (variable, value, words) in [
            ("LOADGEN_BENCH_CONCURRENCY", "8", bench),
            ("LOADGEN_BENCH_CONCURRENCY", "8", "loadgen bench --plan x"),
            (
                "LOADGEN_BENCH_HEADER",
                "A: 1",
                "loadgen bench --server sync",
            ),
            ("LOADGEN_BENCH_NAME", "a", "loadgen bench --plan x"),
            ("LOADGEN_BENCH_NAME", "a", command),
            ("LOADGEN_BENCH_READY", "up", bench),
            ("LOADGEN_BENCH_READY_TIMEOUT", "1s", two),
            ("LOADGEN_BENCH_PLAN", "models", two),
            ("LOADGEN_BENCH_PLAN", "models", command),
            ("LOADGEN_BENCH_SERVER", "sync", two),
            ("LOADGEN_BENCH_SERVER", "a=./a", "loadgen bench --plan x"),
            ("LOADGEN_REQUESTS", "100", search),
            ("LOADGEN_MAX_P99", "5ms", search),
            ("LOADGEN_SAMPLES", "x", search),
            ("LOADGEN_FIND_MAX", "1", "loadgen -n 5 /"),
            ("LOADGEN_SLO", "p99=5ms", "loadgen --max-p99 1s /"),
        ] {
            assert_eq!(typed(&[(variable, value)], words).unwrap(), words);
        }
        for (variables, words, expected) in [
            (
                &[("LOADGEN_BENCH_CONCURRENCY", "8")][..],
                "loadgen bench http://a/",
                "loadgen bench --concurrency=8 http://a/",
            ),
            (
                &[
                    ("LOADGEN_BENCH_CONCURRENCY", "8"),
                    ("LOADGEN_BENCH_SERVER", "a=./a"),
                ],
                bench,
                "loadgen bench --server=a=./a --concurrency=8",
            ),
            (
                &[("LOADGEN_BENCH_SERVER", "sync")],
                "loadgen bench --plan x",
                "loadgen bench --server=sync --plan x",
            ),
        ] {
            assert_eq!(typed(variables, words).unwrap(), expected);
        }
    }

    #[test]
    fn an_error_names_the_variable_and_no_secret() {
        for (variable, value, words, expected) in [
            (
                "LOADGEN_RATE",
                "x",
                "loadgen /",
                "invalid value 'x' for 'LOADGEN_RATE': give",
            ),
            (
                "LOADGEN_SPIN",
                "x",
                "loadgen /",
                "LOADGEN_SPIN: write 1 for --spin, or 0",
            ),
            (
                "LOADGEN_CREDENTIALS",
                "pass",
                "loadgen /",
                "'***' for 'LOADGEN_CREDENTIALS'",
            ),
            (
                "LOADGEN_STREAMS",
                "2",
                "loadgen /",
                "--http2; set are LOADGEN_STREAMS; see",
            ),
            (
                "LOADGEN_BENCH_ROUNDS",
                "1",
                "loadgen bench",
                "'1' for 'LOADGEN_BENCH_ROUNDS': give",
            ),
        ] {
            let line = error(&[(variable, value)], words);
            assert!(line.contains(expected), "{line}");
        }
    }

    #[test]
    fn what_only_the_plan_finds_wrong_names_the_variable_too() {
        let argv = ["loadgen", "-c", "10", "http://127.0.0.1:1/"].map(OsString::from);
        let set = environment(&[("LOADGEN_REQUESTS", "3")]);
        let Ok((cli::Command::Run(args), variables)) = parse_in(&set, &argv) else {
            panic!("a run");
        };
        let line = args.into_plan().unwrap_err().to_string();
        let line = variables.name_in(line);
        let expected =
            "-c 10 is larger than LOADGEN_REQUESTS 3; raise LOADGEN_REQUESTS or lower -c";
        assert_eq!(line, expected);
    }

    #[test]
    fn a_program_called_ab_has_flags_only() {
        let argv = ["/usr/bin/ab", "http://127.0.0.1:1/"].map(OsString::from);
        let set = environment(&[("LOADGEN_REQUESTS", "many"), ("LOADGEN_X", "1")]);
        assert!(parse_in(&set, &argv).is_ok());
        assert!(cli::strangers(&set, &argv).is_empty());
    }

    #[test]
    fn a_variable_that_nothing_reads_is_told_with_the_nearest_one() {
        let set = environment(&[
            ("LOADGEN_BENCH_CONNECTIONS", "5"),
            ("LOADGEN_CONCURENCY", "5"),
            ("LOADGEN_CONNECTIONS", "5"),
            ("LOADGEN_GIT_COMMIT", "0123"),
            ("LOADGEN_RATE", "x"),
            ("LOADGEN_WEBSOCKET_URL", "5"),
            ("LOADGEN_ZZZZZZ", "5"),
            ("PATH", "/bin"),
        ]);
        let told = set.strangers(&cli::command());
        let expected = [
            ("LOADGEN_BENCH_CONNECTIONS", "LOADGEN_BENCH_CONCURRENCY is;"),
            ("LOADGEN_CONCURENCY", "LOADGEN_CONCURRENCY is;"),
            ("LOADGEN_CONNECTIONS", "LOADGEN_CONCURRENCY is;"),
            ("LOADGEN_WEBSOCKET_URL", "man loadgen"),
            ("LOADGEN_ZZZZZZ", "man loadgen"),
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (line, (name, advice)) in told.iter().zip(expected) {
            assert!(
                line.starts_with(&format!("{name} is no")) && line.contains(advice),
                "{line}"
            );
        }
    }

    #[test]
    fn no_two_flags_have_the_same_variable() {
        let command = cli::command();
        let all = all_variables(&command).map(|known| known.variable);
        let all: Vec<String> = all.collect();
        let different: HashSet<&String> = all.iter().collect();
        assert_eq!(all.len(), different.len());
        assert!(!all.iter().any(|name| OF_OTHERS.contains(&name.as_str())));
        for name in &all {
            let is_plain = |letter: char| {
                letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'
            };
            assert!(name.chars().all(is_plain), "{name}");
        }
    }

    #[test]
    fn only_whole_words_are_replaced() {
        let line = "--rate and --rate-x, '--rate <N>' x--rate -n";
        assert_eq!(
            replace_word(&replace_word(line, "--rate <N>", "V"), "--rate", "W"),
            "W and --rate-x, 'V' x--rate -n"
        );
    }
}
