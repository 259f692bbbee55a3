//! Whether one filter accepts only rows that another accepts, as far as their words tell: while a
//! filter is typed, each letter mostly narrows what the letters before it found.

use super::parse::{Comparison, Pattern, Term};

/// Whether every row that `narrow` accepts is accepted by `wide`. `false` where that is not plain.
///
/// Conditions on related rows are compared as if all of them were asked of one related row: a row
/// that satisfies `narrow` with it then satisfies `wide` with the same one.
pub(super) fn implies(narrow: &Term, wide: &Term) -> bool {
    if narrow == wide {
        return true;
    }
    match (narrow, wide) {
        (Term::Words(narrow), Term::Words(wide)) => narrow.contains(wide),
        (Term::Text(field, narrow), Term::Text(of, wide))
        | (Term::Spelling(field, narrow), Term::Spelling(of, wide)) => {
            field == of && narrow.iter().all(|one| wide.iter().any(|other| one.implies(other)))
        }
        (Term::Number(field, narrow), Term::Number(of, wide)) => {
            field == of && narrow.iter().all(|number| wide.contains(number))
        }
        (Term::Number(field, numbers), Term::Compare(of, comparison, limit)) => {
            field == of && numbers.iter().all(|number| comparison.holds(number, limit))
        }
        (Term::Compare(field, one, narrow), Term::Compare(of, other, wide)) => {
            field == of && is_within(*one, narrow, *other, wide)
        }
        (Term::Since(narrow), Term::Since(wide)) => narrow >= wide,
        (Term::Until(narrow), Term::Until(wide)) => narrow <= wide,
        (Term::Related(narrow), Term::Related(wide)) => implies(narrow, wide),
        (_, Term::All(wide)) => wide.iter().all(|term| implies(narrow, term)),
        (Term::Any(narrow), _) => narrow.iter().all(|term| implies(term, wide)),
        (Term::All(narrow), _) => narrow.iter().any(|term| implies(term, wide)),
        (_, Term::Any(wide)) => wide.iter().any(|term| implies(narrow, term)),
        (Term::Not(narrow), Term::Not(wide)) => implies(wide, narrow),
        (
            Term::Not(_)
            | Term::Related(_)
            | Term::Words(_)
            | Term::Text(..)
            | Term::Spelling(..)
            | Term::Number(..)
            | Term::Compare(..)
            | Term::Time { .. }
            | Term::Age(..)
            | Term::Since(_)
            | Term::Until(_)
            | Term::Is(_),
            _,
        ) => false,
    }
}

/// Whether every value beyond `narrow` is beyond `wide`.
fn is_within<T: PartialOrd>(one: Comparison, narrow: &T, other: Comparison, wide: &T) -> bool {
    use Comparison::{AtLeast, AtMost, Less, More};
    match (one, other) {
        (More, More | AtLeast) | (AtLeast, AtLeast) => narrow >= wide,
        (AtLeast, More) => narrow > wide,
        (Less, Less | AtMost) | (AtMost, AtMost) => narrow <= wide,
        (AtMost, Less) => narrow < wide,
        (More | AtLeast, Less | AtMost) | (Less | AtMost, More | AtLeast) => false,
    }
}

impl Pattern {
    /// Whether every text of this pattern has the other one.
    fn implies(&self, other: &Self) -> bool {
        if other.contains { self.text.contains(&other.text) } else { self == other }
    }
}

#[cfg(test)]
mod tests {
    use crate::contract::filter::{Rows, parse};
    use crate::domain::filter::Filter;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    fn filter(text: &str) -> Filter {
        parse(Rows::Cards, text, Timestamp::UNIX_EPOCH, &TimeZone::UTC).expect(text)
    }

    #[test]
    fn one_more_letter_narrows_what_was_found() {
        for (narrow, wide) in [
            ("mara", "mar"),
            ("MÄRA lind", "mara"),
            ("mara", ""),
            ("mara state:active", "mar state:active"),
            ("holder:~mara", "holder:~mar"),
            ("currency:usd", "currency:usd|eur"),
            ("state:frozen", "state:frozen|active"),
            ("available>20", "available>2"),
            ("available:20", "available>2"),
            ("merchant:~shell", "merchant:~she"),
            ("mara or marb", "mar"),
            ("mara", "mara or tom"),
            ("-mar", "-mara"),
        ] {
            assert!(filter(narrow).narrows(&filter(wide)), "{narrow} is in {wide}");
        }
        for (narrow, wide) in [
            ("mar", "mara"),
            ("", "mara"),
            ("holder:mara", "holder:mar"),
            ("holder:~mara", "mara"),
            ("available>2", "available>20"),
            ("available>20", "available<30"),
            ("-mara", "-mar"),
            ("mara or tom", "mara"),
            ("state:active", "-state:frozen"),
            ("merchant:~a mcc:1", "merchant:~a (mcc:1 or mcc:2) country:se"),
        ] {
            assert!(!filter(narrow).narrows(&filter(wide)), "{narrow} is not plainly in {wide}");
        }
    }
}
