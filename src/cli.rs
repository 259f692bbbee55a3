//! The command line: what may be asked of cardtop in a shell, and what its exit codes mean.
//!
//! It only parses, chooses and prints. Money is moved by the engine alone, under the same checks as
//! on the board, and nothing here ever asks a question, save for a PIN on a terminal and for the
//! first configuration (`init`).
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
mod doctor;
#[cfg(test)]
mod documentation;
mod exit;
mod export;
mod failure;
mod find;
mod freeze;
mod global;
mod incomplete;
mod init;
mod kept;
mod listen;
mod listing;
mod log;
mod man;
mod operation;
mod ops;
mod parsing;
mod pin;
mod print;
mod providers;
mod reconcile;
mod report;
mod roster;
mod sandbox;
mod schema;
mod scratch;
mod secret_line;
mod session;
mod shutdown;
mod since;
mod topup;
mod transactions;
mod unfreeze;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::contract::Rows;
use crate::provider::ProviderKind;
use crate::provider::kinds::KINDS;
use failure::{Failure, Outcome};
use global::{Format, Global, Layout};
use shutdown::Shutdown;

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

What --json and --format csv print, field by field, with the words of states and of failures: \
docs/contract.md of the source.

Exit codes:
  0  done (for a change that its provider cannot prove: accepted, which is then said)
  1  refused or failed
  2  usage or configuration
  3  a provider could not be reached, or refused the credentials
  4  the outcome of a change is unknown; its operation id is printed
  5  a change was accepted, but not yet seen to be done
 10  watch: a transaction matched --exit-on";

/// A subcommand: its arguments, and what it does.
trait Run: Sized {
    /// The rows among which `--filter` chooses; `None` where it does not.
    fn filtered(&self) -> Option<Rows> {
        None
    }

    /// Whether it prints records, in the format that `--format` names.
    fn prints_records(&self) -> bool {
        true
    }

    /// Further words of `--format` that it takes beside table, JSON and CSV.
    fn layouts(&self) -> &'static [Layout] {
        &[]
    }

    /// Whether a signal may end it at any moment: it leaves nothing undone.
    fn may_be_interrupted(&self) -> bool {
        true
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

            fn prints_records(&self) -> bool {
                match self {
                    $(Self::$name(command) => command.prints_records(),)*
                }
            }

            fn layouts(&self) -> &'static [Layout] {
                match self {
                    $(Self::$name(command) => command.layouts(),)*
                }
            }

            fn may_be_interrupted(&self) -> bool {
                match self {
                    $(Self::$name(command) => command.may_be_interrupted(),)*
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
    Export(export::Export),
    Report(report::Report),
    Freeze(freeze::Freeze),
    Unfreeze(unfreeze::Unfreeze),
    Topup(topup::TopUp),
    Pin(pin::SetPin),
    Close(close::Close),
    Ops(ops::Ops),
    Watch(watch::Watch),
    Listen(listen::Listen),
    Reconcile(reconcile::Reconcile),
    Roster(roster::Roster),
    Init(init::Init),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Parses the arguments of the process, runs the command, prints errors on standard error, and as
/// JSON where that was asked for. The help lists the exit codes.
pub async fn main() -> ExitCode {
    main_with(std::env::args_os().collect(), KINDS).await
}

/// The same with other arguments, the first of which is the program's name, and with accounts of
/// other kinds of providers than [`KINDS`].
pub async fn main_with(
    arguments: Vec<OsString>,
    kinds: &'static [&'static ProviderKind],
) -> ExitCode {
    if let Some(outcome) = schema::asked_for(&arguments) {
        return ended(outcome, parsing::format(&arguments));
    }
    let mut cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return parsing::end(&error, arguments),
    };
    cli.global.kinds = kinds;
    let format = cli.global.format();
    ended(run(cli).await, format)
}

/// Says why it failed, where it did, and what to end with.
fn ended(outcome: Outcome, format: Format) -> ExitCode {
    if let Err(failure) = &outcome {
        failure.print(format);
    }
    shutdown::end_by_signal(&outcome);
    ExitCode::from(outcome.unwrap_or_else(|failure| failure.exit).code())
}

async fn run(cli: Cli) -> Outcome {
    let Cli { mut global, command } = cli;
    if let Some(path) = &global.log_file {
        log::log_to(path)?;
    }
    let clock = Clock::real();
    global.filtered = command.as_ref().and_then(Command::filtered);
    refuse_ignored_flags(&global, command.as_ref())?;
    match command {
        None => board::run(&global, clock).await,
        Some(command) if command.may_be_interrupted() => {
            Shutdown::listen()?.or_interrupted(command.run(&global, clock)).await
        }
        Some(command) => command.run(&global, clock).await,
    }
}

/// Flags that would be ignored are refused: an unfiltered answer must not look like a filtered one,
/// and words must not be taken for records.
fn refuse_ignored_flags(global: &Global, command: Option<&Command>) -> Result<(), Failure> {
    if global.filter.is_some() && global.filtered.is_none() {
        let words = "--filter is for lists: cards, transactions, ops, export and watch";
        return Err(Failure::usage(words));
    }
    let has_records = command.is_some_and(Command::prints_records);
    match global.layout() {
        Some(Layout::Json | Layout::Csv) if !has_records => Err(Failure::usage(
            "--json and --format are for commands that print records: cards, card, transactions, \
             providers, ops, export, and every change of a card",
        )),
        Some(layout @ (Layout::Jsonl | Layout::Markdown)) => {
            let takes_it = command.is_some_and(|command| command.layouts().contains(&layout));
            let word = layout.word();
            let message = format!("this command does not take --format {word}; export does");
            if takes_it { Ok(()) } else { Err(Failure::usage(message)) }
        }
        Some(Layout::Table | Layout::Json | Layout::Csv) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::exit::Exit;
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
    fn a_filter_that_would_be_ignored_is_refused() {
        let refused = |line| {
            let mut cli = parse(line).expect("a valid line");
            cli.global.filtered = cli.command.as_ref().and_then(Command::filtered);
            refuse_ignored_flags(&cli.global, cli.command.as_ref())
        };
        for line in
            ["cardtop --filter x", "cardtop providers --filter x", "cardtop freeze 4242 --filter x"]
        {
            let failure = refused(line).expect_err(line);
            assert_eq!(failure.exit, Exit::Usage, "{line}");
        }
        for line in [
            "cardtop cards --filter x",
            "cardtop transactions --filter x",
            "cardtop ops --filter x",
        ] {
            assert!(refused(line).is_ok(), "{line}");
        }
    }
}
