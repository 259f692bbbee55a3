//! How much of what was asked for was read. A list carries it, so that whoever shows or prints the
//! list can say what is missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::card::{CardKey, ProviderId};

/// What is known to be missing from a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// From when on everything is in the list, where it has times: what is older was not asked for,
    /// or not read yet.
    pub complete_from: Option<Timestamp>,
    /// Everything up to this time is in the list, but for `rows`. `None` while something else is
    /// missing.
    pub complete_to: Option<Timestamp>,
    /// Rows that came and could not be read, each once.
    pub rows: Vec<UnreadRow>,
    /// Accounts and cards that were not read, or not to the end of their list.
    pub parts: Vec<UnreadPart>,
}

/// A row that came and could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadRow {
    /// The provider account.
    pub provider: ProviderId,
    /// The card's id, where the row or the question named it.
    pub card: Option<Arc<str>>,
    /// The row's own id, where it has one.
    pub id: Option<Arc<str>>,
    /// What is wrong with it.
    pub why: Arc<str>,
    /// Tells rows apart that have no id and the same trouble.
    pub fingerprint: u64,
}

impl UnreadRow {
    /// Which row, and what is wrong with it: `artha/3f25, row 17: amount is not a number: x`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let card = self.card.as_deref().map(|card| format!("/{card}")).unwrap_or_default();
        let id = self.id.as_deref().map(|id| format!(", row {id}")).unwrap_or_default();
        format!("{}{card}{id}: {}", self.provider, self.why)
    }
}

/// An account or a card that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadPart {
    /// The provider account.
    pub provider: ProviderId,
    /// The card; `None` when it is the whole account, or its list of cards.
    pub card: Option<CardKey>,
    /// Why, in words without the provider's name.
    pub why: Arc<str>,
}

impl UnreadPart {
    /// What was not read, and why: `artha/3f25: HTTP 500 with an empty answer`.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.card {
            Some(card) => format!("{card}: {}", self.why),
            None => format!("{}: {}", self.provider, self.why),
        }
    }
}

impl Completeness {
    /// A list that was read whole, as it was at this time.
    #[must_use]
    pub fn complete(at: Timestamp) -> Self {
        Self { complete_to: Some(at), ..Self::default() }
    }

    /// Whether nothing is missing.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.rows.is_empty() && self.parts.is_empty()
    }

    /// Of two lists that are shown as one: what either misses is missing.
    pub fn join(&mut self, other: Self) {
        self.complete_from = self.complete_from.max(other.complete_from);
        self.complete_to = match (self.complete_to, other.complete_to) {
            (Some(one), Some(two)) => Some(one.min(two)),
            _ => None,
        };
        self.add_unread_rows(other.rows);
        self.parts.extend(other.parts);
    }

    /// Notes an account or a card that was not read.
    pub fn add_unread_part(&mut self, part: UnreadPart) {
        self.complete_to = None;
        self.parts.push(part);
    }

    /// Notes rows that could not be read. One that came several times, because pages overlap,
    /// counts once.
    pub fn add_unread_rows(&mut self, rows: impl IntoIterator<Item = UnreadRow>) {
        let known = self.rows.len();
        self.rows.extend(rows);
        if self.rows.len() > known {
            self.tidy();
        }
    }

    fn tidy(&mut self) {
        let mut seen = BTreeSet::new();
        self.rows.retain(|row| {
            seen.insert((row.provider.clone(), row.card.clone(), row.id.clone(), row.fingerprint))
        });
    }

    /// What is missing, in a few words; empty when nothing is: `2 rows could not be read, 1 card
    /// could not be read`.
    #[must_use]
    pub fn missing(&self) -> String {
        let words: Vec<String> =
            self.counts().into_iter().map(|words| format!("{words} could not be read")).collect();
        words.join(", ")
    }

    /// How much is missing of what: `2 rows`, `1 card`, `1 account`; of what nothing is missing
    /// there is nothing.
    #[must_use]
    pub fn counts(&self) -> Vec<String> {
        Self::counts_of([self])
    }

    /// The same of several lists of different accounts.
    #[must_use]
    pub fn counts_of<'a>(lists: impl IntoIterator<Item = &'a Self>) -> Vec<String> {
        let (mut rows, mut cards, mut accounts) = (0, BTreeSet::new(), BTreeSet::new());
        for list in lists {
            rows += list.rows.len();
            for part in &list.parts {
                match &part.card {
                    Some(card) => drop(cards.insert(card)),
                    None => drop(accounts.insert(&part.provider)),
                }
            }
        }
        [count(rows, "row"), count(cards.len(), "card"), count(accounts.len(), "account")]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn count(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        number => Some(format!("{number} {what}s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: Option<&str>, fingerprint: u64) -> UnreadRow {
        let provider = ProviderId::new("artha");
        UnreadRow {
            provider,
            card: Some("c1".into()),
            id: id.map(Into::into),
            why: "has no amount".into(),
            fingerprint,
        }
    }

    #[test]
    fn two_lists_are_as_complete_as_the_lesser() {
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let mut both = Completeness::complete(late);
        both.join(Completeness::complete(early));
        assert_eq!(
            (both.complete_to, both.is_complete(), both.missing()),
            (Some(early), true, String::new())
        );
        let provider = ProviderId::new("artha");
        let card = Some(CardKey::new(&provider, "c1"));
        both.add_unread_part(UnreadPart {
            provider: provider.clone(),
            card,
            why: "HTTP 500".into(),
        });
        both.add_unread_part(UnreadPart { provider, card: None, why: "no answer".into() });
        assert_eq!((both.complete_to, both.is_complete()), (None, false));
        assert_eq!(both.missing(), "1 card could not be read, 1 account could not be read");
        let said: Vec<String> = both.parts.iter().map(UnreadPart::sentence).collect();
        assert_eq!(said, ["artha/c1: HTTP 500", "artha: no answer"]);
    }

    #[test]
    fn a_row_that_comes_on_two_pages_counts_once() {
        let mut list = Completeness::complete(Timestamp::UNIX_EPOCH);
        list.add_unread_rows([row(Some("7"), 1), row(None, 2)]);
        list.add_unread_rows([row(Some("7"), 1), row(None, 3)]);
        assert_eq!((list.rows.len(), list.missing()), (3, "3 rows could not be read".to_owned()));
        assert_eq!(
            list.rows.first().map(UnreadRow::sentence).as_deref(),
            Some("artha/c1, row 7: has no amount")
        );
    }
}
