//! What a search asks, by which it is told whether results of an earlier one still hold.

use jiff::Timestamp;

use super::narrowing::narrows;
use super::search::Query;
use crate::domain::filter::Term;

/// What a result depends on beside the chunk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    term: Option<Term>,
    seen_until: Option<Timestamp>,
    pub(super) revision_of_holders: u64,
}

impl Asked {
    pub(super) fn of(query: &Query<'_>) -> Self {
        Self {
            term: query.filter.term().cloned(),
            seen_until: query.seen_until,
            revision_of_holders: query.revision_of_holders,
        }
    }

    /// Whether it accepts only rows that another accepts.
    pub(super) fn narrows(&self, other: &Self) -> bool {
        let seen = match (self.seen_until, other.seen_until) {
            (Some(until), Some(other)) => until <= other,
            (Some(_) | None, None) => true,
            (None, Some(_)) => false,
        };
        let term = match (&self.term, &other.term) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(term), Some(other)) => narrows(term, other),
        };
        seen && term && self.revision_of_holders == other.revision_of_holders && !other.ages()
    }

    /// Whether what it asks changes while time goes by.
    pub(super) fn ages(&self) -> bool {
        self.term.as_ref().is_some_and(asks_age)
    }
}

fn asks_age(term: &Term) -> bool {
    match term {
        Term::Age(..) => true,
        Term::All(terms) | Term::Any(terms) => terms.iter().any(asks_age),
        Term::Not(term) | Term::Related(term) => asks_age(term),
        Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Time { .. }
        | Term::Since(_)
        | Term::Until(_)
        | Term::Is(_) => false,
    }
}
