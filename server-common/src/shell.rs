//! What a shell completes a server's command line by, and the server's manual page.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use clap_mangen::Man;

/// `command` with the flags that ask for them.
pub(crate) fn with_flags(command: Command) -> Command {
    let completions = Arg::new("completions")
        .long("completions")
        .value_name("SHELL")
        .help("Print what bash, elvish, fish, powershell or zsh completes these flags by, and exit")
        .value_parser(value_parser!(Shell))
        .hide_possible_values(true)
        .exclusive(true);
    let man = Arg::new("man")
        .long("man")
        .help("Print the manual page, and exit")
        .action(ArgAction::SetTrue)
        .exclusive(true);
    command.args([completions, man])
}

/// What is to be printed about `command`, if that is what was asked for.
pub(crate) fn asked_for(command: Command, matches: &ArgMatches) -> Option<String> {
    let command = with_flags(command);
    if let Some(&shell) = matches.get_one::<Shell>("completions") {
        return Some(completions(shell, command));
    }
    matches.get_flag("man").then(|| page(command))
}

fn completions(shell: Shell, mut command: Command) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn page(mut command: Command) -> String {
    // clap_mangen would list all flags.
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let mut page = Vec::new();
    // A page without a date would take what follows for one.
    let man = Man::new(command.override_usage(usage))
        .date(" ")
        .manual("User Commands");
    man.render(&mut page)
        .expect("memory takes whatever is written");
    String::from_utf8_lossy(&page).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(arguments: &[&str]) -> Option<String> {
        let flags = [Arg::new("listen").long("listen").help("Where")];
        let command = Command::new("server").version("1").args(flags);
        let matches = with_flags(command.clone())
            .try_get_matches_from([&["server"], arguments].concat())
            .unwrap();
        asked_for(command, &matches)
    }

    #[test]
    fn each_shell_gets_its_completions() {
        for shell in ["bash", "zsh", "fish"] {
            let script = printed(&["--completions", shell]).unwrap();
            assert!(script.contains("listen"), "{script}");
        }
    }

    #[test]
    fn the_page_has_the_flags() {
        let page = printed(&["--man"]).unwrap();
        assert!(page.contains("[OPTIONS]"), "{page}");
        assert!(page.contains(r"\-\-listen"), "{page}");
    }

    #[test]
    fn who_asks_for_neither_gets_a_server() {
        assert_eq!(printed(&["--listen", "x"]), None);
    }
}
