//! The cards that the engine knows, and when the figures are from that the data file has of each.
//!
//! Cards are kept as records ([`CardRecord`]) and shared (`Arc`): handing them out, to a plan or to
//! a count, copies none of them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::SetOnce;

use crate::domain::card::{Card, CardKey, CardRecord, NOT_READ_YET, ProviderId, SharedTerms};
use crate::domain::money::Money;

/// Figures that did not change are written again after this long: a disk that is written to at
/// every reading never rests, and no more is lost with the process than how new they are.
const SAVED_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// The cards, by account and id.
#[derive(Default)]
pub(super) struct CardBook {
    accounts: Mutex<BTreeMap<ProviderId, Known>>,
    /// Whether all cards of the data file and the rosters are in it.
    is_whole: SetOnce<()>,
    #[cfg(test)]
    copied: std::sync::atomic::AtomicUsize,
}

/// The cards of one account.
#[derive(Default)]
struct Known {
    /// By id.
    cards: BTreeSet<Entry>,
    /// What several cards have alike.
    terms: SharedTerms,
    /// Why figures are possibly old that are marked so as all of the account; [`NOT_READ_YET`]
    /// where nothing else was said.
    why: Option<Arc<str>>,
    /// The cards with figures that are not marked as those of the account are, by id: those that
    /// the next outage is news of.
    unmarked: HashSet<Arc<str>>,
}

/// A card, and the time of its figures in the data file. It is found and ordered by the id that the
/// card has itself.
struct Entry {
    card: Arc<CardRecord>,
    saved_at: SavedAt,
}

/// When figures were read that the data file has, in microseconds since 1970: a third of what an
/// optional time takes. [`NEVER`](Self::NEVER) where it has none.
#[derive(Clone, Copy, PartialEq, Eq)]
struct SavedAt(i64);

impl SavedAt {
    const NEVER: Self = Self(i64::MIN);

    /// How long before a time; `None` for never.
    fn age(self, at: Timestamp) -> Option<SignedDuration> {
        let microseconds = at.as_microsecond().checked_sub(self.0)?;
        (self != Self::NEVER).then(|| SignedDuration::from_micros(microseconds))
    }
}

impl Borrow<str> for Entry {
    fn borrow(&self) -> &str {
        self.card.id()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.card.id() == other.card.id()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.card.id().cmp(other.card.id())
    }
}

/// What a reading of cards came to.
pub(super) struct Merged {
    /// Every card that was read, whole.
    pub(super) cards: Vec<Arc<CardRecord>>,
    /// Those of them that the data file does not have like that.
    pub(super) unsaved: Vec<Arc<CardRecord>>,
    /// Those of them that were not known before.
    pub(super) new: Vec<CardKey>,
    /// Nothing of them is new but when they were read.
    pub(super) are_as_before: bool,
}

impl CardBook {
    /// A book of these cards.
    #[cfg(test)]
    pub(super) fn of(cards: impl IntoIterator<Item = Card>) -> Self {
        let book = Self::default();
        let mut accounts = book.accounts();
        for card in cards {
            let provider = card.key.provider.clone();
            accounts.entry(provider).or_default().put(card.into(), SavedAt::NEVER);
        }
        drop(accounts);
        book
    }

    fn accounts(&self) -> MutexGuard<'_, BTreeMap<ProviderId, Known>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of a record. Every copy that the book makes is made here, and counted in tests.
    fn copy(&self, card: &CardRecord) -> CardRecord {
        #[cfg(test)]
        self.copied.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        card.clone()
    }

    /// How many cards were copied until now.
    #[cfg(test)]
    pub(super) fn copied(&self) -> usize {
        self.copied.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// All cards of the data file and the rosters are in it from now on.
    pub(super) fn note_whole(&self) {
        let _was_noted = self.is_whole.set(());
    }

    /// Waits until all cards of the data file and the rosters are in it.
    pub(super) async fn until_whole(&self) {
        self.is_whole.wait().await;
    }

    /// All cards, in the order of their keys.
    pub(super) fn all(&self) -> Vec<Arc<CardRecord>> {
        let accounts = self.accounts();
        accounts.values().flat_map(|known| &known.cards).map(Entry::share).collect()
    }

    /// The cards of an account, in the order of their keys.
    pub(super) fn of_provider(&self, id: &ProviderId) -> Vec<Arc<CardRecord>> {
        let accounts = self.accounts();
        accounts
            .get(id)
            .into_iter()
            .flat_map(|known| known.cards.iter().map(Entry::share))
            .collect()
    }

    /// How many cards of an account are known.
    pub(super) fn count(&self, id: &ProviderId) -> usize {
        self.accounts().get(id).map_or(0, |known| known.cards.len())
    }

    pub(super) fn get(&self, key: &CardKey) -> Option<Card> {
        let accounts = self.accounts();
        let known = accounts.get(&key.provider)?;
        known.cards.get(&*key.id).map(|entry| entry.card.card_with(&known.why()))
    }

    /// All cards of an account, or of all accounts, made from what is kept of them.
    pub(super) fn cards(&self, of: Option<&ProviderId>) -> Vec<Arc<Card>> {
        let accounts = self.accounts();
        let asked = accounts.iter().filter(|(id, _)| of.is_none_or(|of| of == *id));
        let cards = asked.flat_map(|(_, known)| {
            let why = known.why();
            known.cards.iter().map(move |entry| Arc::new(entry.card.card_with(&why)))
        });
        cards.collect()
    }

    /// Those of these cards that are known.
    pub(super) fn records(&self, keys: &[CardKey]) -> Vec<Arc<CardRecord>> {
        let accounts = self.accounts();
        let entry = |key: &CardKey| accounts.get(&key.provider)?.cards.get(&*key.id);
        keys.iter().filter_map(entry).map(Entry::share).collect()
    }

    /// Whether a card is known.
    pub(super) fn knows(&self, key: &CardKey) -> bool {
        let accounts = self.accounts();
        accounts.get(&key.provider).is_some_and(|known| known.cards.contains(&*key.id))
    }

    /// A card, or one of which nothing is known but its key.
    pub(super) fn get_or_unread(&self, key: &CardKey) -> Card {
        self.get(key).unwrap_or_else(|| Card::unread(key.clone()))
    }

    /// Takes in cards of a roster, and returns those that are other than before: what was read of
    /// them stays, but the roster's words win.
    pub(super) fn merge_roster(
        &self,
        roster: impl IntoIterator<Item = Card>,
    ) -> Vec<Arc<CardRecord>> {
        let roster = roster.into_iter().map(CardRecord::from);
        self.join_each(roster, |card, known| card.over(known))
    }

    /// Takes in cards as they were known before those that are known already, and returns those
    /// that are other than before.
    pub(super) fn add_older(
        &self,
        cards: impl IntoIterator<Item = CardRecord>,
    ) -> Vec<Arc<CardRecord>> {
        self.join_each(cards, |card, known| known.clone().over(&card))
    }

    /// Takes in cards, each joined with what is known of it, and returns those that are other than
    /// before.
    fn join_each(
        &self,
        cards: impl IntoIterator<Item = CardRecord>,
        join: impl Fn(Card, &Card) -> Card,
    ) -> Vec<Arc<CardRecord>> {
        let mut accounts = self.accounts();
        let take_in = |card: CardRecord| {
            let of = accounts.entry(card.provider().clone()).or_default();
            let (known, saved_at) = of.card_and_save(card.id());
            let Some(known) = known else { return Some(of.put(card, saved_at)) };
            let known = known.card();
            let joined = join(card.card(), &known);
            (known != joined).then(|| of.put(joined.into(), saved_at))
        };
        cards.into_iter().filter_map(take_in).collect()
    }

    /// Merges readings into what is known.
    pub(super) fn merge(&self, read: Vec<Card>) -> Merged {
        let cards = Vec::with_capacity(read.len());
        let mut merged =
            Merged { cards, unsaved: Vec::new(), new: Vec::new(), are_as_before: true };
        let mut accounts = self.accounts();
        for card in read {
            let known = accounts.entry(card.key.provider.clone()).or_default();
            let (older, saved_at) = known.card_and_save(&card.key.id);
            let older = older.map(|older| older.card());
            let mut card = match &older {
                Some(older) => card.over(older),
                None => {
                    merged.new.push(card.key.clone());
                    card
                }
            };
            if card.currency.is_none() {
                let figures = card.balance.value().copied().unwrap_or_default();
                card.currency = figures.available.or(figures.current).map(Money::currency);
            }
            let age = card.balance.at().and_then(|at| saved_at.age(at));
            let same = older.as_ref().is_some_and(|older| would_be_saved_alike(older, &card));
            let was_stale = older.is_some_and(|older| older.balance.why_stale().is_some());
            merged.are_as_before &= same && !was_stale;
            let card = known.put(card.into(), saved_at);
            if !(same && age.is_some_and(|age| age < SAVED_AGAIN)) {
                merged.unsaved.push(Arc::clone(&card));
            }
            merged.cards.push(card);
        }
        merged
    }

    /// Notes that the data file has these cards.
    pub(super) fn note_saved(&self, cards: &[Arc<CardRecord>]) {
        let mut accounts = self.accounts();
        for card in cards {
            let Some(known) = accounts.get_mut(card.provider()) else { continue };
            let entry = known.cards.get(&**card.id()).map(Entry::share);
            if let (Some(card), Some(at)) = (entry, card.figures_at()) {
                known.cards.replace(Entry { card, saved_at: SavedAt(at.as_microsecond()) });
            }
        }
    }

    /// Marks the figures of a card as possibly old; returns it, where it is known, and whether it
    /// was not marked so.
    pub(super) fn make_stale(
        &self,
        key: &CardKey,
        why: &Arc<str>,
    ) -> Option<(Arc<CardRecord>, bool)> {
        let mut accounts = self.accounts();
        let known = accounts.get_mut(&key.provider)?;
        let Entry { card, saved_at } = known.cards.get(&*key.id)?;
        let (card, saved_at) = (Arc::clone(card), *saved_at);
        if is_stale(&card, why) {
            return Some((card, false));
        }
        Some((known.keep(self.copy(&card).stale(why), saved_at), true))
    }

    /// Marks the figures of an account's cards as possibly old. Returns the cards that were not
    /// marked so, and `None` where nothing is other than before. Those that are marked so as all of
    /// the account are neither looked at nor made anew: only the reason is, which is kept once.
    pub(super) fn make_all_stale(
        &self,
        id: &ProviderId,
        why: &Arc<str>,
    ) -> Option<Vec<Arc<CardRecord>>> {
        let mut accounts = self.accounts();
        let known = accounts.get_mut(id)?;
        let is_other = known.why.as_ref() != Some(why);
        known.why = Some(Arc::clone(why));
        let mut unmarked: Vec<Arc<str>> = known.unmarked.iter().map(Arc::clone).collect();
        unmarked.sort_unstable();
        let mut changed = Vec::new();
        for id in unmarked {
            let Some(Entry { card, saved_at }) = known.cards.get(&*id) else { continue };
            if !is_stale(card, why) {
                let (marked, saved_at) = (self.copy(card).stale_as_account(), *saved_at);
                changed.push(known.keep(marked, saved_at));
            }
        }
        (is_other || !changed.is_empty()).then_some(changed)
    }

    /// The clock was set back: an account's figures are possibly old and dated no later than now,
    /// so that they do not outdo what is read from now on. Returns the cards.
    pub(super) fn clock_went_back(
        &self,
        id: &ProviderId,
        why: &Arc<str>,
        now: Timestamp,
    ) -> Vec<Arc<CardRecord>> {
        let mut accounts = self.accounts();
        let Some(known) = accounts.get_mut(id) else { return Vec::new() };
        known.why = Some(Arc::clone(why));
        known.unmarked.clear();
        let cards = std::mem::take(&mut known.cards).into_iter().map(|entry| {
            let card = self.copy(&entry.card).stale_as_account().not_after(now);
            Entry { card: Arc::new(card), saved_at: SavedAt::NEVER }
        });
        known.cards = cards.collect();
        known.cards.iter().map(Entry::share).collect()
    }
}

impl Known {
    fn why(&self) -> Arc<str> {
        self.why.clone().unwrap_or_else(|| NOT_READ_YET.into())
    }

    /// Keeps a card. What it has alike with others, or with what was known of it, is in memory
    /// once: of a million cards each word would be a million words.
    fn put(&mut self, mut card: CardRecord, saved_at: SavedAt) -> Arc<CardRecord> {
        if let Some(known) = self.cards.get(&**card.id()) {
            card.share_with(&known.card);
        }
        card.share_terms(&mut self.terms);
        self.keep(card, saved_at)
    }

    /// Keeps a card that shares all of it that it can.
    fn keep(&mut self, card: CardRecord, saved_at: SavedAt) -> Arc<CardRecord> {
        if card.figures_at().is_none() || card.is_stale_as_account() {
            self.unmarked.remove(&**card.id());
        } else if !self.unmarked.contains(&**card.id()) {
            self.unmarked.insert(Arc::clone(card.id()));
        }
        let card = Arc::new(card);
        self.cards.replace(Entry { card: Arc::clone(&card), saved_at });
        card
    }

    fn card_and_save(&self, id: &str) -> (Option<Arc<CardRecord>>, SavedAt) {
        let entry = self.cards.get(id);
        (entry.map(Entry::share), entry.map_or(SavedAt::NEVER, |entry| entry.saved_at))
    }
}

impl Entry {
    fn share(&self) -> Arc<CardRecord> {
        Arc::clone(&self.card)
    }
}

/// Whether a card has no figures that would have to be marked as possibly old for this reason.
fn is_stale(card: &CardRecord, why: &str) -> bool {
    card.figures_at().is_none() || card.why_stale() == Some(why)
}

/// Whether the data file would have the same of both cards, but for the times.
fn would_be_saved_alike(older: &Card, card: &Card) -> bool {
    let Card {
        key,
        wire_id,
        owner,
        account,
        holder,
        last4,
        state,
        provider_state,
        state_at: _,
        kind,
        currency,
        balance,
        expires,
        labels,
    } = card;
    balance.value() == older.balance.value()
        && (key, wire_id, owner, account)
            == (&older.key, &older.wire_id, &older.owner, &older.account)
        && (holder, last4, state) == (&older.holder, &older.last4, &older.state)
        && (provider_state, kind, currency) == (&older.provider_state, &older.kind, &older.currency)
        && (expires, labels) == (&older.expires, &older.labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{Balance, Reading};

    fn card(id: &str) -> Card {
        Card::unread(CardKey::new(&ProviderId::new("acme"), id))
    }

    fn read(id: &str, second: i64) -> Card {
        let at = Timestamp::from_second(1_800_000_000 + second).expect("a time of the test");
        Card { balance: Reading::At { value: Balance::default(), at }, ..card(id) }
    }

    fn book(cards: usize) -> CardBook {
        CardBook::of((0..cards).map(|id| read(&id.to_string(), 0)))
    }

    #[test]
    fn handing_out_and_counting_cards_copies_none() {
        let book = book(500);
        let acme = ProviderId::new("acme");
        assert_eq!((book.of_provider(&acme).len(), book.count(&acme)), (500, 500));
        assert_eq!((book.all().len(), book.count(&ProviderId::new("other"))), (500, 0));
        assert!(book.get(&card("7").key).is_some());
        assert_eq!(book.copied(), 0);
    }

    #[test]
    fn a_reading_copies_no_card_and_shares_what_it_hands_out() {
        let book = book(500);
        let shown = book.all();
        let merged = book.merge(vec![read("1", 9), read("2", 9)]);
        assert_eq!((merged.cards.len(), merged.unsaved.len()), (2, 2));
        assert_eq!(book.copied(), 0);
        for (read, unsaved) in merged.cards.iter().zip(&merged.unsaved) {
            assert!(
                Arc::ptr_eq(read, unsaved) && book.all().iter().any(|it| Arc::ptr_eq(it, read))
            );
        }
        let same = |(one, other): &(&Arc<CardRecord>, &Arc<CardRecord>)| Arc::ptr_eq(one, other);
        let known = book.all();
        let same = shown.iter().zip(&known).filter(same).count();
        assert_eq!(same, 498, "the others are as they were");
    }

    #[test]
    fn words_that_many_cards_have_are_in_memory_once() {
        let labelled = |id: &str| {
            let expires = Some("2027-09".into());
            Card {
                provider_state: "ACTIVE".into(),
                expires,
                labels: vec!["a".into()].into(),
                ..card(id)
            }
        };
        let book = CardBook::of(["1", "2"].map(labelled));
        book.merge(vec![labelled("2"), labelled("3")]);
        let all: Vec<Card> = book.all().iter().map(|card| card.card()).collect();
        let [one, two, three] = all.as_slice() else { panic!("three cards: {all:?}") };
        let words = |card: &Card| {
            let expires = card.expires.clone().expect("it has one");
            [card.provider_state.clone(), expires, card.labels[0].clone()]
        };
        for other in [two, three] {
            assert!(words(one).iter().zip(&words(other)).all(|(a, b)| Arc::ptr_eq(a, b)));
            assert_eq!(one.key.provider.name().as_ptr(), other.key.provider.name().as_ptr());
            assert!(Arc::ptr_eq(&other.wire_id, &other.key.id));
        }
    }

    #[test]
    fn figures_that_did_not_change_are_saved_again_after_five_minutes_and_not_before() {
        let book = book(1);
        let unsaved = |second| book.merge(vec![read("0", second)]).unsaved;
        let first = unsaved(1);
        assert_eq!(first.len(), 1, "the data file has none of this process");
        book.note_saved(&first);
        assert_eq!((unsaved(30).len(), unsaved(300).len(), unsaved(301).len()), (0, 0, 1));
    }

    #[test]
    fn one_failed_reading_copies_one_card_and_an_outage_each_card_once() {
        let book = book(500);
        let (acme, why): (_, Arc<str>) = (ProviderId::new("acme"), "no connection".into());
        assert!(book.make_stale(&card("7").key, &why).is_some());
        assert_eq!(book.copied(), 1);
        let marked = |why| book.make_all_stale(&acme, why).map(|changed| changed.len());
        assert_eq!(marked(&why), Some(499), "one was marked before");
        assert_eq!((marked(&why), book.copied()), (None, 500));
        book.merge(vec![read("7", 9)]);
        let looked_at = || book.accounts()[&acme].unmarked.iter().cloned().collect::<Vec<_>>();
        assert_eq!(looked_at(), ["7".into()], "an outage is news of no other card");
        assert_eq!(marked(&why), Some(1), "only it was read since");
        assert!(looked_at().is_empty());
        assert_eq!((marked(&why), book.copied()), (None, 501));
        let said = || {
            let all = book.cards(None);
            all.iter()
                .filter_map(|card| card.balance.why_stale())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(said(), vec![why.to_string(); 500]);
        let other: Arc<str> = "HTTP 503".into();
        assert_eq!((marked(&other), book.copied()), (Some(0), 501), "the reason is kept once");
        assert_eq!(said(), vec![other.to_string(); 500]);
        let of_one = book.get(&card("8").key).expect("it is known").balance;
        assert_eq!(of_one.why_stale(), Some(&*other));
    }
}
