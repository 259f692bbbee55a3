//! What a search asks, by which it is told whether results of an earlier one still hold.

use jiff::Timestamp;

use super::fields::Source;
use crate::domain::filter::{FieldId, Filter, FilterField, Schema, Term};

/// What a result depends on beside the chunk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    filter: Filter,
    seen_until: Option<Timestamp>,
    /// Of the names of holders, where they make a difference.
    pub(super) names: Option<u64>,
}

impl Asked {
    /// `names` is the revision of the names of holders.
    pub(super) fn new(
        filter: &Filter,
        schema: &Schema,
        seen_until: Option<Timestamp>,
        names: u64,
    ) -> Self {
        let names = asks_holder(filter, schema).then_some(names);
        Self { filter: filter.clone(), seen_until, names }
    }

    /// Whether it accepts only rows that another accepts.
    pub(super) fn narrows(&self, other: &Self) -> bool {
        let seen = match (self.seen_until, other.seen_until) {
            (Some(until), Some(other)) => until <= other,
            (Some(_) | None, None) => true,
            (None, Some(_)) => false,
        };
        seen && self.filter.narrows(&other.filter) && self.names == other.names && !other.ages()
    }

    /// Whether what it asks changes while time goes by.
    pub(super) fn ages(&self) -> bool {
        self.filter.term().is_some_and(asks_age)
    }
}

/// Whether a filter asks for the names of holders.
pub(crate) fn asks_holder(filter: &Filter, schema: &Schema) -> bool {
    let is_holder = |field: &FilterField| Source::of(field.name) == Source::Holder;
    let is_searched = schema.fields.iter().any(|field| field.searched && is_holder(field));
    let holder = schema.fields.iter().find(|field| is_holder(field)).map(|field| field.id);
    filter.term().is_some_and(|term| asks_name(term, holder, is_searched))
}

fn asks_name(term: &Term, holder: Option<FieldId>, is_searched: bool) -> bool {
    match term {
        Term::Words(_) => is_searched,
        Term::Text(field, _) | Term::Spelling(field, _) => Some(*field) == holder,
        Term::All(terms) | Term::Any(terms) => {
            terms.iter().any(|term| asks_name(term, holder, is_searched))
        }
        Term::Not(term) | Term::Related(term) => asks_name(term, holder, is_searched),
        Term::Number(..)
        | Term::Compare(..)
        | Term::Time { .. }
        | Term::Age(..)
        | Term::Since(_)
        | Term::Until(_)
        | Term::Is(_) => false,
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
