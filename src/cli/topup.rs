//! `topup CARD AMOUNT`, and `topup --from FILE`.

mod bulk;
mod file;
mod payment;
mod results;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::Run;
use super::change::{self, Change, ChangeArguments, duration, require_phrase};
use super::failure::{Failure, Outcome};
use super::global::Global;
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::domain::operation::{Action, ActionKind, Capabilities, OnConflict, Refusal};
use crate::domain::text;

/// Send a card money from the float, or many cards from a file
#[derive(Debug, Args)]
pub(crate) struct TopUp {
    /// provider/id, a unique beginning of an id, or the last four digits
    #[arg(value_name = "CARD", required_unless_present = "from")]
    card: Option<String>,
    /// How much, in the card's currency: 10.00
    #[arg(value_name = "AMOUNT", allow_negative_numbers = true, required_unless_present = "from")]
    amount: Option<String>,
    /// Every line of this CSV: card, amount, and if wanted currency and reason. Run again, it goes
    /// on where it ended: what was sent is not sent again
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["card", "amount", "reason", "second"]
    )]
    from: Option<PathBuf>,
    /// Which batch the file is: the same card and amount is paid once in each. Say another one to
    /// pay the same again, such as 2026-05
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// Send once more the lines that FAILED: nothing of them happened
    #[arg(long)]
    retry_failed: bool,
    /// Do it. Without this, cardtop says what it would do and sends nothing
    #[arg(long)]
    yes: bool,
    /// Why: kept in the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// How long to wait until the effect is seen, of each line: 30s, 2m, 500ms, 0s
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    wait: Duration,
    // No doc comment: rustdoc would take `<last4>` for HTML.
    #[arg(
        long,
        value_name = "PHRASE",
        help = "\"SECOND <last4>\": send although an earlier top-up of this card is not settled, \
                or an equal one came within ten minutes"
    )]
    second: Option<String>,
}

impl Run for TopUp {
    fn may_be_interrupted(&self) -> bool {
        false
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        match &self.from {
            Some(path) => {
                let asked = bulk::Asked {
                    batch: self.batch.as_deref().unwrap_or_default(),
                    confirmed: self.yes,
                    retries_failed: self.retry_failed,
                    wait: self.wait,
                };
                bulk::run(path, &asked, global, clock).await
            }
            None if self.batch.is_some() || self.retry_failed => {
                let message = "--batch and --retry-failed are for --from FILE; nothing was sent";
                Err(Failure::usage(message).now("nothing was sent"))
            }
            None => change::run(&self.of_one_card(), global, clock).await,
        }
    }
}

impl TopUp {
    fn of_one_card(self) -> TopUpOfCard {
        let Self { card, amount, yes, reason, wait, second, .. } = self;
        // The parser wants both where there is no file.
        let (card, amount) = (card.unwrap_or_default(), amount.unwrap_or_default());
        TopUpOfCard { change: ChangeArguments { card, yes, reason, wait }, amount, second }
    }
}

/// The top-up of one card.
#[derive(Debug)]
pub(crate) struct TopUpOfCard {
    change: ChangeArguments,
    amount: String,
    second: Option<String>,
}

impl Change for TopUpOfCard {
    fn kind(&self) -> ActionKind {
        ActionKind::TopUp
    }

    fn arguments(&self) -> &ChangeArguments {
        &self.change
    }

    fn action(&self, card: &Card, capabilities: &Capabilities) -> Result<Action, Failure> {
        if let Some(typed) = &self.second {
            require_phrase("--second", typed, "SECOND", card)?;
        }
        let currency =
            card.currency.ok_or_else(|| Failure::refused(Refusal::NoCurrency.to_string()))?;
        capabilities
            .typed_amount(&self.amount, currency)
            .map(Action::TopUp)
            .map_err(|why| Failure::usage(format!("AMOUNT {}: {why}", text::clean(&self.amount))))
    }

    fn intention(&self, action: &Action) -> String {
        match action.amount() {
            Some(amount) => format!("top up {amount} to"),
            None => "top up".to_owned(),
        }
    }

    fn needs_reading(&self, card: &Card) -> bool {
        card.currency.is_none() || (self.second.is_some() && card.last4.is_none())
    }

    fn on_conflict(&self) -> OnConflict {
        match self.second {
            Some(_) => OnConflict::Override,
            None => OnConflict::Refuse,
        }
    }
}

#[cfg(test)]
impl TopUpOfCard {
    /// As `topup 4242 AMOUNT` asks for it.
    pub(crate) fn of(amount: &str) -> Self {
        let change = change::tests::arguments();
        Self { change, amount: amount.to_owned(), second: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::change::tests::{arguments, capabilities};
    use crate::cli::exit::Exit;
    use crate::contract::samples::card;

    fn action(amount: &str, second: Option<&str>) -> Result<Action, Failure> {
        let second = second.map(str::to_owned);
        let command = TopUpOfCard { change: arguments(), amount: amount.to_owned(), second };
        command.action(&card(), &capabilities())
    }

    #[test]
    fn an_amount_is_typed_in_the_cards_currency() {
        for (text, digits) in [("10", "10.000"), ("10.00", "10.000"), ("0.001", "0.001")] {
            let done = action(text, None).expect("an amount");
            assert_eq!(
                done.amount().map(|money| money.to_string()),
                Some(format!("{digits} KWD")),
                "{text}"
            );
        }
        for text in ["ten", "-5", "0", "1.2345", "1,000", ""] {
            assert_eq!(action(text, None).expect_err(text).exit, Exit::Usage, "{text}");
        }
    }

    #[test]
    fn a_second_top_up_needs_its_phrase() {
        assert!(action("10", Some("SECOND 4242")).is_ok());
        let failure = action("10", Some("SECOND 1111")).expect_err("another card's digits");
        assert_eq!(failure.exit, Exit::Usage);
    }
}
