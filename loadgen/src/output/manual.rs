//! The manual: a page for loadgen and one for each of its commands, in roff.

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::variable;

/// What a paragraph about these begins with.
const EXIT_CODES: &str = "Exit codes: ";

const ENVIRONMENT: &str = "\
A variable stands for a flag that is not typed, and is overruled by one that is and says the same, \
rules it out or leaves it no place. For a flag without a value it is 1 or 0; for one that may be repeated it has a \
line for each time. One that is empty counts as not set. When the program is called as ab, none is \
read.";

const COLOURS: [(&str, &str); 3] = [
    ("NO_COLOR", "if it is not empty, nothing is coloured"),
    ("CLICOLOR", "if it is 0, nothing is coloured"),
    (
        "TERM",
        "if it is dumb, lines are written one below the other, without colours",
    ),
];

/// A page of the manual.
#[derive(Clone, Debug)]
pub struct ManualPage {
    /// The command that it is about; `None` is the program itself.
    pub command: Option<String>,
    /// Its file's name, such as `loadgen-bench.1`.
    pub file: String,
    /// Its text, in roff.
    pub text: String,
}

/// All pages of `program`, its own first.
#[must_use]
pub fn manual(mut program: Command) -> Vec<ManualPage> {
    program.build();
    let commands: Vec<Command> = program.get_subcommands().cloned().collect();
    let files: Vec<String> = [&program].into_iter().chain(&commands).map(file).collect();
    let page = |(command, file): (&Command, &String)| ManualPage {
        command: (file != &files[0]).then(|| command.get_name().to_owned()),
        file: file.clone(),
        text: text(command, files.iter().filter(|other| *other != file)),
    };
    [&program]
        .into_iter()
        .chain(&commands)
        .zip(&files)
        .map(page)
        .collect()
}

fn file(command: &Command) -> String {
    format!(
        "{}.1",
        command.get_display_name().unwrap_or(command.get_name())
    )
}

fn text<'a>(command: &Command, others: impl Iterator<Item = &'a String>) -> String {
    // clap_mangen would list all flags.
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let page = Man::new(command.clone().override_usage(usage))
        // A page without a date would take what follows for one.
        .date(" ")
        .source(concat!("loadgen ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut text = Vec::new();
    let mut roff = Roff::new();
    notes(&mut roff, command);
    environment(&mut roff, command);
    see_also(&mut roff, others);
    let rendered = page
        .render_title(&mut text)
        .and_then(|()| page.render_name_section(&mut text))
        .and_then(|()| page.render_synopsis_section(&mut text))
        .and_then(|()| page.render_description_section(&mut text))
        .and_then(|()| page.render_options_section(&mut text))
        .and_then(|()| match command.has_subcommands() {
            true => page.render_subcommands_section(&mut text),
            false => Ok(()),
        })
        .and_then(|()| roff.to_writer(&mut text));
    rendered.expect("memory takes whatever is written");
    String::from_utf8_lossy(&text).into_owned()
}

/// What stands behind the flags in `--help`.
fn notes(roff: &mut Roff, command: &Command) {
    let after = command.get_after_help().map(ToString::to_string);
    let after = after.unwrap_or_default();
    let paragraphs = after.split("\n\n").map(|it| it.trim().replace('\n', " "));
    let (codes, notes): (Vec<_>, Vec<_>) = paragraphs
        .filter(|it| !it.is_empty())
        .partition(|it| it.starts_with(EXIT_CODES));
    for (place, note) in notes.iter().enumerate() {
        match place {
            0 => roff.control("SH", ["NOTES"]),
            _ => roff.control("PP", []),
        };
        roff.text([roman(note)]);
    }
    for codes in codes {
        section(roff, "EXIT STATUS", &codes[EXIT_CODES.len()..]);
    }
}

fn environment(roff: &mut Roff, command: &Command) {
    let is_program = command
        .get_display_name()
        .is_none_or(|name| name == command.get_name());
    let scope = (!is_program).then(|| command.get_name());
    let flags = command.get_arguments();
    let variables = flags.filter_map(|flag| Some((variable(scope, flag)?, spelled(flag))));
    section(roff, "ENVIRONMENT", ENVIRONMENT);
    for (variable, flag) in variables {
        entry(roff, &variable, &flag);
    }
    for (variable, meaning) in COLOURS.iter().filter(|_| is_program) {
        entry(roff, variable, meaning);
    }
}

fn see_also<'a>(roff: &mut Roff, others: impl Iterator<Item = &'a String>) {
    let pages = others.map(|file| format!("{}(1)", file.trim_end_matches(".1")));
    let servers = ["server-sync(1)", "server-async(1)"].map(str::to_owned);
    let pages: Vec<String> = pages.chain(servers).collect();
    section(roff, "SEE ALSO", &pages.join(", "));
}

fn section(roff: &mut Roff, heading: &str, text: &str) {
    roff.control("SH", [heading]);
    roff.text([roman(text)]);
}

fn entry(roff: &mut Roff, term: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(meaning)]);
}

/// A flag as it is typed: `-n, --requests`.
fn spelled(flag: &Arg) -> String {
    let short = flag.get_short().map(|short| format!("-{short}"));
    let long = flag.get_long().map(|long| format!("--{long}"));
    short.into_iter().chain(long).collect::<Vec<_>>().join(", ")
}
