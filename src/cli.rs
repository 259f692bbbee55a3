//! The command line: what may be asked of cardtop in a shell, and what its exit codes mean.
//!
//! It only parses, chooses and prints. Money is moved by the engine alone, under the same checks as
//! on the board, and nothing here ever asks a question, save for a PIN on a terminal.

mod change;
mod find;
mod host;
mod incomplete;
mod print;
mod provider_facts;
mod read;
mod secret_line;
mod session;
mod settle;
mod setup;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::clock::Clock;
use crate::config;
use crate::domain::text;
use crate::provider::kinds::KINDS;
use crate::provider::{Error, ErrorKind, ProviderKind};
use crate::sandbox::Scenario;

/// What was typed after `cardtop`.
#[derive(Debug, Parser)]
#[command(
    name = "cardtop",
    version,
    about = "htop for payment cards: every card, balance and transaction of your providers, live in one terminal",
    after_help = "Without a command: the board. To look around without any set-up: cardtop demo",
    after_long_help = EXIT_CODES,
    max_term_width = 100
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the board when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "\
CARD is provider/id, or any unique beginning of an id, or the last four digits.

Exit codes:
  0  done (for a change that its provider cannot prove: accepted, which is then said)
  1  refused or failed
  2  usage or configuration
  3  a provider could not be reached, or refused the credentials
  4  the outcome of a change is unknown; its operation id is printed
  5  a change was accepted, but not yet seen to be done";

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Configuration file, instead of the one that CARDTOP_CONFIG names, or that in the platform's
    /// folder
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Folder of cards, readings and the journal, instead of the platform's
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub data: Option<PathBuf>,
    /// Only this provider account
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub provider: Option<String>,
    /// Refuse every change
    #[arg(long, global = true, help_heading = "Global options")]
    pub read_only: bool,
    /// How to print
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Global options")]
    pub format: Option<Format>,
    /// Short for --format json
    #[arg(long, global = true, conflicts_with = "format", help_heading = "Global options")]
    pub json: bool,
    /// Only rows that match, such as 'state:declined amount>20 since:8h'
    #[arg(long, global = true, value_name = "EXPR", help_heading = "Global options")]
    pub filter: Option<String>,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Global options"
    )]
    pub color: ColorChoice,
    /// Write a log to this file (CARDTOP_LOG says how much; `info` when unset)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub log_file: Option<PathBuf>,
    /// The kinds of providers that a configuration may name; no argument.
    #[arg(skip = KINDS)]
    pub kinds: &'static [&'static ProviderKind],
}

impl Global {
    /// How to print: `--json` is short for `--format json`; a table when nothing is said.
    #[must_use]
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format.unwrap_or(Format::Table) }
    }
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The board on made-up data: four built-in providers whose cardholders spend while you watch
    Demo(WorldArgs),
    /// Only the built-in providers, with a configuration file to use them from outside
    Sandbox(SandboxArgs),
    /// List cards with their balances, read now
    Cards,
    /// Show one card, read now
    Card {
        /// provider/id, a unique beginning of an id, or the last four digits
        card: String,
    },
    /// List transactions, newest first: of the last 30 days, or from `since:` of the filter
    #[command(visible_alias = "tx")]
    Transactions {
        /// Only of this card
        #[arg(long, value_name = "CARD")]
        card: Option<String>,
        /// At most this many rows
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show how each provider is doing, its float, and what it can do
    Providers,
    /// Stop a card; can be undone
    Freeze(StateArgs),
    /// Start a frozen card again
    Unfreeze(StateArgs),
    /// Send a card money from the float
    Topup(TopUpArgs),
    /// Set or change a card's PIN; it is asked for, or read from standard input, never an argument
    Pin(PinArgs),
    /// Close a card for good
    Close(CloseArgs),
    /// List the journal of operations, newest first; look again for the fate of one
    Ops {
        /// What to do with the journal; lists it when absent.
        #[command(subcommand)]
        command: Option<OpsCommand>,
        /// At most this many rows
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Write a commented configuration file to start from
    Init,
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of cardtop or of one command
    Man {
        /// Of this command
        command: Option<String>,
    },
}

/// What `ops` can do beside listing.
#[derive(Debug, Subcommand)]
pub enum OpsCommand {
    /// Look for the fate of an operation now; only reads
    Check {
        /// The operation's id, or the four characters that lists show
        op: String,
    },
    /// Show an operation with every line of its journal
    Show {
        /// The operation's id, or the four characters that lists show
        op: String,
    },
    /// Say what became of an operation that nothing that can be read settles; kept in the journal
    /// as a person's word
    Settle(SettleArgs),
    /// Check that nothing in the journal was changed or removed
    Verify,
}

/// The made-up bank of `demo` and `sandbox`.
#[derive(Debug, Args)]
pub struct WorldArgs {
    /// Cards of each provider
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub cards: u32,
    /// Transactions that each provider already has
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub transactions: u32,
    /// The same seed makes the same bank
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// Something that goes wrong by itself (may be repeated)
    #[arg(long, value_name = "WORD", value_enum, ignore_case = true, hide_possible_values = false)]
    pub scenario: Vec<Scenario>,
    /// Cardholders do not spend by themselves
    #[arg(long)]
    pub still: bool,
}

/// What `sandbox` takes beside.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The bank.
    #[command(flatten)]
    pub world: WorldArgs,
    /// Write the configuration here (secrets and rosters beside it), instead of into a temporary
    /// folder
    #[arg(long, value_name = "FILE")]
    pub write_config: Option<PathBuf>,
    /// First of the four ports; free ones when absent
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
}

/// What every change takes.
#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// provider/id, a unique beginning of an id, or the last four digits
    #[arg(value_name = "CARD")]
    pub card: String,
    /// Do it. Without this, cardtop says what it would do and sends nothing
    #[arg(long)]
    pub yes: bool,
    /// Why: kept in the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How long to wait until the effect is seen: 30s, 2m, 500ms, 0s
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub wait: Duration,
}

/// `freeze` and `unfreeze`.
#[derive(Debug, Args)]
pub struct StateArgs {
    /// What every change takes.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// `topup`.
#[derive(Debug, Args)]
pub struct TopUpArgs {
    /// What every change takes.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// How much, in the card's currency: 10.00
    #[arg(value_name = "AMOUNT")]
    pub amount: String,
    /// "SECOND <last4>": send although an earlier top-up of this card is not settled, or an equal
    /// one came within ten minutes
    #[arg(long, value_name = "PHRASE")]
    pub second: Option<String>,
}

/// `pin`.
#[derive(Debug, Args)]
pub struct PinArgs {
    /// What every change takes.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// Read the new PIN from the first line of standard input, and the old one from the second
    /// where it is needed
    #[arg(long)]
    pub pin_stdin: bool,
}

/// `ops settle`.
#[derive(Debug, Args)]
pub struct SettleArgs {
    /// The operation's id, or the four characters that lists show
    #[arg(value_name = "OP")]
    pub op: String,
    /// What became of it.
    #[command(flatten)]
    pub verdict: VerdictArgs,
    /// Why you say so
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// With --done: the id of the transaction that is its own; without, one is kept free for it
    #[arg(long, value_name = "ID", conflicts_with = "failed")]
    pub transaction: Option<String>,
    /// With --failed: a transaction of the card's list that is somebody else's, although it looks
    /// like this one's (may be repeated)
    #[arg(long, value_name = "ID", conflicts_with = "done")]
    pub not_its: Vec<String>,
    /// With --failed: the card's last four digits
    #[arg(long, value_name = "LAST4", conflicts_with = "done")]
    pub confirm: Option<String>,
}

/// One of two.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct VerdictArgs {
    /// It happened: its credit is on the card
    #[arg(long)]
    pub done: bool,
    /// It did not happen. It is looked for 48 hours more, and a credit that comes late raises an
    /// alarm
    #[arg(long)]
    pub failed: bool,
}

/// `close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// What every change takes.
    #[command(flatten)]
    pub change: ChangeArgs,
    /// "CLOSE <last4>": closing cannot be undone
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
}

/// What cardtop ends with. The numbers are a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: refused or failed.
    Refused,
    /// 2: usage or configuration.
    Usage,
    /// 3: provider unreachable or credentials refused.
    Unreachable,
    /// 4: outcome unknown.
    Unknown,
    /// 5: accepted but not yet seen to be done.
    Accepted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Unknown => 4,
            Self::Accepted => 5,
        }
    }

    /// What a provider's error means for a shell. An answer that cannot be trusted is as good as
    /// none.
    #[must_use]
    pub const fn of_error(error: &Error) -> Self {
        match error.kind {
            ErrorKind::Auth
            | ErrorKind::Forbidden
            | ErrorKind::RateLimited
            | ErrorKind::Unreachable
            | ErrorKind::BadReply => Self::Unreachable,
            ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::NotOffered => Self::Refused,
        }
    }

    /// Of two reads the worse: a provider that was not reached says more than one that refused.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == Self::Unreachable || other == Self::Done { self } else { other }
    }
}

/// Why a command ends without doing what it was asked, in words for a person.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The code.
    pub(crate) exit: Exit,
    /// One sentence, or a few lines; no full stop needed.
    pub(crate) says: String,
}

impl Failure {
    /// A failure of this code.
    pub(crate) fn new(exit: Exit, says: impl Into<String>) -> Self {
        // It may quote arguments, names of files and what stands in them.
        Self { exit, says: text::printable(&says.into()) }
    }

    /// Wrong arguments, or a wrong configuration.
    pub(crate) fn usage(says: impl Into<String>) -> Self {
        Self::new(Exit::Usage, says)
    }
}

impl From<io::Error> for Failure {
    /// Standard output could not be written.
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Refused, format!("the output could not be written: {error}"))
    }
}

/// A command's result.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Parses the arguments of the process, does what they say, prints errors on standard error. The
/// exit code is [`Exit`]'s.
pub async fn main() -> ExitCode {
    main_with(std::env::args_os().collect(), KINDS).await
}

/// The same with other arguments, the first of which is the program's name, and with accounts of
/// other kinds of providers than [`KINDS`].
pub async fn main_with(
    arguments: Vec<OsString>,
    kinds: &'static [&'static ProviderKind],
) -> ExitCode {
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => Cli { global: Global { kinds, ..cli.global }, ..cli },
        Err(error) => {
            // Help and the version come this way too, on standard output and with code 0. An error
            // quotes the arguments, and is printed without them steering the terminal.
            let printed = if error.use_stderr() {
                write!(io::stderr().lock(), "{}", refusal(&error, arguments.into_iter()))
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
    let exit = match run(cli).await {
        Ok(exit) => exit,
        Err(failure) => {
            complain(&failure.says);
            failure.exit
        }
    };
    ExitCode::from(exit.code())
}

/// What is wrong with the arguments. The parser takes escape sequences out of what it quotes
/// without a trace; the same arguments cleaned leave marks.
fn refusal(error: &clap::Error, arguments: impl Iterator<Item = OsString>) -> String {
    let cleaned = arguments.map(|argument| text::one_line(&argument.to_string_lossy()));
    let again = Cli::try_parse_from(cleaned).err().filter(clap::Error::use_stderr);
    text::printable(&again.as_ref().unwrap_or(error).render().to_string())
}

async fn run(cli: Cli) -> Outcome {
    let Cli { global, command } = cli;
    if let Some(path) = &global.log_file {
        setup::log_to(path)?;
    }
    let clock = Clock::real();
    refuse_stray_filter(&global, command.as_ref())?;
    match command {
        None => host::board(&global, clock).await,
        Some(Command::Demo(world)) => host::demo(&global, &world, clock).await,
        Some(Command::Sandbox(args)) => host::sandbox(&args, clock).await,
        Some(Command::Cards) => read::cards(&global, clock).await,
        Some(Command::Card { card }) => read::card(&global, &card, clock).await,
        Some(Command::Transactions { card, limit }) => {
            read::transactions(&global, card.as_deref(), limit, clock).await
        }
        Some(Command::Providers) => read::providers(&global, clock).await,
        Some(Command::Freeze(args)) => change::freeze(&global, args, clock).await,
        Some(Command::Unfreeze(args)) => change::unfreeze(&global, args, clock).await,
        Some(Command::Topup(args)) => change::top_up(&global, args, clock).await,
        Some(Command::Pin(args)) => change::pin(&global, args, clock).await,
        Some(Command::Close(args)) => change::close(&global, args, clock).await,
        Some(Command::Ops { command: None, limit }) => {
            read::operations(&global, limit, clock).await
        }
        Some(Command::Ops { command: Some(OpsCommand::Check { op }), .. }) => {
            change::check(&global, &op, clock).await
        }
        Some(Command::Ops { command: Some(OpsCommand::Show { op }), .. }) => {
            read::operation(&global, &op, clock).await
        }
        Some(Command::Ops { command: Some(OpsCommand::Settle(args)), .. }) => {
            settle::settle(&global, args, clock).await
        }
        Some(Command::Ops { command: Some(OpsCommand::Verify), .. }) => {
            read::verify(&global, clock).await
        }
        Some(Command::Init) => setup::init(&global),
        Some(Command::Completions { shell }) => setup::completions(shell),
        Some(Command::Man { command }) => setup::manual(command.as_deref()),
    }
}

/// A filter that would be ignored is refused: an unfiltered answer must not look like a filtered
/// one.
fn refuse_stray_filter(global: &Global, command: Option<&Command>) -> Result<(), Failure> {
    let lists = matches!(
        command,
        Some(Command::Cards | Command::Transactions { .. } | Command::Ops { command: None, .. })
    );
    if global.filter.is_some() && !lists {
        return Err(Failure::usage("--filter is for lists: cards, transactions and ops"));
    }
    Ok(())
}

/// Says something on standard error. That it cannot be written is no reason to fail.
pub(crate) fn complain(words: &str) {
    let _ = writeln!(io::stderr().lock(), "cardtop: {}", text::printable(words));
}

/// A time to wait: `30s`, `2m`, `500ms`, `0s`.
///
/// # Errors
/// A sentence, when it is anything else.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    match config::read_duration(text) {
        Some(time) if time <= Duration::from_secs(86_400) => Ok(time),
        Some(_) => Err("at most 24h".to_owned()),
        None => Err("write a number and ms, s, m or h, such as 30s".to_owned()),
    }
}

/// The words of `--scenario`, each with what it does: for the help and for completions.
impl clap::ValueEnum for Scenario {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()).help(self.description()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::ProviderId;
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
        let said = refusal(&error, arguments.into_iter());
        assert!(said.contains("unrecognized subcommand '?x?'"), "{said}");
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
    fn a_time_to_wait_is_a_number_with_its_unit() {
        for (text, milliseconds) in
            [("30s", 30_000), ("2m", 120_000), ("500ms", 500), ("0s", 0), ("1h", 3_600_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "30", "s", "-1s", "1.5s", "25h", "99999999999999999999s", "1s1"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn exit_codes_are_the_contract() {
        let codes = [
            Exit::Done,
            Exit::Refused,
            Exit::Usage,
            Exit::Unreachable,
            Exit::Unknown,
            Exit::Accepted,
        ]
        .map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_providers_error_is_unreachable_or_refused() {
        let of = |kind| Exit::of_error(&Error::new(&ProviderId::new("acme"), kind, "no"));
        for kind in
            [ErrorKind::Auth, ErrorKind::RateLimited, ErrorKind::Unreachable, ErrorKind::BadReply]
        {
            assert_eq!(of(kind), Exit::Unreachable, "{kind:?}");
        }
        for kind in [ErrorKind::Refused, ErrorKind::NotFound, ErrorKind::NotOffered] {
            assert_eq!(of(kind), Exit::Refused, "{kind:?}");
        }
    }

    #[test]
    fn of_several_reads_the_worst_decides() {
        let all = |exits: &[Exit]| exits.iter().fold(Exit::Done, |sum, exit| sum.and(*exit));
        assert_eq!(all(&[]), Exit::Done);
        assert_eq!(all(&[Exit::Done, Exit::Refused, Exit::Done]), Exit::Refused);
        assert_eq!(all(&[Exit::Refused, Exit::Unreachable, Exit::Refused]), Exit::Unreachable);
    }

    #[test]
    fn a_filter_that_would_be_ignored_is_refused() {
        for line in
            ["cardtop --filter x", "cardtop providers --filter x", "cardtop freeze 4242 --filter x"]
        {
            let cli = parse(line).expect("a valid line");
            let failure = refuse_stray_filter(&cli.global, cli.command.as_ref()).expect_err(line);
            assert_eq!(failure.exit, Exit::Usage, "{line}");
        }
        for line in [
            "cardtop cards --filter x",
            "cardtop transactions --filter x",
            "cardtop ops --filter x",
        ] {
            let cli = parse(line).expect("a valid line");
            assert!(refuse_stray_filter(&cli.global, cli.command.as_ref()).is_ok(), "{line}");
        }
    }
}
