//! Reading transactions: how far back, what is new in them, and what became of holds.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::account::{Account, Depth, HoldsSeen, PartRead, Scope};
use super::lists::{Keep, Patience, of_list};
use super::{Engine, EngineEvent};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::completeness::Completeness;
use crate::domain::coverage::Stretch;
use crate::domain::operation::Operation;
use crate::domain::transaction::{RowName, Transaction};
use crate::provider::pages::{ListRead, ReadMode, Share};
use crate::provider::{Error, Window};
use crate::store::CompleteReading;

/// Rows may change, or come late, within this: it is read again now and then.
const ROWS_CHANGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a hold is followed: it may change or vanish within this.
const HOLDS_CHANGE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Two complete readings agree that a hold is gone when they are at least so far apart.
const HOLDS_APART: SignedDuration = SignedDuration::from_mins(10);

/// How far before the oldest hold a reading begins.
const BEFORE_A_HOLD: SignedDuration = SignedDuration::from_hours(24);

/// Overlap of two readings, whatever lag was measured.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// How much of the newest rows is read in one turn: more than that is left to the history.
const AT_ONCE: Share = Share { pages: 8, most_requests: 40 };

/// From where on transactions are read, and why from there.
struct Reach {
    since: Timestamp,
    depth: Depth,
}

impl Reach {
    /// How thoroughly a list is read that was read up to `last`. Of a large programme that is read
    /// card by card, the first round would take three times as many requests if it asked of each
    /// short list whether it has a second page: a page as long as any that came is asked for what
    /// is behind it all the same, and the next full reading of each card asks always.
    fn mode(&self, key: Option<&CardKey>, last: Option<Timestamp>) -> ReadMode {
        let is_first_of_card = key.is_some() && last.is_none();
        match self.depth {
            Depth::Full if !is_first_of_card => ReadMode::Full,
            Depth::Full | Depth::Late | Depth::Recent => ReadMode::Ordinary,
        }
    }

    /// How deep a reading went: one that ended early, or left the rest to the history, says nothing
    /// of what lies behind.
    fn seen(&self, list: &ListRead<Transaction>) -> Depth {
        let is_whole = list.error.is_none()
            && !list.is_cut_short
            && list.complete_from.is_some_and(|from| from <= self.since);
        if is_whole { self.depth } else { Depth::Recent }
    }
}

impl Engine {
    /// Reads transactions of all cards, or of one: the newest since the last reading, and further
    /// back as far as rows may still change. What is more than is read at once is left to the
    /// history.
    pub(super) async fn read_transaction_list(
        &self,
        account: &Account,
        card: Option<&Card>,
    ) -> Result<(), Error> {
        let now = self.0.clock.now();
        let key = card.map(|card| &card.key);
        let name = key.map(|key| Arc::clone(&key.id));
        let reach = self.reach(account, key, now).await;
        let until = now.saturating_add(OVERLAP).unwrap_or(now);
        let newest = now.saturating_sub(account.stretch_of(&name)).unwrap_or(reach.since);
        let window = Window { card: card.cloned(), since: reach.since.max(newest), until };
        let mode = reach.mode(key, account.read_to(key));
        let (mut list, saved) = self
            .read_window(account, &window, mode, AT_ONCE, Patience::Board, Keep::Newest)
            .await?;
        // Of a card that the account does not have any more nothing is missing.
        if let (Some(card), Some(error)) = (card, &list.error)
            && account.refused_as_removed(card, error)
        {
            let error = error.clone();
            self.note_removed_list(account, card, &list, now).await;
            return Err(error);
        }
        let read = PartRead::of(&list, (window.since, now), saved);
        let write = account.note_newest(&name, &read, now);
        let is_news = write.is_some();
        self.write_coverage(account, &name, write).await;
        self.judge_list(account, &list, card).await;
        self.emit_covered(account, key, is_news).await;
        let left = list.complete_from.unwrap_or(until).max(window.since).min(now);
        // What lies between this reading and the last one is a gap by itself.
        if list.error.is_none()
            && reach.depth != Depth::Recent
            && let Some(left) = Stretch::new(reach.since, left).filter(|left| left.from < left.to)
        {
            account.read_again(&name, left, now);
        }
        let is_begun = account.is_read_again(&name) && reach.depth != Depth::Recent;
        // A gap that is there again is no reason to read everything again at every poll: it stays
        // noted, and the reading moves on. What ended early says nothing of an earlier gap.
        let depth = reach.seen(&list);
        let gap_was_there = account.note_gap(key, &mut list.gap, depth);
        let scope = Scope::Transactions(name.clone());
        account.note_odd_rows(&name, &list, (window.since, now), &read);
        let lacks = Completeness { rows: Vec::new(), ..of_list(&account.info.id, key, &list, now) };
        account.note_completeness(scope, lacks, true);
        if list.error.is_none() && (list.gap.is_none() || gap_was_there) {
            account.set_read_to(key, now);
            account.depth_read(key, reach.depth, list.requests, self.0.clock.now());
            if is_begun {
                account.begin_deep(key, reach.depth, list.requests);
            }
        }
        self.compare_holds(account, key, (&list, reach.depth), &window, now).await;
        list.error.map_or(Ok(()), Err)
    }

    /// The list of a card was refused that the account does not have any more.
    async fn note_removed_list(
        &self,
        account: &Account,
        card: &Card,
        list: &ListRead<Transaction>,
        now: Timestamp,
    ) {
        account.remove_history(&card.key.id);
        self.judge_list(account, list, Some(card)).await;
        let scope = Scope::Transactions(Some(Arc::clone(&card.key.id)));
        account.note_completeness(scope, Completeness::complete(now), true);
    }

    /// Takes in the rows of a page: completes them, saves them and tells what is new. Returns them
    /// all, and whether they are in the data file. `compared` is which page of a reading of the
    /// newest rows it is, whose last version is remembered.
    pub(super) async fn accept_transactions(
        &self,
        account: &Account,
        key: Option<&CardKey>,
        compared: Option<usize>,
        rows: Vec<Transaction>,
    ) -> (Vec<Transaction>, bool) {
        let rows: Vec<Transaction> = rows.into_iter().map(|row| self.with_card(row)).collect();
        self.discover(&rows).await;
        let is_again = compared.is_some();
        let unsaved = if is_again { account.unsaved(&rows) } else { rows.clone() };
        if unsaved.is_empty() {
            return (rows, true);
        }
        let result = if self.may_save() {
            let written = || account.saved(key, &unsaved, is_again);
            let write = self.0.store.keep_transactions(unsaved.clone());
            Some(self.write_rows(write, written).await)
        } else {
            None
        };
        match result {
            Some(Ok(news)) => {
                self.0.saving.note_success();
                self.learn_from_new(account, key, &news.rows).await;
                (rows, true)
            }
            // The board shows what cannot be saved.
            failed => {
                if let Some(Err(error)) = failed {
                    self.emit_store_error(&error).await;
                }
                if compared.is_none_or(|page| account.is_new_unsaved(key, page, &rows)) {
                    self.emit(EngineEvent::Transactions(rows.clone().into())).await;
                }
                (rows, false)
            }
        }
    }

    /// Learns from rows that are new: how late this provider lists them, and words that are not
    /// mapped.
    async fn learn_from_new(
        &self,
        account: &Account,
        key: Option<&CardKey>,
        changed: &[Transaction],
    ) {
        account.expect_pushes_of(changed, self.0.clock.now());
        if let Some(last) = account.read_to(key).filter(|_| self.0.polling) {
            // A row of a time that was not read before is not late.
            let name = key.map(|key| Arc::clone(&key.id));
            let late = changed.iter().filter(|row| {
                row.at < last && row.seen_at >= last && account.covers(&name, row.at)
            });
            let lag = late.map(|row| row.seen_at.duration_since(row.at)).max();
            if lag.is_some_and(|lag| account.note_lag(lag)) {
                // The next start reads back as far. Not kept, it is measured again.
                let _ = self.0.store.set_lag(account.info.id.clone(), account.lag()).await;
            }
        }
        if account.has_unmapped() || changed.iter().any(Transaction::has_unmapped_word) {
            self.count_unmapped(Some(&account.info.id)).await;
        }
    }

    /// Counts the words and codes that are not mapped, of one account or of all.
    pub(super) async fn count_unmapped(&self, only: Option<&ProviderId>) {
        let Ok(mut words) = self.0.store.unmapped_words().await else { return };
        for account in
            self.0.accounts.iter().filter(|account| only.is_none_or(|id| *id == account.info.id))
        {
            account.set_unmapped(words.remove(&account.info.id).unwrap_or_default());
        }
    }

    /// Compares the holds that are known with a reading of the newest rows, where it says anything
    /// of them and that is due.
    async fn compare_holds(
        &self,
        account: &Account,
        key: Option<&CardKey>,
        (list, depth): (&ListRead<Transaction>, Depth),
        window: &Window,
        at: Timestamp,
    ) {
        if !self.may_save() || !is_whole(list) {
            return;
        }
        let seen = HoldsSeen::of(&list.rows, depth, at, complete_from(list, window));
        if account.are_holds_due(key, &seen)
            && let Some(reading) = complete_reading(account, key, list, window, at)
            && self.follow_holds(account, reading).await
        {
            account.note_holds_compared(key, seen);
        }
    }

    /// Holds that a complete reading does not have any more, and what they became; whether they
    /// were compared.
    pub(super) async fn follow_holds(&self, account: &Account, reading: CompleteReading) -> bool {
        match self.write_rows(self.0.store.follow_holds(reading), || ()).await {
            Ok(news) => {
                account.rows_changed(news.rows.iter().map(RowName::from));
                true
            }
            Err(error) => {
                self.emit_store_error(&error).await;
                false
            }
        }
    }

    /// How far back the transactions are read now: to the last reading, as late as this provider
    /// has listed rows, to the oldest hold, or over the whole window.
    async fn reach(&self, account: &Account, key: Option<&CardKey>, now: Timestamp) -> Reach {
        let name = key.map(|key| Arc::clone(&key.id));
        let wanted = account.wanted_from(now);
        let changing = now.saturating_sub(ROWS_CHANGE).unwrap_or(wanted).max(wanted);
        let whole = if account.is_covered(&name) { changing } else { wanted };
        let last = account.read_to(key);
        let overlap = last.map(|last| last.saturating_sub(OVERLAP).unwrap_or(last));
        let goes_deep = last.map_or(Depth::Full, |_| account.depth_due(key, now));
        if let Some(since) = overlap
            && (goes_deep == Depth::Recent || account.is_read_again(&name))
        {
            return Reach { since, depth: Depth::Recent };
        }
        // A row that is older than the hold shows that the list reaches back to it.
        let hold = self.oldest_hold(account, key, now).await;
        let hold = hold.and_then(|at| at.checked_sub(BEFORE_A_HOLD).ok());
        let Some(overlap) = overlap.filter(|_| goes_deep != Depth::Full) else {
            return Reach { since: hold.map_or(whole, |hold| hold.min(whole)), depth: Depth::Full };
        };
        let late = now.saturating_sub(account.lag()).unwrap_or(now);
        let since = hold.map_or(late, |hold| hold.min(late));
        if since < overlap {
            Reach { since, depth: Depth::Late }
        } else {
            Reach { since: overlap, depth: Depth::Recent }
        }
    }

    /// When the oldest hold happened that may still change.
    async fn oldest_hold(
        &self,
        account: &Account,
        key: Option<&CardKey>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let oldest = now.saturating_sub(HOLDS_CHANGE).unwrap_or(now);
        if let Some(remembered) = account.oldest_hold(key, oldest) {
            return remembered;
        }
        let (provider, card) = (account.info.id.clone(), key.cloned());
        let hold = self.0.store.oldest_hold(provider, card, oldest).await.ok()?;
        account.set_oldest_hold(key, hold);
        hold
    }

    /// Fills in what the row does not say and the card does.
    fn with_card(&self, row: Transaction) -> Transaction {
        let last4 = row.card().and_then(|key| self.0.cards.get(&key)?.last4);
        Transaction { last4: row.last4.or(last4), ..row }
    }

    /// A card that is known only from its transactions is a card too.
    async fn discover(&self, rows: &[Transaction]) {
        let mut new: Vec<Card> = Vec::new();
        let mut seen: HashSet<CardKey> = HashSet::new();
        for row in rows {
            let Some(key) = row.card() else { continue };
            if !self.0.cards.knows(&key) && seen.insert(key.clone()) {
                new.push(Card {
                    last4: row.last4,
                    currency: Some(row.amount.currency()),
                    ..Card::unread(key)
                });
            }
        }
        if !new.is_empty() {
            self.accept_cards(new, self.0.clock.now()).await;
        }
    }

    /// Notes at the transaction that proves an operation which one it proves, and tells it.
    pub(super) async fn link_operation(&self, credit: &str, operation: &Operation) {
        if operation.is_open() {
            return;
        }
        let card = operation.card.clone();
        let link = self.0.store.link_operation(card, credit, operation.id);
        // The transaction may not be known yet; then its next reading links it.
        let _ = self.write_rows(link, || ()).await;
    }
}

/// What a reading that had every row from some time on says of the holds that are known; `None`
/// where it had no row, since then nothing tells how far back the list reaches.
pub(super) fn complete_reading(
    account: &Account,
    key: Option<&CardKey>,
    list: &ListRead<Transaction>,
    window: &Window,
    at: Timestamp,
) -> Option<CompleteReading> {
    is_whole(list).then_some(())?;
    Some(CompleteReading {
        provider: account.info.id.clone(),
        card: key.cloned(),
        since: complete_from(list, window),
        until: window.until.min(at),
        at,
        apart: HOLDS_APART.max(account.lag() * 2),
        listed: list.rows.iter().map(|row| (row.card_id.clone(), Arc::clone(&row.id))).collect(),
        oldest: list.rows.iter().map(|row| row.at).min()?,
    })
}

/// Whether a reading had every row from some time on.
fn is_whole(list: &ListRead<Transaction>) -> bool {
    list.unread.is_empty() && list.gap.is_none() && list.error.is_none()
}

/// From when on a reading has every row.
fn complete_from(list: &ListRead<Transaction>, window: &Window) -> Timestamp {
    list.complete_from.unwrap_or(window.until).max(window.since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::ErrorKind;

    #[test]
    fn a_first_round_through_all_cards_asks_no_short_list_twice_and_later_full_readings_do() {
        let at = Timestamp::from_second(100).expect("a time of the test");
        let full = Reach { since: at, depth: Depth::Full };
        let card = CardKey::new(&ProviderId::new("acme"), "c1");
        assert_eq!(full.mode(Some(&card), None), ReadMode::Ordinary);
        assert_eq!(full.mode(Some(&card), Some(at)), ReadMode::Full);
        assert_eq!(full.mode(None, None), ReadMode::Full, "one list of all cards is no round");
    }

    #[test]
    fn a_reading_that_left_rows_to_the_history_forgets_no_gap_and_no_odd_row_behind_them() {
        let at = |second| Timestamp::from_second(second).expect("a time of the test");
        let reach = Reach { since: at(100), depth: Depth::Full };
        let error = Error::new(&ProviderId::new("acme"), ErrorKind::Unreachable, "HTTP 500");
        let failed = ListRead::failed(error);
        let list = |from, is_cut_short| ListRead::<Transaction> {
            rows: Vec::new(),
            unread: Vec::new(),
            gap: None,
            error: None,
            complete_from: Some(at(from)),
            is_cut_short,
            lost: Vec::new(),
            requests: 1,
        };
        assert_eq!(reach.seen(&list(100, false)), Depth::Full);
        assert_eq!(reach.seen(&list(500, true)), Depth::Recent);
        assert_eq!(reach.seen(&list(500, false)), Depth::Recent, "it was asked for less");
        assert_eq!(reach.seen(&failed), Depth::Recent);
    }
}
