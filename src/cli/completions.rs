//! `completions`: the script by which a shell completes commands and options.

use clap::{Args, Command, CommandFactory, ValueHint};
use clap_complete::Shell;

use super::exit::Exit;
use super::failure::Outcome;
use super::global::Global;
use super::{Cli, Run, print};
use crate::clock::Clock;

/// Print the completions of a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Run for Completions {
    fn prints_records(&self) -> bool {
        false
    }

    async fn run(self, _global: &Global, _clock: Clock) -> Outcome {
        print::put(&script(self.shell))?;
        Ok(Exit::Done)
    }
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    let mut command = files_where_files_are_meant(Cli::command());
    clap_complete::generate(shell, &mut command, "cardtop", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        // Where nothing else fits, the generated script falls back to names of files.
        Shell::Bash => script.replace(" -o bashdefault -o default", ""),
        Shell::Fish => script + &fish_positionals(&command),
        _other => script,
    }
}

/// What the generated script lacks: no files where none are meant, and the words of arguments
/// without a name.
fn fish_positionals(command: &Command) -> String {
    let mut lines = "complete -c cardtop -f\n".to_owned();
    for command in command.get_subcommands() {
        let words: Vec<String> = command
            .get_positionals()
            .flat_map(|argument| argument.get_possible_values())
            .map(|value| value.get_name().to_owned())
            .collect();
        if !words.is_empty() {
            lines.push_str(&format!(
                "complete -c cardtop -n \"__fish_cardtop_using_subcommand {}\" -f -a \"{}\"\n",
                command.get_name(),
                words.join(" ")
            ));
        }
    }
    lines
}

/// Shells offer the names of files for every value of which they are told nothing. An argument that
/// is a file says so where it is declared.
fn files_where_files_are_meant(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let says_nothing = argument.get_value_hint() == ValueHint::Unknown;
        if says_nothing && argument.get_action().takes_values() {
            argument.value_hint(ValueHint::Other)
        } else {
            argument
        }
    });
    command.mut_subcommands(files_where_files_are_meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_know_the_commands() {
        let script = script(Shell::Bash);
        for word in ["topup", "--pin-stdin", "transactions"] {
            assert!(script.contains(word), "{word}");
        }
    }

    /// Options of a closed list of words, and one of their words.
    const WORDS: [(&str, &str); 4] = [
        ("scenario", "unknown-topup"),
        ("format", "csv"),
        ("color", "never"),
        ("environment", "sandbox"),
    ];
    /// Options of free text.
    const FREE: [&str; 5] = ["provider", "filter", "reason", "cards", "wait"];
    const FILES: [&str; 3] = ["config", "log-file", "write-config"];

    /// Every piece of a script between two texts.
    fn pieces<'a>(script: &'a str, from: &str, to: &str) -> Vec<&'a str> {
        let pieces = script.split(from).skip(1).map(|rest| rest.split(to).next().unwrap_or(rest));
        let pieces: Vec<&str> = pieces.collect();
        assert!(!pieces.is_empty(), "{from}");
        pieces
    }

    #[test]
    fn bash_offers_words_where_words_are_meant_and_files_where_files_are_meant() {
        let script = script(Shell::Bash);
        let of = |option: &str| pieces(&script, &format!("--{option})\n"), ";;");
        for (option, word) in WORDS {
            let offered = |piece: &&str| piece.contains("compgen -W \"") && piece.contains(word);
            assert!(of(option).iter().all(offered), "{option}");
        }
        assert!(FREE.iter().all(|option| of(option).iter().all(|it| !it.contains("compgen -f"))));
        assert!(FILES.iter().all(|option| of(option).iter().all(|it| it.contains("compgen -f"))));
        assert!(!script.contains("-o default"), "files where nothing else fits");
    }

    #[test]
    fn zsh_offers_words_where_words_are_meant_and_files_where_files_are_meant() {
        let script = script(Shell::Zsh);
        let of = |option: &str| pieces(&script, &format!("--{option}=["), "' \\\n");
        for (option, word) in WORDS {
            let offered = |piece: &&str| piece.contains(":((") || piece.contains(":(");
            assert!(of(option).iter().all(offered), "{option}");
            assert!(of(option).iter().all(|piece| piece.contains(word)), "{option}");
        }
        assert!(FREE.iter().all(|option| of(option).iter().all(|it| !it.contains("_files"))));
        assert!(FILES.iter().all(|option| of(option).iter().all(|it| it.ends_with(":_files"))));
        assert!(!script.contains("_default"), "files where nothing is said");
    }

    #[test]
    fn fish_offers_words_where_words_are_meant_and_files_where_files_are_meant() {
        let script = script(Shell::Fish);
        let of = |option: &str| pieces(&script, &format!(" -l {option} -d "), "\ncomplete");
        for (option, word) in WORDS {
            let offered = |piece: &&str| piece.contains(" -r -f -a \"") && piece.contains(word);
            assert!(of(option).iter().all(offered), "{option}");
        }
        assert!(FREE.iter().all(|option| of(option).iter().all(|it| it.ends_with(" -r -f"))));
        assert!(FILES.iter().all(|option| of(option).iter().all(|it| it.ends_with(" -r -F"))));
        assert!(script.contains("\ncomplete -c cardtop -f\n"), "no files where nothing is said");
        for (command, word) in [("completions", "fish"), ("init", "banana")] {
            let start = format!("__fish_cardtop_using_subcommand {command}\" -f -a \"");
            assert!(pieces(&script, &start, "\"\n").iter().all(|words| words.contains(word)));
        }
    }
}
