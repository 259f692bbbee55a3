//! What is told of cards that something was pushed of, until they are read: their figures may be
//! old.

use jiff::{SignedDuration, Timestamp};

use super::inbox::Waiting;
use crate::domain::card::{Card, CardKey};
use crate::domain::push::Push;
use crate::engine::Engine;
use crate::engine::account::Account;
use crate::engine::outbox::PushMark;

/// A card that was read so long after what a push tells of was read after it, however wrong the
/// provider's clock is.
const LONG_SINCE: SignedDuration = SignedDuration::from_mins(10);

impl Engine {
    /// Tells that something happened to a card that is going to be read, unless that was told and
    /// it was not read since. Whether it is told, by now: then it is to be noted what becomes of
    /// the event.
    pub(super) fn tell_pushed(&self, push: &Push, received_at: Timestamp) -> bool {
        let (Ok(account), Some(card)) = (self.account(&push.provider), push.card_key()) else {
            return false;
        };
        let is_told = self.makes_old(push);
        if is_told {
            let mut told = account.told_pushes.lock();
            if told.begin(&card.id, received_at) {
                self.emit_push_mark(card, PushMark::Unread);
            }
        }
        is_told
    }

    /// An event is on the disk and no repeat. One that nobody delivered now is told only then.
    pub(super) fn tell_kept(&self, event: &Waiting) {
        if event.is_told || self.tell_pushed(&event.push, event.received_at) {
            self.keep_told(&event.push, event.received_at);
        }
    }

    /// An event is a repeat: what was told of its card because of it is taken back.
    pub(super) fn take_back(&self, event: &Waiting) {
        let push = &event.push;
        if event.is_told
            && let (Ok(account), Some(card)) = (self.account(&push.provider), push.card_key())
        {
            let mut told = account.told_pushes.lock();
            if told.take_back(&card.id, event.received_at) {
                self.emit_push_mark(card, PushMark::Read);
            }
        }
    }

    /// An event could not be kept, so that its provider is going to repeat it. What was told of its
    /// card is to be read all the same.
    pub(super) fn read_unkept(&self, event: &Waiting) {
        let push = &event.push;
        if event.is_told
            && let (Ok(account), Some(card)) = (self.account(&push.provider), push.card_key())
        {
            self.keep_told(push, event.received_at);
            account.make_due(&card, event.received_at);
        }
    }

    /// What was told of a card is no repeat.
    pub(super) fn keep_told(&self, push: &Push, received_at: Timestamp) {
        if let (Ok(account), Some(card)) = (self.account(&push.provider), &push.card) {
            account.told_pushes.lock().keep(card, received_at);
        }
    }

    /// Of which accounts cards are told as pushed, and which of these cards have figures.
    pub(in crate::engine) fn pushed_of(&self, read: &[Card]) -> Vec<(&Account, Vec<CardKey>)> {
        let accounts =
            self.0.accounts.iter().filter(|account| !account.told_pushes.lock().is_empty());
        accounts
            .map(|account| {
                let of_account = read.iter().filter(|card| {
                    card.key.provider == account.info.id && card.balance.at().is_some()
                });
                (&**account, of_account.map(|card| card.key.clone()).collect())
            })
            .collect()
    }

    /// Cards were read that were asked for at a time, and are told: nothing of them is old that was
    /// pushed before.
    pub(in crate::engine) fn end_push_marks<'a>(
        &self,
        account: &Account,
        cards: impl IntoIterator<Item = &'a CardKey>,
        asked_at: Timestamp,
    ) {
        let mut told = account.told_pushes.lock();
        // No push that is told is of a later time, unless the clock was set back.
        let now = self.0.clock.now();
        for card in cards {
            if told.note_read(&card.id, asked_at, now) {
                self.emit_push_mark(card.clone(), PushMark::Read);
            }
        }
    }

    /// Whether a push makes what is known of its card old: not where the card is not known, nor
    /// where it was read long after what the push tells of.
    fn makes_old(&self, push: &Push) -> bool {
        let Some(card) = push.card_key().filter(|_| push.topic.is_of_cards()) else { return false };
        let known = self.0.cards.records(&[card]);
        let Some(read_at) = known.first().map(|card| card.figures_at()) else { return false };
        let happened_and_read = push.occurred_at.zip(read_at);
        happened_and_read.is_none_or(|(happened, read)| read.duration_since(happened) < LONG_SINCE)
    }
}
