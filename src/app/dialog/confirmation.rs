//! What a change takes to be confirmed: one table, by deed, environment and size, and the gate that
//! asks for it.
//!
//! No dialog decides for itself how dangerous it is, and nothing here sends.

use rust_decimal::Decimal;

use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::config::Environment;
use crate::domain::money::Money;
use crate::domain::operation::ActionKind;

/// How hard a change is to confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfirmationLevel {
    /// 1, the safe direction: a reason, then `y`.
    Reason,
    /// 2, money: a page to check, then `y`.
    Check,
    /// 3, opens spending, large, or secret: last four of the card, then `y` or Enter.
    LastFour,
    /// 4, cannot be undone: a typed phrase, then Enter.
    Phrase,
}

/// One row of the table. `None` fits everything.
struct Rule {
    action_kind: ActionKind,
    environment: Option<Environment>,
    large: Option<bool>,
    confirmation: ConfirmationLevel,
}

/// The first row that fits counts; the last five fit everything, one a deed.
const RULES: [Rule; 7] = [
    Rule {
        action_kind: ActionKind::Unfreeze,
        environment: Some(Environment::Production),
        large: None,
        confirmation: ConfirmationLevel::LastFour,
    },
    Rule {
        action_kind: ActionKind::TopUp,
        environment: None,
        large: Some(true),
        confirmation: ConfirmationLevel::LastFour,
    },
    Rule {
        action_kind: ActionKind::Freeze,
        environment: None,
        large: None,
        confirmation: ConfirmationLevel::Reason,
    },
    Rule {
        action_kind: ActionKind::Unfreeze,
        environment: None,
        large: None,
        confirmation: ConfirmationLevel::Check,
    },
    Rule {
        action_kind: ActionKind::TopUp,
        environment: None,
        large: None,
        confirmation: ConfirmationLevel::Check,
    },
    Rule {
        action_kind: ActionKind::SetPin,
        environment: None,
        large: None,
        confirmation: ConfirmationLevel::LastFour,
    },
    Rule {
        action_kind: ActionKind::Close,
        environment: None,
        large: None,
        confirmation: ConfirmationLevel::Phrase,
    },
];

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

/// Whether a top-up is large, and so asks for the last four digits.
pub(crate) fn is_large(amount: Money) -> bool {
    let code = amount.currency();
    let limit = LARGE_BY_CURRENCY
        .iter()
        .find(|(known, _)| *known == code.code())
        .map_or(LARGE, |(_, limit)| *limit);
    amount.amount() > Decimal::from(limit)
}

/// The grade of a change. `raised` is said where it looks like a repetition: it then counts as
/// large.
pub(crate) fn confirmation(
    action_kind: ActionKind,
    environment: Environment,
    amount: Option<Money>,
    raised: bool,
) -> ConfirmationLevel {
    let large = raised || amount.is_some_and(is_large);
    RULES
        .iter()
        .find(|rule| {
            rule.action_kind == action_kind
                && rule.environment.is_none_or(|wanted| wanted == environment)
                && rule.large.is_none_or(|wanted| wanted == large)
        })
        .map_or(ConfirmationLevel::Phrase, |rule| rule.confirmation)
}

/// Asks for what the grade wants, and opens only then.
#[derive(Debug)]
pub(crate) struct Confirmation {
    /// The grade.
    pub(crate) confirmation: ConfirmationLevel,
    /// What is typed to arm.
    pub(crate) typed: Field,
}

/// What a key did at the gate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyOutcome {
    /// The change is confirmed.
    Confirmed,
    /// The key was typed into the field.
    Taken,
    /// The key does not confirm; one sentence why.
    Refused(String),
    /// Not a key of the gate.
    NotMine,
}

impl Confirmation {
    /// A closed gate.
    pub(crate) fn new(confirmation: ConfirmationLevel) -> Self {
        Self { confirmation, typed: Field::new(40) }
    }

    /// Whether something has to be typed.
    pub(crate) const fn asks_text(&self) -> bool {
        match self.confirmation {
            ConfirmationLevel::Reason | ConfirmationLevel::Check => false,
            ConfirmationLevel::LastFour | ConfirmationLevel::Phrase => true,
        }
    }

    /// Whether the wanted text stands there.
    pub(crate) fn armed(&self, wanted: &str) -> bool {
        !self.asks_text() || (!wanted.is_empty() && self.typed.text() == wanted)
    }

    /// Forgets what was typed.
    pub(crate) fn disarm(&mut self) {
        self.typed = Field::new(40);
    }

    /// A key. `wanted` is the text that arms.
    pub(crate) fn key(&mut self, chord: &Chord, wanted: &str) -> KeyOutcome {
        let yes = chord.typed() == Some('y');
        let enter = *chord == Chord::plain(Key::Enter);
        match self.confirmation {
            ConfirmationLevel::Reason | ConfirmationLevel::Check if yes => KeyOutcome::Confirmed,
            ConfirmationLevel::Reason | ConfirmationLevel::Check if enter => {
                KeyOutcome::Refused("Enter never confirms here: press y".to_owned())
            }
            ConfirmationLevel::Reason | ConfirmationLevel::Check => KeyOutcome::NotMine,
            ConfirmationLevel::LastFour if self.armed(wanted) && (yes || enter) => {
                KeyOutcome::Confirmed
            }
            ConfirmationLevel::Phrase if self.armed(wanted) && enter => KeyOutcome::Confirmed,
            ConfirmationLevel::LastFour | ConfirmationLevel::Phrase if enter => {
                KeyOutcome::Refused(format!("type {wanted} first"))
            }
            ConfirmationLevel::LastFour | ConfirmationLevel::Phrase => self.type_key(chord, wanted),
        }
    }

    fn type_key(&mut self, chord: &Chord, wanted: &str) -> KeyOutcome {
        if let Some(c) = chord.typed() {
            // Commands beside the field stay usable while it cannot be meant: `e` is no digit.
            if self.confirmation == ConfirmationLevel::LastFour
                && wanted.bytes().all(|b| b.is_ascii_digit())
                && !c.is_ascii_digit()
            {
                return if c == 'y' {
                    KeyOutcome::Refused(format!("type {wanted} first"))
                } else {
                    KeyOutcome::NotMine
                };
            }
            if self.typed.text().chars().count() >= wanted.chars().count() {
                return KeyOutcome::Refused(match (self.armed(wanted), self.confirmation) {
                    (true, ConfirmationLevel::Phrase) => {
                        "armed: Enter confirms, Esc does nothing".to_owned()
                    }
                    (
                        true,
                        ConfirmationLevel::Reason
                        | ConfirmationLevel::Check
                        | ConfirmationLevel::LastFour,
                    ) => "armed: y confirms, Esc does nothing".to_owned(),
                    (false, _) => format!("{} is not {wanted}: Backspace", self.typed.text()),
                });
            }
        }
        if self.typed.key(chord) { KeyOutcome::Taken } else { KeyOutcome::NotMine }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str, code: &str) -> Option<Money> {
        Money::parse_input(text, code.parse().expect("a currency")).ok()
    }

    #[test]
    fn every_change_has_its_grade() {
        use Environment::{Production, Sandbox};
        assert_eq!(
            confirmation(ActionKind::Freeze, Production, None, false),
            ConfirmationLevel::Reason
        );
        assert_eq!(
            confirmation(ActionKind::Unfreeze, Production, None, false),
            ConfirmationLevel::LastFour
        );
        assert_eq!(
            confirmation(ActionKind::Unfreeze, Sandbox, None, false),
            ConfirmationLevel::Check
        );
        assert_eq!(
            confirmation(ActionKind::TopUp, Production, money("30", "USD"), false),
            ConfirmationLevel::Check
        );
        assert_eq!(
            confirmation(ActionKind::TopUp, Production, money("500", "USD"), false),
            ConfirmationLevel::Check
        );
        assert_eq!(
            confirmation(ActionKind::TopUp, Production, money("500.01", "USD"), false),
            ConfirmationLevel::LastFour
        );
        assert_eq!(
            confirmation(ActionKind::TopUp, Production, money("5000", "JPY"), false),
            ConfirmationLevel::Check
        );
        assert_eq!(
            confirmation(ActionKind::TopUp, Sandbox, money("30", "USD"), true),
            ConfirmationLevel::LastFour
        );
        assert_eq!(
            confirmation(ActionKind::SetPin, Sandbox, None, false),
            ConfirmationLevel::LastFour
        );
        assert_eq!(
            confirmation(ActionKind::Close, Sandbox, None, false),
            ConfirmationLevel::Phrase
        );
    }

    #[test]
    fn a_gate_opens_only_to_its_own_text() {
        let press =
            |gate: &mut Confirmation, key: &str| gate.key(&key.parse().expect("a key"), "4242");
        let mut gate = Confirmation::new(ConfirmationLevel::LastFour);
        assert!(matches!(press(&mut gate, "enter"), KeyOutcome::Refused(_)));
        for key in ["4", "2", "4", "3"] {
            assert_eq!(press(&mut gate, key), KeyOutcome::Taken);
        }
        assert!(matches!(press(&mut gate, "y"), KeyOutcome::Refused(_)));
        assert!(matches!(press(&mut gate, "2"), KeyOutcome::Refused(_)));
        assert_eq!(press(&mut gate, "backspace"), KeyOutcome::Taken);
        assert_eq!(press(&mut gate, "2"), KeyOutcome::Taken);
        assert_eq!(press(&mut gate, "y"), KeyOutcome::Confirmed);
        let mut check = Confirmation::new(ConfirmationLevel::Check);
        assert!(matches!(press(&mut check, "enter"), KeyOutcome::Refused(_)));
        assert_eq!(press(&mut check, "y"), KeyOutcome::Confirmed);
    }
}
