//! Whether a filter accepts only rows that another accepts, so that the rows of that one are all
//! that has to be looked at.

use crate::domain::filter::{Comparison, Pattern, Term};

/// Whether every row that `new` accepts is accepted by `old`. `false` where that cannot be told.
pub(super) fn narrows(new: &Term, old: &Term) -> bool {
    if new == old {
        return true;
    }
    match (new, old) {
        (_, Term::All(olds)) => olds.iter().all(|old| narrows(new, old)),
        (Term::Any(news), _) => news.iter().all(|new| narrows(new, old)),
        (Term::All(news), Term::Any(olds)) => {
            olds.iter().any(|old| narrows(new, old)) || news.iter().any(|new| narrows(new, old))
        }
        (Term::All(news), _) => news.iter().any(|new| narrows(new, old)),
        (_, Term::Any(olds)) => olds.iter().any(|old| narrows(new, old)),
        (Term::Not(new), Term::Not(old)) => narrows(old, new),
        (Term::Words(new), Term::Words(old)) => new.contains(old.as_str()),
        (Term::Text(of, new), Term::Text(of_old, old))
        | (Term::Spelling(of, new), Term::Spelling(of_old, old)) => {
            let wanted = |new: &Pattern| old.iter().any(|old| is_part(new, old));
            of == of_old && new.iter().all(wanted)
        }
        (Term::Compare(of, new, number), Term::Compare(of_old, old, old_number)) => {
            of == of_old && new == old && is_closer(*new, number, old_number)
        }
        (Term::Since(new), Term::Since(old)) => new >= old,
        (Term::Until(new), Term::Until(old)) => new <= old,
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

fn is_part(new: &Pattern, old: &Pattern) -> bool {
    if old.contains { new.text.contains(&old.text) } else { !new.contains && new.text == old.text }
}

fn is_closer<T: PartialOrd>(comparison: Comparison, new: &T, old: &T) -> bool {
    match comparison {
        Comparison::More | Comparison::AtLeast => new >= old,
        Comparison::Less | Comparison::AtMost => new <= old,
    }
}
