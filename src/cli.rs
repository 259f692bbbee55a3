//! The command line: what may be asked of cardtop in a shell, and what its exit codes mean.
//!
//! It only parses, chooses and prints. Money is moved by the engine alone, under the same checks as
//! on the board, and nothing here ever asks a question, save for a PIN on a terminal.
//!
//! A subcommand is a file with its arguments and its `Run`, a `mod` line, and a line in the list
//! of `Command`s.

mod bank;
mod board;
mod card;
mod cards;
mod change;
mod close;
mod completions;
mod demo;
mod exit;
mod find;
mod freeze;
mod global;
mod incomplete;
mod init;
mod listing;
mod log;
mod man;
mod operation;
mod ops;
mod pin;
mod print;
mod providers;
mod sandbox;
mod scratch;
mod secret_line;
mod session;
mod shutdown;
mod topup;
mod transactions;
mod unfreeze;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::contract::Rows;
use crate::domain::text;
use crate::provider::ProviderKind;
use crate::provider::kinds::KINDS;
use exit::{Exit, Failure, Outcome, warn};
use global::Global;

/// What was typed after `cardtop`.
#[derive(Debug, Parser)]
#[command(
    name = "cardtop",
    version,
    about = ABOUT,
    after_help = "Without a command: the board. To look around without any set-up: cardtop demo",
    after_long_help = EXIT_CODES,
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// What to do; the board when absent.
    #[command(subcommand)]
    command: Option<Command>,
}

const ABOUT: &str = "htop for payment cards: every card, balance and transaction of your \
                     providers, live in one terminal";

const EXIT_CODES: &str = "\
CARD is provider/id, or any unique beginning of an id, or the last four digits.

Exit codes:
  0  done (for a change that its provider cannot prove: accepted, which is then said)
  1  refused or failed
  2  usage or configuration
  3  a provider could not be reached, or refused the credentials
  4  the outcome of a change is unknown; its operation id is printed
  5  a change was accepted, but not yet seen to be done";

/// A subcommand: its arguments, and what it does.
trait Run: Sized {
    /// The rows among which `--filter` chooses; `None` where it does not.
    fn filtered(&self) -> Option<Rows> {
        None
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome;
}

macro_rules! commands {
    ($($name:ident($arguments:ty),)*) => {
        /// The subcommands. The first lines of their types are their descriptions.
        #[derive(Debug, Subcommand)]
        enum Command {
            $($name($arguments),)*
        }

        impl Run for Command {
            fn filtered(&self) -> Option<Rows> {
                match self {
                    $(Self::$name(command) => command.filtered(),)*
                }
            }

            async fn run(self, global: &Global, clock: Clock) -> Outcome {
                match self {
                    $(Self::$name(command) => command.run(global, clock).await,)*
                }
            }
        }
    };
}

// In the order of the help.
commands! {
    Demo(demo::Demo),
    Sandbox(sandbox::Sandbox),
    Cards(cards::Cards),
    Card(card::Card),
    Transactions(transactions::Transactions),
    Providers(providers::Providers),
    Freeze(freeze::Freeze),
    Unfreeze(unfreeze::Unfreeze),
    Topup(topup::TopUp),
    Pin(pin::SetPin),
    Close(close::Close),
    Ops(ops::Ops),
    Init(init::Init),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Parses the arguments of the process, runs the command, prints errors on standard error. The help
/// lists the exit codes.
pub async fn main() -> ExitCode {
    main_with(std::env::args_os().collect(), KINDS).await
}

/// The same with other arguments, the first of which is the program's name, and with accounts of
/// other kinds of providers than [`KINDS`].
pub async fn main_with(
    arguments: Vec<OsString>,
    kinds: &'static [&'static ProviderKind],
) -> ExitCode {
    let mut cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and the version come this way too, on standard output and with code 0. An error
            // quotes the arguments, and is printed without them steering the terminal.
            let printed = if error.use_stderr() {
                write!(io::stderr().lock(), "{}", parse_error(&error, arguments.into_iter()))
            } else {
                error.print()
            };
            return match print::forgiving(printed) {
                Ok(()) => {
                    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code()))
                }
                Err(_) => ExitCode::from(Exit::Refused.code()),
            };
        }
    };
    cli.global.kinds = kinds;
    let exit = match run(cli).await {
        Ok(exit) => exit,
        Err(failure) => {
            warn(&failure.message);
            failure.exit
        }
    };
    ExitCode::from(exit.code())
}

/// What is wrong with the arguments. The parser takes escape sequences out of what it quotes
/// without a trace; the same arguments cleaned leave marks.
fn parse_error(error: &clap::Error, arguments: impl Iterator<Item = OsString>) -> String {
    let cleaned = arguments.map(|argument| text::one_line(&argument.to_string_lossy()));
    let again = Cli::try_parse_from(cleaned).err().filter(clap::Error::use_stderr);
    text::printable(&again.as_ref().unwrap_or(error).render().to_string())
}

async fn run(cli: Cli) -> Outcome {
    let Cli { mut global, command } = cli;
    if let Some(path) = &global.log_file {
        log::log_to(path)?;
    }
    let clock = Clock::real();
    global.filtered = command.as_ref().and_then(Command::filtered);
    refuse_ignored_filter(&global)?;
    match command {
        None => board::run(&global, clock).await,
        Some(command) => command.run(&global, clock).await,
    }
}

/// A filter that would be ignored is refused: an unfiltered answer must not look like a filtered
/// one.
fn refuse_ignored_filter(global: &Global) -> Result<(), Failure> {
    if global.filter.is_some() && global.filtered.is_none() {
        return Err(Failure::usage("--filter is for lists: cards, transactions and ops"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::global::Format;
    use super::*;
    use crate::sandbox::Scenario;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_parser_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_may_stand_before_and_after_the_command() {
        for line in ["cardtop --json --provider acme cards", "cardtop cards --json --provider acme"]
        {
            let cli = parse(line).expect("a valid line");
            assert_eq!(
                (cli.global.format(), cli.global.provider.as_deref()),
                (Format::Json, Some("acme")),
                "{line}"
            );
        }
        assert_eq!(
            parse("cardtop ops --format csv").expect("a valid line").global.format(),
            Format::Csv
        );
        assert_eq!(parse("cardtop cards").expect("a valid line").global.format(), Format::Table);
    }

    #[test]
    fn wrong_lines_are_usage_errors() {
        for line in [
            "cardtop nonsense",
            "cardtop freeze",
            "cardtop topup artha/1",
            "cardtop topup artha/1 -5",
            "cardtop topup artha/1 5 --wait soon",
            "cardtop pin artha/1 1234",
            "cardtop cards --format xml",
            "cardtop cards --json --format csv",
            "cardtop demo --scenario flood",
            "cardtop demo --cards 0",
        ] {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), i32::from(Exit::Usage.code()), "{line}");
        }
    }

    #[test]
    fn help_and_completions_offer_every_scenario_and_say_when_it_begins() {
        let plain = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for command in ["demo", "sandbox"] {
            let mut cli = Cli::command();
            let help = plain(
                cli.find_subcommand_mut(command).expect("a command").render_long_help().to_string(),
            );
            let mut fish = Vec::new();
            clap_complete::generate(
                clap_complete::Shell::Fish,
                &mut Cli::command(),
                "cardtop",
                &mut fish,
            );
            let fish = String::from_utf8(fish).expect("text");
            for scenario in Scenario::ALL {
                let line = format!("{}: {}", scenario.as_str(), scenario.description());
                assert!(help.contains(&line), "{command}: {line}: {help}");
                assert!(fish.contains(scenario.as_str()), "{scenario}");
                let parsed =
                    parse(&format!("cardtop {command} --scenario {scenario} --scenario slow"));
                assert!(parsed.is_ok(), "{scenario}");
            }
        }
    }

    #[test]
    fn an_argument_that_is_quoted_steers_no_terminal_and_shows_what_was_taken_out() {
        let arguments = ["cardtop", "\u{1b}]0;PWN\u{7}x\u{202e}"].map(OsString::from);
        let error = Cli::try_parse_from(&arguments).expect_err("no such command");
        let message = parse_error(&error, arguments.into_iter());
        assert!(message.contains("unrecognized subcommand '?x?'"), "{message}");
    }

    #[test]
    fn what_is_not_built_is_not_offered() {
        for line in [
            "cardtop watch",
            "cardtop listen",
            "cardtop doctor",
            "cardtop export",
            "cardtop report",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_filter_that_would_be_ignored_is_refused() {
        let global = |line| {
            let mut cli = parse(line).expect("a valid line");
            cli.global.filtered = cli.command.as_ref().and_then(Command::filtered);
            cli.global
        };
        for line in
            ["cardtop --filter x", "cardtop providers --filter x", "cardtop freeze 4242 --filter x"]
        {
            let failure = refuse_ignored_filter(&global(line)).expect_err(line);
            assert_eq!(failure.exit, Exit::Usage, "{line}");
        }
        for line in [
            "cardtop cards --filter x",
            "cardtop transactions --filter x",
            "cardtop ops --filter x",
        ] {
            assert!(refuse_ignored_filter(&global(line)).is_ok(), "{line}");
        }
    }
}
