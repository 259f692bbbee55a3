//! Whether a row is accepted by a filter.

use jiff::Timestamp;

use super::Filterable;
use super::fold;
use super::parse::{Comparison, Pattern, Term};

/// Whether a term accepts a row.
///
/// Conditions on related rows are satisfied together: a row is accepted when there is one related
/// row with which everything holds. `-` is the complement: it accepts what its term does not.
pub(super) fn matches(term: &Term, row: &dyn Filterable) -> bool {
    if !has_related(term) {
        return holds(term, row);
    }
    let rest = Rest::of(term, row);
    rest.holds(None) || rest.may_hold() && row.any_related(&mut |related| rest.holds(Some(related)))
}

/// Whether a term asks anything of related rows.
pub(super) fn has_related(term: &Term) -> bool {
    match term {
        Term::Related(_) => true,
        Term::All(terms) | Term::Any(terms) => terms.iter().any(has_related),
        Term::Not(term) => has_related(term),
        Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Time { .. }
        | Term::Age(..)
        | Term::Since(_)
        | Term::Until(_)
        | Term::Is(_) => false,
    }
}

/// What is left of a term once everything is known but the related row.
enum Rest<'a> {
    Known(bool),
    Related(&'a Term),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl<'a> Rest<'a> {
    fn of(term: &'a Term, row: &dyn Filterable) -> Self {
        match term {
            Term::Related(term) => Self::Related(term),
            Term::All(terms) => Self::All(terms.iter().map(|term| Self::of(term, row)).collect()),
            Term::Any(terms) => Self::Any(terms.iter().map(|term| Self::of(term, row)).collect()),
            Term::Not(term) => Self::Known(!matches(term, row)),
            Term::Words(_)
            | Term::Text(..)
            | Term::Spelling(..)
            | Term::Number(..)
            | Term::Compare(..)
            | Term::Time { .. }
            | Term::Age(..)
            | Term::Since(_)
            | Term::Until(_)
            | Term::Is(_) => Self::Known(holds(term, row)),
        }
    }

    /// Whether it holds with this related row, or with none.
    fn holds(&self, related: Option<&dyn Filterable>) -> bool {
        match self {
            Self::Known(known) => *known,
            Self::Related(term) => related.is_some_and(|row| holds(term, row)),
            Self::All(terms) => terms.iter().all(|term| term.holds(related)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(related)),
        }
    }

    /// Whether there can be a related row with which it holds.
    fn may_hold(&self) -> bool {
        match self {
            Self::Known(known) => *known,
            Self::Related(_) => true,
            Self::All(terms) => terms.iter().all(Self::may_hold),
            Self::Any(terms) => terms.iter().any(Self::may_hold),
        }
    }
}

/// Whether a term without conditions on related rows holds for a row.
fn holds(term: &Term, row: &dyn Filterable) -> bool {
    match term {
        Term::All(terms) => terms.iter().all(|term| holds(term, row)),
        Term::Any(terms) => terms.iter().any(|term| holds(term, row)),
        Term::Not(term) => !holds(term, row),
        Term::Related(term) => holds(term, row),
        Term::Words(words) => row.has_words(words),
        Term::Text(field, patterns) => {
            row.any_text(*field, &mut |text| patterns.iter().any(|pattern| pattern.is_text(text)))
        }
        Term::Spelling(field, patterns) => row
            .any_text(*field, &mut |text| patterns.iter().any(|pattern| pattern.is_spelling(text))),
        Term::Number(field, numbers) => {
            row.number(*field).is_some_and(|value| numbers.contains(&value))
        }
        Term::Compare(field, comparison, number) => {
            row.number(*field).is_some_and(|value| comparison.holds(&value, number))
        }
        Term::Time { field, comparison, at, .. } => {
            row.timestamp(*field).is_some_and(|value| comparison.holds(&value, at))
        }
        Term::Age(comparison, age) => row.age().is_some_and(|value| comparison.holds(&value, age)),
        Term::Since(at) => row.time().is_some_and(|time| time >= *at),
        Term::Until(at) => row.time().is_some_and(|time| time <= *at),
        Term::Is(flag) => row.is(*flag),
    }
}

impl Pattern {
    /// Whether a text is what was written, or contains it.
    #[must_use]
    pub fn is_text(&self, text: &str) -> bool {
        if self.contains {
            fold::contains(text, &self.text)
        } else {
            fold::equals(text, &self.text)
        }
    }

    /// The same by letters and digits alone.
    #[must_use]
    pub fn is_spelling(&self, text: &str) -> bool {
        if self.contains {
            fold::letters_contain(text, &self.text)
        } else {
            fold::letters_equal(text, &self.text)
        }
    }
}

/// The latest time before which no row is accepted; `None` when rows of any time may be.
pub(super) fn since(term: &Term) -> Option<Timestamp> {
    match term {
        Term::Since(at) => Some(*at),
        Term::Time {
            comparison: Comparison::More | Comparison::AtLeast, at, dates_row, ..
        } => dates_row.then_some(*at),
        Term::Related(term) => since(term),
        // Whether there is no such transaction is asked of all that are known, not of the newest.
        Term::All(terms) if terms.iter().any(denies_related) => None,
        Term::All(terms) => terms.iter().filter_map(since).max(),
        Term::Any(terms) => terms.iter().map(since).collect::<Option<Vec<_>>>()?.into_iter().min(),
        Term::Time { comparison: Comparison::Less | Comparison::AtMost, .. }
        | Term::Not(_)
        | Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Age(..)
        | Term::Until(_)
        | Term::Is(_) => None,
    }
}

/// Whether rows are asked for that have no such related row.
fn denies_related(term: &Term) -> bool {
    match term {
        Term::Not(term) => has_related(term),
        Term::All(terms) | Term::Any(terms) => terms.iter().any(denies_related),
        Term::Related(_)
        | Term::Since(_)
        | Term::Until(_)
        | Term::Time { .. }
        | Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Age(..)
        | Term::Is(_) => false,
    }
}

/// Whether a term compares a time, or an age.
pub(super) fn depends_on_time(term: &Term) -> bool {
    match term {
        Term::Since(_) | Term::Until(_) | Term::Age(..) | Term::Time { .. } => true,
        Term::All(terms) | Term::Any(terms) => terms.iter().any(depends_on_time),
        Term::Related(term) | Term::Not(term) => depends_on_time(term),
        Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Is(_) => false,
    }
}

/// Whether a term names a time of the rows: `since:`, `until:`, their age, or the field itself.
pub(super) fn names_time(term: &Term) -> bool {
    match term {
        Term::Since(_) | Term::Until(_) | Term::Age(..) => true,
        Term::Time { dates_row, .. } => *dates_row,
        Term::Related(term) | Term::Not(term) => names_time(term),
        Term::All(terms) | Term::Any(terms) => terms.iter().any(names_time),
        Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Is(_) => false,
    }
}
