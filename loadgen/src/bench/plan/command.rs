//! A command that starts a server: words as a shell splits them, with places to be filled in.

use std::fmt::{Display, Formatter};
use std::path::Path;
use std::time::Duration;

use crate::plan::mask_passwords;

/// Stands for the port that the server is to listen on.
const PORT: &str = "{port}";

/// Stands for a directory of its own, which is empty, and removed when the server has ended.
const DIRECTORY: &str = "{directory}";

/// What means something to a shell, and nothing to a program.
const SHELL_ONLY: [&str; 5] = ["&", "&&", "|", "||", ";"];

/// How a word begins that turns a stream elsewhere.
const REDIRECTIONS: [&str; 5] = [">", "<", "1>", "2>", "&>"];

/// How long a server may take to be ready unless something else is said.
pub(super) const READY_LONGEST: Duration = Duration::from_secs(10);

/// A command that starts a server and lasts as long as the server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    text: String,
    words: Vec<String>,
    /// What is in a line of its output once it is ready; without, it is when it answers.
    pub ready: Option<String>,
    /// How long that may take.
    pub ready_longest: Duration,
}

impl CommandLine {
    /// Splits `text` into words, as a shell does: at blanks that are neither quoted nor behind a
    /// backslash.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and the next step.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = shlex::split(text).ok_or("a quote in it is not closed; close it")?;
        let program = words.first().filter(|program| !program.is_empty());
        let program = program.ok_or("it is empty; say what starts the server")?;
        if let Some(name) = variable(program) {
            return Err(format!(
                "no shell reads it, so {name}=… sets nothing; write env {name}=… in its place"
            ));
        }
        if let Some(word) = words.iter().find(|word| is_for_a_shell(word)) {
            return Err(format!(
                "no shell reads it, so '{word}' means nothing in it; write sh -c '…'"
            ));
        }
        if !words.iter().any(|word| word.contains(PORT)) {
            return Err(format!(
                "{PORT} is not in it; put {PORT} where the server is told its port, or start it \
                 yourself and give its URL"
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            words,
            ready: None,
            ready_longest: READY_LONGEST,
        })
    }

    /// The program; `None` if its name is only known when it is started.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        let program = self.words.first()?;
        let is_known = !program.contains(PORT) && !program.contains(DIRECTORY);
        is_known.then_some(program)
    }

    /// Whether it is to be given a directory.
    #[must_use]
    pub fn wants_directory(&self) -> bool {
        self.words.iter().any(|word| word.contains(DIRECTORY))
    }

    /// The program and its arguments, with the places filled in.
    #[must_use]
    pub fn words(&self, port: u16, directory: &Path) -> Vec<String> {
        let (port, directory) = (port.to_string(), directory.to_string_lossy());
        let words = self.words.iter();
        words
            .map(|word| word.replace(PORT, &port).replace(DIRECTORY, &directory))
            .collect()
    }
}

fn is_for_a_shell(word: &str) -> bool {
    SHELL_ONLY.contains(&word) || REDIRECTIONS.iter().any(|it| word.starts_with(it))
}

/// What a word would set in front of a command that a shell reads.
fn variable(word: &str) -> Option<&str> {
    let (name, _) = word.split_once('=')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_name).then_some(name)
}

impl Display for CommandLine {
    /// As it was typed, passwords in URLs replaced by `***`.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&mask_passwords(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let command = CommandLine::parse(text).unwrap();
        command.words(7080, Path::new("/tmp/x"))
    }

    fn refused(text: &str) -> String {
        CommandLine::parse(text).unwrap_err()
    }

    #[test]
    fn words_are_split_as_a_shell_does_and_filled_in() {
        for (text, expected) in [
            ("./server {port}", vec!["./server", "7080"]),
            (
                "a --listen=[::1]:{port} '{port} b' \"c d\"",
                vec!["a", "--listen=[::1]:7080", "7080 b", "c d"],
            ),
            (
                "sh -c 'exec nginx -p {directory} -g \"{ {port} }\"'",
                vec!["sh", "-c", "exec nginx -p /tmp/x -g \"{ 7080 }\""],
            ),
            ("a\\ b {port}", vec!["a b", "7080"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_started_is_told_with_the_next_step() {
        for (text, said) in [
            ("", "it is empty; say what starts"),
            ("'' {port}", "it is empty; say what starts"),
            ("a '{port}", "not closed; close it"),
            ("a", "put {port} where the server is told its port"),
            ("a {prt}", "or start it yourself and give its URL"),
            ("a {port} > log", "'>' means nothing in it; write sh -c"),
            ("a {port} >log", "'>log' means nothing in it; write sh -c"),
            ("a {port} 2>/dev/null", "'2>/dev/null' means nothing in it"),
            ("PORT={port} ./a", "PORT=… sets nothing; write env PORT=…"),
        ] {
            assert!(refused(text).contains(said), "{text}: {}", refused(text));
        }
        assert_eq!(words("env PORT={port} ./a")[1], "PORT=7080");
        assert_eq!(words("./a=b {port}")[0], "./a=b");
        assert_eq!(words("sh -c 'a {port} > log'").len(), 3, "a shell reads it");
    }

    #[test]
    fn passwords_are_not_repeated() {
        let command = CommandLine::parse("a {port} --db=pg://me:secret@db/x  b").unwrap();
        assert_eq!(command.to_string(), "a {port} --db=pg://me:***@db/x  b");
    }

    proptest! {
        #[test]
        fn any_text_is_split_without_panic(text in "[ab'\"\\\\{} port#\n]{0,40}") {
            if let Ok(command) = CommandLine::parse(&text) {
                prop_assert!(!command.words(1, Path::new("/")).is_empty());
            }
        }
    }
}
