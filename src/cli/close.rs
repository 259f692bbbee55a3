//! `close CARD`: for good, so it wants a phrase with the card's digits beside `--yes`.

use clap::Args;

use super::Run;
use super::change::{self, Change, ChangeArguments, phrase, require_phrase};
use super::failure::{Failure, Outcome};
use super::global::Global;
use crate::clock::Clock;
use crate::domain::card::Card;
use crate::domain::operation::{Action, ActionKind, Capabilities};

/// Close a card for good
#[derive(Debug, Args)]
pub(crate) struct Close {
    #[command(flatten)]
    change: ChangeArguments,
    // No doc comment: rustdoc would take `<last4>` for HTML.
    #[arg(long, value_name = "PHRASE", help = "\"CLOSE <last4>\": closing cannot be undone")]
    confirm: Option<String>,
}

impl Run for Close {
    fn may_be_interrupted(&self) -> bool {
        false
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        change::run(&self, global, clock).await
    }
}

impl Change for Close {
    fn kind(&self) -> ActionKind {
        ActionKind::Close
    }

    fn arguments(&self) -> &ChangeArguments {
        &self.change
    }

    fn action(&self, card: &Card, _capabilities: &Capabilities) -> Result<Action, Failure> {
        let typed = self.confirm.as_deref().unwrap_or_default();
        require_phrase("--confirm", typed, "CLOSE", card)?;
        Ok(Action::Close)
    }

    /// The phrase may be missing, but none may be wrong.
    fn unconfirmed_action(
        &self,
        card: &Card,
        capabilities: &Capabilities,
    ) -> Result<Action, Failure> {
        if self.confirm.is_none() { Ok(Action::Close) } else { self.action(card, capabilities) }
    }

    fn intention(&self, _action: &Action) -> String {
        "close for good".to_owned()
    }

    fn missing_confirmation(&self, card: &Card) -> Option<String> {
        let phrase = phrase("CLOSE", card);
        self.confirm.is_none().then(|| format!("--confirm \"{phrase}\""))
    }

    fn needs_reading(&self, card: &Card) -> bool {
        card.last4.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::change::tests::{arguments, capabilities};
    use crate::cli::exit::Exit;
    use crate::contract::samples::card;

    fn close(phrase: Option<&str>, card: &Card) -> Result<Action, Failure> {
        let command = Close { change: arguments(), confirm: phrase.map(str::to_owned) };
        command.action(card, &capabilities())
    }

    #[test]
    fn closing_needs_the_phrase_with_this_cards_digits() {
        for wrong in [None, Some(""), Some("CLOSE"), Some("close 4242"), Some("CLOSE 4243")] {
            let failure = close(wrong, &card()).expect_err("not confirmed");
            assert_eq!(failure.exit, Exit::Usage);
            let words = failure.words();
            assert!(words.contains("--confirm \"CLOSE 4242\""), "{words}");
        }
        let confirmed = close(Some("CLOSE 4242"), &card());
        assert_eq!(confirmed.map(|action| action.action_kind()).ok(), Some(ActionKind::Close));
    }

    #[test]
    fn the_end_of_the_id_stands_for_digits_that_are_not_known() {
        let unread = Card { last4: None, ..card() };
        assert!(close(Some("CLOSE c-1"), &unread).is_ok());
    }
}
