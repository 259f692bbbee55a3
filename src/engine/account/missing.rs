//! What the readings of an account's lists lacked, added up as they come: telling it takes
//! no longer where there are more cards.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::history::PartRead;
use super::odd_rows::OddRows;
use super::{Account, RosterTroubles, Scope};
use crate::domain::completeness::{Completeness, UnreadPart, UnreadRow};
use crate::domain::transaction::Transaction;
use crate::domain::unmapped::UnmappedWords;
use crate::provider::pages::ListRead;

/// What is missing of an account.
#[derive(Default)]
pub(super) struct Missing {
    /// The lists that lack something.
    incomplete: BTreeMap<Scope, Completeness>,
    /// Up to when each list of transactions is complete: of all cards, or of one.
    complete_to: HashMap<ListName, Option<Timestamp>>,
    /// The same in order: the first is true of all.
    in_order: BTreeSet<(Option<Timestamp>, ListName)>,
    /// Rows of transactions that could not be read.
    odd: OddRows,
}

type ListName = Option<Arc<str>>;

impl Missing {
    /// See [`Account::note_completeness`](super::Account::note_completeness).
    pub(super) fn note(&mut self, scope: Scope, mut found: Completeness, whole_list: bool) {
        let known = self.incomplete.remove(&scope);
        if let Scope::Transactions(list) = &scope {
            let before = self.complete_to.get(list).copied();
            found.complete_to = found.complete_to.or(before.flatten());
            if let Some(before) = before {
                self.in_order.remove(&(before, list.clone()));
            }
            self.complete_to.insert(list.clone(), found.complete_to);
            self.in_order.insert((found.complete_to, list.clone()));
        }
        if let Some(known) = known.filter(|_| !whole_list) {
            found.add_unread_rows(known.rows);
        }
        if !found.is_complete() {
            self.incomplete.insert(scope, found);
        }
    }

    /// Nothing of the transactions of a card is missing any more: it is not the account's.
    pub(super) fn forget(&mut self, list: &ListName) {
        self.odd.forget(list);
    }

    /// What all lists lack together, and up to when the transactions are known.
    pub(super) fn all(&self) -> Completeness {
        let complete_to = self.in_order.first().and_then(|(at, _)| *at);
        let mut all = Completeness { complete_to, ..Completeness::default() };
        for missing in self.incomplete.values() {
            all.parts.extend(missing.parts.iter().cloned());
        }
        all.add_unread_rows(
            self.incomplete.values().flat_map(|missing| missing.rows.iter().cloned()),
        );
        all.add_unread_rows(self.odd.all().cloned());
        all
    }
}

/// What is missing.
impl Account {
    /// Notes what a reading of a list lacked. One that did not read all of the list says nothing of
    /// the rows that it did not read.
    pub(in crate::engine) fn note_completeness(
        &self,
        scope: Scope,
        found: Completeness,
        whole_list: bool,
    ) {
        self.state().missing.note(scope, found, whole_list);
    }

    /// Notes which rows of a list of transactions could not be read, that was asked for from the
    /// one time to the other. Those of other times stay; those of what was read again without them
    /// do not.
    pub(in crate::engine) fn note_odd_rows(
        &self,
        name: &ListName,
        list: &ListRead<Transaction>,
        asked: (Timestamp, Timestamp),
        read: &PartRead,
    ) {
        self.state().missing.odd.note(name, list, asked, read.complete());
    }

    /// Notes which words are not mapped, with how many rows and cards have each.
    pub(in crate::engine) fn set_unmapped(&self, words: UnmappedWords) {
        self.state().unmapped = words;
    }

    pub(in crate::engine) fn has_unmapped(&self) -> bool {
        !self.state().unmapped.is_empty()
    }

    /// Notes what is wrong with the account's roster, and whether none of it could be used.
    pub(in crate::engine) fn set_roster_troubles(&self, sentences: Vec<String>, unusable: bool) {
        self.state().roster = RosterTroubles { sentences, unusable };
    }

    /// What is wrong with the account's roster, one sentence each.
    pub(in crate::engine) fn roster_troubles(&self) -> Vec<String> {
        self.state().roster.sentences.clone()
    }

    /// What the roster's bad lines leave unread: cards of which nothing else is known.
    pub(in crate::engine) fn roster_gaps(&self, at: Timestamp) -> Completeness {
        let state = self.state();
        let mut missing = Completeness::complete(at);
        let id = &self.info.id;
        for (line, why) in state.roster.sentences.iter().enumerate() {
            let why: Arc<str> = why.as_str().into();
            if state.roster.unusable {
                missing.add_unread_part(UnreadPart { provider: id.clone(), card: None, why });
            } else {
                let fingerprint = u64::try_from(line).unwrap_or(u64::MAX);
                missing.add_unread_rows([UnreadRow {
                    provider: id.clone(),
                    card: None,
                    id: Some("of the roster".into()),
                    why,
                    fingerprint,
                }]);
            }
        }
        missing
    }

    /// What all lists of the account lack together, and up to when its transactions are known.
    pub(in crate::engine) fn completeness(&self) -> Completeness {
        self.state().missing.all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::ProviderId;
    use proptest::prelude::*;

    /// What is missing as it is meant: everything that was found is kept, and walked through.
    #[derive(Default)]
    struct Specification(BTreeMap<Scope, Completeness>);

    impl Specification {
        fn note(&mut self, scope: Scope, found: Completeness, whole_list: bool) {
            let known = self.0.entry(scope).or_default();
            let rows = if whole_list { Vec::new() } else { std::mem::take(&mut known.rows) };
            let complete_to = found.complete_to.or(known.complete_to);
            *known = Completeness { complete_to, ..found };
            known.add_unread_rows(rows);
        }

        fn all(&self) -> Completeness {
            let lists = self.0.iter().filter(|(scope, _)| matches!(scope, Scope::Transactions(_)));
            let complete_to = lists.map(|(_, missing)| missing.complete_to).min().flatten();
            let mut all = Completeness { complete_to, ..Completeness::default() };
            for missing in self.0.values() {
                all.parts.extend(missing.parts.iter().cloned());
            }
            all.add_unread_rows(self.0.values().flat_map(|missing| missing.rows.iter().cloned()));
            all
        }
    }

    fn scope() -> impl Strategy<Value = Scope> {
        let card = || (0_u8..4).prop_map(|id| Arc::from(format!("c{id}")));
        prop_oneof![
            Just(Scope::Cards),
            card().prop_map(Scope::Card),
            proptest::option::of(card()).prop_map(Scope::Transactions),
        ]
    }

    fn found() -> impl Strategy<Value = Completeness> {
        let rows = proptest::collection::vec(0_u64..5, 0..3);
        (0_i64..1_000, rows, proptest::bool::weighted(0.2)).prop_map(|(second, rows, part)| {
            let provider = ProviderId::new("acme");
            let at = Timestamp::from_second(second).expect("a time of the test");
            let mut found = Completeness::complete(at);
            found.add_unread_rows(rows.into_iter().map(|fingerprint| UnreadRow {
                provider: provider.clone(),
                card: None,
                id: None,
                why: "odd".into(),
                fingerprint,
            }));
            if part {
                found.add_unread_part(UnreadPart { provider, card: None, why: "HTTP 500".into() });
            }
            found
        })
    }

    proptest! {
        #[test]
        fn what_was_added_up_is_what_a_walk_through_all_lists_finds(
            readings in proptest::collection::vec((scope(), found(), proptest::bool::ANY), 1..60),
        ) {
            let (mut missing, mut specification) = (Missing::default(), Specification::default());
            for (scope, found, whole_list) in readings {
                missing.note(scope.clone(), found.clone(), whole_list);
                specification.note(scope, found, whole_list);
                prop_assert_eq!(missing.all(), specification.all());
            }
        }
    }

    #[test]
    fn a_card_that_was_read_leaves_nothing_to_walk_through() {
        let mut missing = Missing::default();
        for id in 0..100 {
            let scope = Scope::Card(Arc::from(format!("c{id}")));
            missing.note(scope, Completeness::complete(Timestamp::UNIX_EPOCH), true);
        }
        assert_eq!((missing.incomplete.len(), missing.in_order.len()), (0, 0));
    }
}
