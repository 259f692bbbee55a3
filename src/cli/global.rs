//! The arguments that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::contract::Rows;
use crate::provider::ProviderKind;
use crate::provider::kinds::KINDS;
use crate::tty::Color;

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file, instead of the one that CARDTOP_CONFIG names, or that in the platform's
    /// folder
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Global options"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Folder of cards, readings and the journal, instead of the platform's
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        help_heading = "Global options"
    )]
    pub(crate) data: Option<PathBuf>,
    /// Only this provider account
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub(crate) provider: Option<String>,
    /// Refuse every change
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) read_only: bool,
    /// How to print
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Global options")]
    format: Option<Layout>,
    /// Short for --format json
    #[arg(long, global = true, conflicts_with = "format", help_heading = "Global options")]
    json: bool,
    /// Print the JSON Schema of what the command prints with --json, and do nothing else
    // Read by `super::schema`, since it asks for none of the command's arguments.
    #[arg(long, global = true, help_heading = "Global options")]
    schema: bool,
    /// Only rows that match, such as 'state:declined amount>20 since:8h'
    #[arg(
        long,
        global = true,
        value_name = "EXPR",
        allow_hyphen_values = true,
        help_heading = "Global options"
    )]
    pub(crate) filter: Option<String>,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Global options"
    )]
    pub(crate) color: ColorChoice,
    /// Write a log to this file (CARDTOP_LOG says how much; `info` when unset)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Global options"
    )]
    pub(crate) log_file: Option<PathBuf>,
    /// The rows among which the filter chooses. No argument: the command says it.
    #[arg(skip)]
    pub(crate) filtered: Option<Rows>,
    /// The kinds of providers that a configuration may name. No argument: set by the caller of
    /// [`main_with`](super::main_with).
    #[arg(skip = KINDS)]
    pub(crate) kinds: &'static [&'static ProviderKind],
}

impl Global {
    /// How to print: `--json` is short for `--format json`; a table when neither is given. What is
    /// said on standard error goes by it, too: beside lines of JSON it is JSON.
    pub(crate) fn format(&self) -> Format {
        match self.layout() {
            Some(Layout::Json | Layout::Jsonl) => Format::Json,
            Some(Layout::Csv) => Format::Csv,
            Some(Layout::Table | Layout::Markdown) | None => Format::Table,
        }
    }

    /// The word of `--format`, or that of `--json`; `None` where neither is given.
    pub(crate) fn layout(&self) -> Option<Layout> {
        if self.json { Some(Layout::Json) } else { self.format }
    }
}

/// The words of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// Aligned columns for people.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header.
    Csv,
    /// A JSON object a line; where a command says that it takes it.
    Jsonl,
    /// A document or a table in Markdown; where a command says that it takes it.
    Markdown,
}

impl Layout {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Markdown => "markdown",
        }
    }
}

/// How records are printed by most commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Aligned columns for people.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<ColorChoice> for Color {
    fn from(choice: ColorChoice) -> Self {
        match choice {
            ColorChoice::Auto => Self::Auto,
            ColorChoice::Always => Self::Always,
            ColorChoice::Never => Self::Never,
        }
    }
}
