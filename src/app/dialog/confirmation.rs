//! What a change takes to be confirmed: one table, by action, environment and risk, and the
//! keys that satisfy it.
//!
//! No dialog decides for itself how dangerous it is, and nothing here sends.

use rust_decimal::Decimal;

use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::config::Environment;
use crate::domain::money::Money;
use crate::domain::operation::ActionKind;

/// What is typed to confirm a change, and how much of it.
#[derive(Debug)]
pub(crate) struct Confirmation {
    pub(crate) level: ConfirmationLevel,
    /// What is typed to arm the change.
    pub(crate) typed: Field,
}

/// How hard a change is to confirm, from the easiest to the hardest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfirmationLevel {
    /// The safe direction: a reason, then `y`.
    Reason,
    /// Money: a page to review, then `y`.
    Review,
    /// Opens spending, large, or secret: last four of the card, then `y` or Enter.
    LastFour,
    /// Cannot be undone: a typed phrase, then Enter.
    Phrase,
}

/// Whether a change is more dangerous than others of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Risk {
    Ordinary,
    /// A large amount, or one that looks like a repetition.
    Raised,
}

/// What a key did to the confirmation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyOutcome {
    /// The change is confirmed.
    Confirmed,
    /// The key was typed into the field.
    Taken,
    /// The key does not confirm; one sentence why.
    Refused(String),
    /// The key means nothing here.
    Ignored,
}

/// Amounts above which a top-up is large, in major units, by currency; other currencies as
/// [`LARGE`].
const LARGE_BY_CURRENCY: [(&str, i64); 8] = [
    ("JPY", 50_000),
    ("KRW", 500_000),
    ("INR", 25_000),
    ("KWD", 150),
    ("BHD", 150),
    ("OMR", 150),
    ("VND", 10_000_000),
    ("IDR", 5_000_000),
];

/// Above how many major units a top-up is large where [`LARGE_BY_CURRENCY`] does not say.
const LARGE: i64 = 500;

/// Most characters of what is typed to arm a change.
const TYPED: usize = 40;

/// Whether a top-up is large, and so asks for the last four digits.
pub(crate) fn is_large(amount: Money) -> bool {
    let code = amount.currency();
    let limit = LARGE_BY_CURRENCY
        .iter()
        .find(|(known, _)| *known == code.code())
        .map_or(LARGE, |(_, limit)| *limit);
    amount.amount() > Decimal::from(limit)
}

/// What a change takes to be confirmed.
pub(super) const fn required_level(
    action_kind: ActionKind,
    environment: Environment,
    risk: Risk,
) -> ConfirmationLevel {
    match (action_kind, environment, risk) {
        (ActionKind::Freeze, ..) => ConfirmationLevel::Reason,
        (ActionKind::Unfreeze, Environment::Sandbox, _)
        | (ActionKind::TopUp, _, Risk::Ordinary) => ConfirmationLevel::Review,
        (ActionKind::Unfreeze, Environment::Production, _)
        | (ActionKind::TopUp, _, Risk::Raised)
        | (ActionKind::SetPin, ..) => ConfirmationLevel::LastFour,
        (ActionKind::Close, ..) => ConfirmationLevel::Phrase,
    }
}

impl Confirmation {
    /// Nothing typed yet.
    pub(super) fn new(level: ConfirmationLevel) -> Self {
        Self { level, typed: Field::new(TYPED) }
    }

    /// Whether something has to be typed to arm the change.
    pub(crate) const fn asks_text(&self) -> bool {
        match self.level {
            ConfirmationLevel::Reason | ConfirmationLevel::Review => false,
            ConfirmationLevel::LastFour | ConfirmationLevel::Phrase => true,
        }
    }

    /// Whether what is typed is what is `wanted`, so that one more key confirms.
    fn is_armed(&self, wanted: &str) -> bool {
        !self.asks_text() || (!wanted.is_empty() && self.typed.text() == wanted)
    }

    /// Forgets what was typed.
    pub(super) fn disarm(&mut self) {
        self.typed = Field::new(TYPED);
    }

    /// A key. `wanted` is the text that arms.
    pub(super) fn key(&mut self, chord: &Chord, wanted: &str) -> KeyOutcome {
        let yes = chord.typed() == Some('y');
        let enter = *chord == Chord::plain(Key::Enter);
        match self.level {
            ConfirmationLevel::Reason | ConfirmationLevel::Review if yes => KeyOutcome::Confirmed,
            ConfirmationLevel::Reason | ConfirmationLevel::Review if enter => {
                KeyOutcome::Refused("Enter never confirms here: press y".to_owned())
            }
            ConfirmationLevel::Reason | ConfirmationLevel::Review => KeyOutcome::Ignored,
            ConfirmationLevel::LastFour if self.is_armed(wanted) && (yes || enter) => {
                KeyOutcome::Confirmed
            }
            ConfirmationLevel::Phrase if self.is_armed(wanted) && enter => KeyOutcome::Confirmed,
            ConfirmationLevel::LastFour | ConfirmationLevel::Phrase if enter => {
                KeyOutcome::Refused(format!("type {wanted} first"))
            }
            ConfirmationLevel::LastFour => self.last_four_key(chord, wanted),
            ConfirmationLevel::Phrase => {
                self.type_key(chord, wanted, "armed: Enter confirms, Esc does nothing")
            }
        }
    }

    fn last_four_key(&mut self, chord: &Chord, wanted: &str) -> KeyOutcome {
        // Where digits are wanted, letters stay the commands beside the field: `e` is no digit.
        let wants_digits = wanted.bytes().all(|b| b.is_ascii_digit());
        match chord.typed() {
            Some('y') if wants_digits => KeyOutcome::Refused(format!("type {wanted} first")),
            Some(c) if wants_digits && !c.is_ascii_digit() => KeyOutcome::Ignored,
            Some(_) | None => self.type_key(chord, wanted, "armed: y confirms, Esc does nothing"),
        }
    }

    /// Types a character, unless as many as wanted stand there already.
    fn type_key(&mut self, chord: &Chord, wanted: &str, when_armed: &str) -> KeyOutcome {
        let is_full = self.typed.text().chars().count() >= wanted.chars().count();
        if chord.typed().is_some() && is_full {
            return KeyOutcome::Refused(if self.is_armed(wanted) {
                when_armed.to_owned()
            } else {
                // What was typed may be a part of a PIN.
                format!("that is not {wanted}: Backspace")
            });
        }
        if self.typed.key(chord) { KeyOutcome::Taken } else { KeyOutcome::Ignored }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top_up_risk(text: &str, code: &str) -> Risk {
        let currency = code.parse().expect("a currency");
        let amount = Money::parse_input(text, currency).expect("an amount");
        if is_large(amount) { Risk::Raised } else { Risk::Ordinary }
    }

    #[test]
    fn every_change_has_its_level() {
        use ActionKind::{Close, Freeze, SetPin, TopUp, Unfreeze};
        use ConfirmationLevel::{LastFour, Phrase, Reason, Review};
        use Environment::{Production, Sandbox};
        let check = |action_kind, environment, risk, level| {
            assert_eq!(
                required_level(action_kind, environment, risk),
                level,
                "{action_kind:?} {environment:?} {risk:?}"
            );
        };
        check(Freeze, Production, Risk::Ordinary, Reason);
        check(Unfreeze, Production, Risk::Ordinary, LastFour);
        check(Unfreeze, Sandbox, Risk::Ordinary, Review);
        check(TopUp, Production, top_up_risk("30", "USD"), Review);
        check(TopUp, Production, top_up_risk("500", "USD"), Review);
        check(TopUp, Production, top_up_risk("500.01", "USD"), LastFour);
        check(TopUp, Production, top_up_risk("5000", "JPY"), Review);
        check(TopUp, Sandbox, Risk::Raised, LastFour);
        check(SetPin, Sandbox, Risk::Ordinary, LastFour);
        check(Close, Sandbox, Risk::Ordinary, Phrase);
    }

    #[test]
    fn a_change_is_confirmed_only_by_its_own_text() {
        let press = |confirmation: &mut Confirmation, key: &str| {
            confirmation.key(&key.parse().expect("a key"), "4242")
        };
        let mut last_four = Confirmation::new(ConfirmationLevel::LastFour);
        assert!(matches!(press(&mut last_four, "enter"), KeyOutcome::Refused(_)));
        for key in ["4", "2", "4", "3"] {
            assert_eq!(press(&mut last_four, key), KeyOutcome::Taken);
        }
        assert!(matches!(press(&mut last_four, "y"), KeyOutcome::Refused(_)));
        assert!(matches!(press(&mut last_four, "2"), KeyOutcome::Refused(_)));
        assert_eq!(press(&mut last_four, "backspace"), KeyOutcome::Taken);
        assert_eq!(press(&mut last_four, "2"), KeyOutcome::Taken);
        assert_eq!(press(&mut last_four, "y"), KeyOutcome::Confirmed);
        let mut review = Confirmation::new(ConfirmationLevel::Review);
        assert!(matches!(press(&mut review, "enter"), KeyOutcome::Refused(_)));
        assert_eq!(press(&mut review, "y"), KeyOutcome::Confirmed);
    }
}
