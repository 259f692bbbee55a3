//! The bank of a torture: rich, quiet, and reached through whatever network is put before it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use cardtop::clock::Clock;
use cardtop::domain::money::Money;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use crate::proxy::Dice;

/// A bank where nobody spends by himself and the float pays for everything.
pub(crate) fn open(seed: u64, cards: usize, clock: Clock) -> anyhow::Result<Sandbox> {
    let options = Options { seed, cards, transactions: 0, busy: false, ..Options::default() };
    let sandbox = Sandbox::new(options, clock);
    for dialect in Dialect::ALL {
        for currency in ["USD", "EUR", "JPY", "KWD", "INR"] {
            if sandbox.float(dialect, currency).is_some() {
                let currency = currency.parse().map_err(|_| anyhow!("no currency"))?;
                sandbox
                    .set_float(dialect, Money::new(Decimal::from(1_000_000_000_000_u64), currency));
            }
        }
    }
    Ok(sandbox)
}

/// Clocks that are wrong by minutes, pages that are capped, totals that count the page, and ids
/// that rows spell otherwise.
pub(crate) fn be_hostile(sandbox: &Sandbox, seed: u64) {
    let mut dice = Dice::new(seed ^ 0xBAD_C10C);
    for dialect in Dialect::ALL {
        let seconds = i64::try_from(dice.below(600)).unwrap_or(0) - 300;
        sandbox.set_clock_offset(dialect, SignedDuration::from_secs(seconds));
        sandbox.cap_pages(dialect, Some(3));
        sandbox.set_totals_count_page(dialect, dice.below(2) == 0);
        sandbox.set_alternate_ids_in_rows(dialect, dice.below(2) == 0);
    }
}

/// Writes a configuration of the four wires, each at its base address, with this patience.
pub(crate) fn configure(
    sandbox: &Sandbox,
    base: &dyn Fn(Dialect) -> String,
    path: &Path,
    patience: Duration,
    others_top_up: bool,
) -> anyhow::Result<()> {
    sandbox.write_config(base, path).context("the configuration")?;
    let text = std::fs::read_to_string(path)?;
    let patience = format!(
        "timeout = \"{}ms\"\nothers_top_up = {others_top_up}\nrate_limit = ",
        patience.as_millis()
    );
    Ok(std::fs::write(path, text.replace("rate_limit = ", &patience))?)
}
