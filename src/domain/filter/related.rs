//! A filter taken apart: what it asks of a row itself, and what of the rows that are related to it.
//!
//! A condition on related rows is the same for every row. Asked once of all related rows, such as
//! the transactions of all cards, it is answered for each row by whether one of its own is among
//! those that were found.

use super::parse::Term;
use super::{Filter, Filterable, eval};

/// Most conditions on related rows that a filter is taken apart into.
const MOST: usize = 32;

/// A filter taken apart.
#[derive(Clone, Debug)]
pub struct Apart {
    questions: Vec<Filter>,
    whole: Part,
}

#[derive(Clone, Debug)]
enum Part {
    /// Of the row itself.
    Own(Term),
    /// Whether one of the related rows satisfies the question of this number.
    Related(usize),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

impl Filter {
    /// Takes the filter apart; `None` where it would fall into too many parts.
    #[must_use]
    pub fn apart(&self) -> Option<Apart> {
        let mut questions = Vec::new();
        let whole = match &self.0 {
            Some(term) => part(term, &mut questions)?,
            None => Part::All(Vec::new()),
        };
        Some(Apart { questions, whole })
    }
}

impl Apart {
    /// What is asked of related rows: each a filter of those.
    #[must_use]
    pub fn questions(&self) -> &[Filter] {
        &self.questions
    }

    /// Whether the filter accepts a row, where `has` tells whether one of its related rows
    /// satisfies the question of a number.
    #[must_use]
    pub fn matches(&self, row: &dyn Filterable, has: &dyn Fn(usize) -> bool) -> bool {
        self.whole.holds(row, has)
    }
}

impl Part {
    fn holds(&self, row: &dyn Filterable, has: &dyn Fn(usize) -> bool) -> bool {
        match self {
            Self::Own(term) => eval::matches(term, row),
            Self::Related(question) => has(*question),
            Self::All(parts) => parts.iter().all(|part| part.holds(row, has)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(row, has)),
            Self::Not(part) => !part.holds(row, has),
        }
    }
}

/// A term as parts. Conditions that have to hold for one and the same related row become one
/// question.
fn part(term: &Term, questions: &mut Vec<Filter>) -> Option<Part> {
    if !eval::has_related(term) {
        return Some(Part::Own(term.clone()));
    }
    match term {
        Term::Not(term) => Some(Part::Not(Box::new(part(term, questions)?))),
        Term::Any(terms) => {
            let parts = terms.iter().map(|term| part(term, questions));
            parts.collect::<Option<Vec<_>>>().map(Part::Any)
        }
        Term::All(_) => {
            let ways = alternatives(term)?.into_iter().map(|way| together(way, questions));
            ways.collect::<Option<Vec<_>>>().map(Part::Any)
        }
        Term::Related(_) => together(vec![term.clone()], questions),
        Term::Words(_)
        | Term::Text(..)
        | Term::Spelling(..)
        | Term::Number(..)
        | Term::Compare(..)
        | Term::Time { .. }
        | Term::Age(..)
        | Term::Since(_)
        | Term::Until(_)
        | Term::Is(_) => Some(Part::Own(term.clone())),
    }
}

/// The ways in which a term can hold, each a list of terms that hold together, none of them an
/// "and" or "or" with a condition on related rows in it.
fn alternatives(term: &Term) -> Option<Vec<Vec<Term>>> {
    if !eval::has_related(term) {
        return Some(vec![vec![term.clone()]]);
    }
    match term {
        Term::Any(terms) => {
            let mut all = Vec::new();
            for term in terms {
                all.extend(alternatives(term)?);
            }
            (all.len() <= MOST).then_some(all)
        }
        Term::All(terms) => {
            let mut ways: Vec<Vec<Term>> = vec![Vec::new()];
            for term in terms {
                let alternatives = alternatives(term)?;
                let mut longer = Vec::new();
                for way in &ways {
                    longer.extend(
                        alternatives.iter().map(|more| [way.clone(), more.clone()].concat()),
                    );
                }
                if longer.len() > MOST {
                    return None;
                }
                ways = longer;
            }
            Some(ways)
        }
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
        | Term::Is(_) => Some(vec![vec![term.clone()]]),
    }
}

/// Terms that hold together: what they ask of a related row is one question.
fn together(terms: Vec<Term>, questions: &mut Vec<Filter>) -> Option<Part> {
    let (mut parts, mut related) = (Vec::new(), Vec::new());
    for term in terms {
        match term {
            Term::Related(term) => related.push(*term),
            term => parts.push(part(&term, questions)?),
        }
    }
    if !related.is_empty() {
        if questions.len() >= MOST {
            return None;
        }
        parts.push(Part::Related(questions.len()));
        questions.push(Filter(Some(Term::All(related))));
    }
    Some(Part::All(parts))
}
