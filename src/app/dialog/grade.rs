//! What a change takes to be confirmed: one table, by deed, environment and size, and the gate that
//! asks for it.
//!
//! No dialog decides for itself how dangerous it is, and nothing here sends.

use rust_decimal::Decimal;

use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::config::Environment;
use crate::domain::money::Money;
use crate::domain::operation::Deed;

/// How hard a change is to confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
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
    deed: Deed,
    environment: Option<Environment>,
    large: Option<bool>,
    grade: Grade,
}

/// The first row that fits counts; the last five fit everything, one a deed.
const RULES: [Rule; 7] = [
    Rule {
        deed: Deed::Unfreeze,
        environment: Some(Environment::Production),
        large: None,
        grade: Grade::LastFour,
    },
    Rule { deed: Deed::TopUp, environment: None, large: Some(true), grade: Grade::LastFour },
    Rule { deed: Deed::Freeze, environment: None, large: None, grade: Grade::Reason },
    Rule { deed: Deed::Unfreeze, environment: None, large: None, grade: Grade::Check },
    Rule { deed: Deed::TopUp, environment: None, large: None, grade: Grade::Check },
    Rule { deed: Deed::SetPin, environment: None, large: None, grade: Grade::LastFour },
    Rule { deed: Deed::Close, environment: None, large: None, grade: Grade::Phrase },
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
pub(crate) fn grade(
    deed: Deed,
    environment: Environment,
    amount: Option<Money>,
    raised: bool,
) -> Grade {
    let large = raised || amount.is_some_and(is_large);
    RULES
        .iter()
        .find(|rule| {
            rule.deed == deed
                && rule.environment.is_none_or(|wanted| wanted == environment)
                && rule.large.is_none_or(|wanted| wanted == large)
        })
        .map_or(Grade::Phrase, |rule| rule.grade)
}

/// Asks for what the grade wants, and opens only then.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The grade.
    pub(crate) grade: Grade,
    /// What is typed to arm.
    pub(crate) typed: Field,
}

/// What a key did at the gate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// The change is confirmed.
    Confirmed,
    /// The key was typed into the field.
    Taken,
    /// The key does not confirm; one sentence why.
    Refused(String),
    /// Not a key of the gate.
    NotMine,
}

impl Gate {
    /// A closed gate.
    pub(crate) fn new(grade: Grade) -> Self {
        Self { grade, typed: Field::new(40) }
    }

    /// Whether something has to be typed.
    pub(crate) const fn asks_text(&self) -> bool {
        match self.grade {
            Grade::Reason | Grade::Check => false,
            Grade::LastFour | Grade::Phrase => true,
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
    pub(crate) fn key(&mut self, chord: &Chord, wanted: &str) -> Pressed {
        let yes = chord.typed() == Some('y');
        let enter = *chord == Chord::plain(Key::Enter);
        match self.grade {
            Grade::Reason | Grade::Check if yes => Pressed::Confirmed,
            Grade::Reason | Grade::Check if enter => {
                Pressed::Refused("Enter never confirms here: press y".to_owned())
            }
            Grade::Reason | Grade::Check => Pressed::NotMine,
            Grade::LastFour if self.armed(wanted) && (yes || enter) => Pressed::Confirmed,
            Grade::Phrase if self.armed(wanted) && enter => Pressed::Confirmed,
            Grade::LastFour | Grade::Phrase if enter => {
                Pressed::Refused(format!("type {wanted} first"))
            }
            Grade::LastFour | Grade::Phrase => self.type_key(chord, wanted),
        }
    }

    fn type_key(&mut self, chord: &Chord, wanted: &str) -> Pressed {
        if let Some(c) = chord.typed() {
            // Commands beside the field stay usable while it cannot be meant: `e` is no digit.
            if self.grade == Grade::LastFour
                && wanted.bytes().all(|b| b.is_ascii_digit())
                && !c.is_ascii_digit()
            {
                return if c == 'y' {
                    Pressed::Refused(format!("type {wanted} first"))
                } else {
                    Pressed::NotMine
                };
            }
            if self.typed.text().chars().count() >= wanted.chars().count() {
                return Pressed::Refused(match (self.armed(wanted), self.grade) {
                    (true, Grade::Phrase) => "armed: Enter confirms, Esc does nothing".to_owned(),
                    (true, Grade::Reason | Grade::Check | Grade::LastFour) => {
                        "armed: y confirms, Esc does nothing".to_owned()
                    }
                    (false, _) => format!("{} is not {wanted}: Backspace", self.typed.text()),
                });
            }
        }
        if self.typed.key(chord) { Pressed::Taken } else { Pressed::NotMine }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str, code: &str) -> Option<Money> {
        Money::typed(text, code.parse().expect("a currency")).ok()
    }

    #[test]
    fn every_change_has_its_grade() {
        use Environment::{Production, Sandbox};
        assert_eq!(grade(Deed::Freeze, Production, None, false), Grade::Reason);
        assert_eq!(grade(Deed::Unfreeze, Production, None, false), Grade::LastFour);
        assert_eq!(grade(Deed::Unfreeze, Sandbox, None, false), Grade::Check);
        assert_eq!(grade(Deed::TopUp, Production, money("30", "USD"), false), Grade::Check);
        assert_eq!(grade(Deed::TopUp, Production, money("500", "USD"), false), Grade::Check);
        assert_eq!(grade(Deed::TopUp, Production, money("500.01", "USD"), false), Grade::LastFour);
        assert_eq!(grade(Deed::TopUp, Production, money("5000", "JPY"), false), Grade::Check);
        assert_eq!(grade(Deed::TopUp, Sandbox, money("30", "USD"), true), Grade::LastFour);
        assert_eq!(grade(Deed::SetPin, Sandbox, None, false), Grade::LastFour);
        assert_eq!(grade(Deed::Close, Sandbox, None, false), Grade::Phrase);
    }

    #[test]
    fn a_gate_opens_only_to_its_own_text() {
        let press = |gate: &mut Gate, key: &str| gate.key(&key.parse().expect("a key"), "4242");
        let mut gate = Gate::new(Grade::LastFour);
        assert!(matches!(press(&mut gate, "enter"), Pressed::Refused(_)));
        for key in ["4", "2", "4", "3"] {
            assert_eq!(press(&mut gate, key), Pressed::Taken);
        }
        assert!(matches!(press(&mut gate, "y"), Pressed::Refused(_)));
        assert!(matches!(press(&mut gate, "2"), Pressed::Refused(_)));
        assert_eq!(press(&mut gate, "backspace"), Pressed::Taken);
        assert_eq!(press(&mut gate, "2"), Pressed::Taken);
        assert_eq!(press(&mut gate, "y"), Pressed::Confirmed);
        let mut check = Gate::new(Grade::Check);
        assert!(matches!(press(&mut check, "enter"), Pressed::Refused(_)));
        assert_eq!(press(&mut check, "y"), Pressed::Confirmed);
    }
}
