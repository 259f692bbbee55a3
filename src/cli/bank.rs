//! The built-in providers of `demo` and `sandbox`: a made-up bank on loopback.

use std::fs;
use std::path::Path;

use clap::{Args, value_parser};

use super::exit::Exit;
use super::failure::Failure;
use super::scratch::unusable;
use crate::clock::Clock;
use crate::contract::FailureKind;
use crate::provider::Config;
use crate::sandbox::{Dialect, Options, Sandbox, Scenario, Serving, WebhookOptions};

/// The made-up bank of `demo` and `sandbox`.
#[derive(Debug, Args)]
pub(crate) struct BankArguments {
    /// Cards of each provider
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16,
        value_parser = value_parser!(u32).range(1..=100_000)
    )]
    cards: u32,
    /// Transactions that each provider already has
    #[arg(
        long,
        value_name = "N",
        default_value_t = 120,
        value_parser = value_parser!(u32).range(0..=1_000_000)
    )]
    transactions: u32,
    /// The same seed makes the same bank
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Something that goes wrong by itself (may be repeated)
    #[arg(long, value_name = "WORD", value_enum, ignore_case = true, hide_possible_values = false)]
    pub(super) scenario: Vec<Scenario>,
    /// Cardholders do not spend by themselves
    #[arg(long)]
    still: bool,
}

/// The configuration that [`open`] wrote, read as any other.
pub(crate) fn configuration(file: &Path) -> Result<Config, Failure> {
    Config::load(Some(file)).map_err(|error| Failure::configuration(error.to_string()))
}

/// Starts the bank, and writes the configuration that leads to it.
pub(crate) async fn open(
    bank: &BankArguments,
    webhooks: Option<WebhookOptions>,
    port: Option<u16>,
    file: &Path,
    clock: &Clock,
) -> Result<(Sandbox, Serving), Failure> {
    let sandbox = Sandbox::new(Options { webhooks, ..options(bank) }, clock.clone());
    let serving = sandbox.serve(port).await.map_err(|error| {
        let message =
            format!("the built-in providers could not open their ports on loopback: {error}");
        Failure::new(Exit::Usage, FailureKind::System, message)
    })?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    }
    sandbox
        .write_config(&|dialect| base(&serving, dialect), file)
        .map_err(|error| unusable(file, &error))?;
    Ok((sandbox, serving))
}

pub(crate) fn base(serving: &Serving, dialect: Dialect) -> String {
    format!("http://{}", serving.addr(dialect))
}

fn options(bank: &BankArguments) -> Options {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Options {
        seed: bank.seed,
        cards: size(bank.cards),
        transactions: size(bank.transactions),
        scenarios: bank.scenario.clone(),
        busy: !bank.still,
        webhooks: None,
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
