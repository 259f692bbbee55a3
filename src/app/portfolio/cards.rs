//! How cards come to what is known.

use std::sync::Arc;

use super::Portfolio;
use crate::domain::card::{CardKey, CardRecord, PUSHED, ProviderId};

/// How many cards are not live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NotLive {
    /// Those whose figures may be old.
    pub last_known: usize,
    /// Those of which nothing was read yet.
    pub unread: usize,
}

impl NotLive {
    fn of(card: &CardRecord) -> Self {
        Self {
            last_known: usize::from(card.why_stale().is_some()),
            unread: usize::from(card.standing().is_unread()),
        }
    }
}

impl Portfolio {
    /// Takes in cards that are new or changed.
    pub(super) fn put_cards(&mut self, cards: &[Arc<CardRecord>]) {
        self.kept.card_news.cards.extend(cards.iter().map(|card| card.key()));
        self.keep_cards(cards);
    }

    /// Takes in cards that the data file and the rosters know. Those of the first frame get their
    /// places at once, all others theirs together once they have come.
    pub(super) fn put_known_cards(&mut self, cards: &[Arc<CardRecord>], is_last: bool) {
        if self.kept.are_cards_loading {
            self.kept.card_news.loaded.extend_from_slice(cards);
            self.kept.card_news.are_all_loaded |= is_last;
            self.keep_cards(cards);
        } else {
            self.put_cards(cards);
        }
        self.kept.are_cards_loading = !is_last;
        if is_last && std::mem::take(&mut self.kept.have_loaded_other_holders) {
            self.revisions.holders += 1;
        }
    }

    /// Whether further cards of the data file or of a roster are still to come.
    pub(crate) const fn are_cards_loading(&self) -> bool {
        self.kept.are_cards_loading
    }

    fn keep_cards(&mut self, cards: &[Arc<CardRecord>]) {
        self.revisions.all += 1;
        for card in cards {
            let card = &self.marked_by_push(card);
            let before = self.cards.insert(Arc::clone(card));
            if before.as_ref().is_none_or(|before| before.holder() != card.holder()) {
                // What was found by names stays until all cards are there: a search that begins
                // anew with each page of them would find nothing until then.
                if self.kept.are_cards_loading {
                    self.kept.have_loaded_other_holders = true;
                } else {
                    self.revisions.holders += 1;
                }
            }
            let before = before.map_or_else(NotLive::default, |card| NotLive::of(&card));
            let now = NotLive::of(card);
            if before != now {
                let count = self.kept.not_live.entry(card.provider().clone()).or_default();
                count.last_known =
                    (count.last_known + now.last_known).saturating_sub(before.last_known);
                count.unread = (count.unread + now.unread).saturating_sub(before.unread);
            }
        }
    }

    /// Something was pushed of a card: its figures may be old until it is read. It keeps its place
    /// meanwhile, which mostly is not for long.
    pub(super) fn put_pushed(&mut self, card: &CardKey) {
        if !self.accounts.pushed.contains_key(card)
            && let Some(known) = self.cards.record(card).map(Arc::clone)
        {
            self.accounts.pushed.insert(card.clone(), Arc::clone(&known));
            self.keep_cards(&[known]);
        }
    }

    /// What was pushed of a card was read.
    pub(super) fn put_push_read(&mut self, card: &CardKey) {
        if let Some(known) = self.accounts.pushed.remove(card) {
            self.keep_cards(&[known]);
        }
    }

    /// A card as it is to be shown: its figures may be old where something was pushed of it that
    /// was not read yet.
    fn marked_by_push(&mut self, card: &Arc<CardRecord>) -> Arc<CardRecord> {
        // Seldom is any, and then there are few.
        if self.accounts.pushed.is_empty() {
            return Arc::clone(card);
        }
        let Some(known) = self.accounts.pushed.get_mut(&card.key()) else {
            return Arc::clone(card);
        };
        *known = Arc::clone(card);
        match card.why_stale() {
            None => Arc::new(CardRecord::clone(card).stale(&PUSHED.into())),
            Some(_) => Arc::clone(card),
        }
    }

    /// Why cards of this provider are not live that give no reason of their own.
    pub(super) fn note_why_stale(&mut self, provider: &ProviderId, why: &Arc<str>) {
        self.revisions.all += 1;
        self.cards.note_why_stale(provider, why);
    }

    /// No figure of this provider is live any more; its cards were told before.
    pub(super) fn mark_stale(&mut self, provider: &ProviderId, why: &Arc<str>) {
        self.note_why_stale(provider, why);
        self.accounts.mark_float_stale(provider, why);
    }

    /// How many cards of a provider show figures that may be old, or none.
    pub(crate) fn not_live(&self, provider: &ProviderId) -> NotLive {
        self.kept.not_live.get(provider).copied().unwrap_or_default()
    }
}
