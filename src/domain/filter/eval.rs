//! Whether a row is accepted by a filter.

use jiff::Timestamp;

use super::Filterable;
use super::fold;
use super::parse::{Pattern, Term};

/// Whether a term accepts a row.
pub(super) fn matches(term: &Term, row: &dyn Filterable) -> bool {
    match term {
        Term::All(terms) => terms.iter().all(|term| matches(term, row)),
        Term::Any(terms) => terms.iter().any(|term| matches(term, row)),
        Term::Not(term) => !matches(term, row),
        Term::Words(words) => row.any_searched_text(&mut |text| fold::contains(text, words)),
        Term::Text(field, patterns) => {
            row.any_text(*field, &mut |text| patterns.iter().any(|pattern| is_text(text, pattern)))
        }
        Term::Spelling(field, patterns) => row.any_text(*field, &mut |text| {
            patterns.iter().any(|pattern| is_spelling(text, pattern))
        }),
        Term::Number(field, numbers) => {
            row.number(*field).is_some_and(|value| numbers.contains(&value))
        }
        Term::Compare(field, comparison, number) => {
            row.number(*field).is_some_and(|value| comparison.holds(&value, number))
        }
        Term::Time(field, comparison, at) => {
            row.timestamp(*field).is_some_and(|value| comparison.holds(&value, at))
        }
        Term::Age(comparison, age) => row.age().is_some_and(|value| comparison.holds(&value, age)),
        Term::Since(at) => row.time().is_some_and(|time| time >= *at),
        Term::Until(at) => row.time().is_some_and(|time| time <= *at),
        Term::Is(flag) => row.is(*flag),
    }
}

fn is_text(text: &str, pattern: &Pattern) -> bool {
    if pattern.contains {
        fold::contains(text, &pattern.text)
    } else {
        fold::equals(text, &pattern.text)
    }
}

fn is_spelling(text: &str, pattern: &Pattern) -> bool {
    if pattern.contains {
        fold::letters_contain(text, &pattern.text)
    } else {
        fold::letters_equal(text, &pattern.text)
    }
}

/// The latest time before which no row is accepted; `None` when rows of any time may be.
pub(super) fn since(term: &Term) -> Option<Timestamp> {
    match term {
        Term::Since(at) => Some(*at),
        Term::All(terms) => terms.iter().filter_map(since).max(),
        Term::Any(terms) => terms.iter().map(since).collect::<Option<Vec<_>>>()?.into_iter().min(),
        Term::Not(_)
        | Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Time(..)
        | Term::Age(..)
        | Term::Until(_)
        | Term::Is(_) => None,
    }
}
