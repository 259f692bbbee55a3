//! `topup CARD AMOUNT`.

use clap::Args;

use super::Run;
use super::change::{self, Change, ChangeArguments, require_phrase};
use super::failure::{Failure, Outcome};
use super::global::Global;
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::domain::operation::{Action, ActionKind, Capabilities, OnConflict, Refusal};
use crate::domain::text;

/// Send a card money from the float
#[derive(Debug, Args)]
pub(crate) struct TopUp {
    #[command(flatten)]
    change: ChangeArguments,
    /// How much, in the card's currency: 10.00
    #[arg(value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: String,
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
        change::run(&self, global, clock).await
    }
}

impl Change for TopUp {
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
mod tests {
    use super::*;
    use crate::cli::change::tests::{arguments, capabilities};
    use crate::cli::exit::Exit;
    use crate::contract::samples::card;

    fn action(amount: &str, second: Option<&str>) -> Result<Action, Failure> {
        let second = second.map(str::to_owned);
        let command = TopUp { change: arguments(), amount: amount.to_owned(), second };
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
