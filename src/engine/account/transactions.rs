//! How far an account's transactions are read: those of all cards, or of each card by itself.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::history::History;
use super::saved_rows::SavedRows;
use crate::domain::card::CardKey;
use crate::domain::transaction::{RowName, Transaction, TransactionState};

/// Seconds until late rows and older holds are read back to again, for every request that it took
/// beyond the one that reads the newest page anyway; and at most.
const LATE_PER_REQUEST: i64 = 15;
const LATE_AT_MOST: i64 = 15 * 60;

/// Seconds until the whole window is read again: at least, more for every request that it took
/// beyond the first, and at most.
const FULL_AT_LEAST: i64 = 10 * 60;
const FULL_PER_REQUEST: i64 = 60;
const FULL_AT_MOST: i64 = 6 * 3_600;

/// The longest lag that readings reach back for.
const LONGEST_LAG: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Most transactions of a reading that could not be saved that are compared with the next one.
const REMEMBERED: usize = 200;

/// Holds are compared again with a list in which nothing changed after so long: two readings that
/// lack one are to be further apart anyway.
const HOLDS_AGAIN: SignedDuration = SignedDuration::from_mins(2);

/// How far back transactions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Depth {
    /// To the last reading.
    Recent,
    /// As far as rows came late, and to the oldest hold.
    Late,
    /// The whole window.
    Full,
}

/// What was read of the transactions, and when.
pub(super) struct TransactionProgress {
    /// What is remembered of each list.
    lists: HashMap<Option<Arc<str>>, ListProgress>,
    /// Which rows of the lists are in the data file as they were read last.
    saved: SavedRows,
    /// How late this provider has listed rows: first sight minus time, at most.
    lag: SignedDuration,
    /// How much of it is known, however long ago it was read.
    pub(super) history: History,
}

/// What is remembered of one list of transactions.
#[derive(Default)]
struct ListProgress {
    /// Up to when it was read completely: the next reading begins there.
    read_to: Option<Timestamp>,
    /// The pages of the last reading that could not be saved.
    unsaved: Pages,
    /// Why the last reading may lack rows.
    gap: Option<Arc<str>>,
    /// When the oldest hold happened, as long as nothing new was read; the inner `None` is "there
    /// is none".
    oldest_hold: Option<Option<Timestamp>>,
    /// What was compared last with its holds, as long as nothing new was read.
    holds_compared: HoldsCompared,
    /// From when on it may be read back to late rows, and over the whole window.
    deeper_from: Option<DeeperFrom>,
    /// How deep a reading is that goes on in the history, and how many requests it took so far.
    deep: Option<(Depth, usize)>,
}

/// The first pages of a list, as long as they are few rows.
#[derive(Default)]
struct Pages(Vec<Vec<Transaction>>);

impl Pages {
    /// Whether a page has these rows, whenever they were seen first.
    fn has(&self, page: usize, rows: &[Transaction]) -> bool {
        self.0.get(page).is_some_and(|known| {
            known.len() == rows.len()
                && known.iter().zip(rows).all(|(known, row)| {
                    *known == Transaction { seen_at: known.seen_at, ..row.clone() }
                })
        })
    }

    fn put(&mut self, page: usize, rows: &[Transaction]) {
        self.0.truncate(page);
        let before: usize = self.0.iter().map(Vec::len).sum();
        if self.0.len() == page && before + rows.len() <= REMEMBERED {
            self.0.push(rows.to_vec());
        }
    }
}

/// What a complete reading saw of a list's holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct HoldsSeen {
    /// It went further back than to the last reading.
    is_deep: bool,
    /// When it began.
    at: Timestamp,
    /// From when on it has every row.
    since: Timestamp,
    /// The names of the holds in it, in whatever order, as a number.
    holds: u64,
}

impl HoldsSeen {
    /// Of a reading that had these rows.
    pub(in crate::engine) fn of(
        rows: &[Transaction],
        depth: Depth,
        at: Timestamp,
        since: Timestamp,
    ) -> Self {
        let hashes = BuildHasherDefault::<DefaultHasher>::default();
        let holds = rows.iter().filter(|row| row.state == TransactionState::Hold);
        let numbers = holds.map(|hold| hashes.hash_one((&hold.card_id, &hold.id)));
        let holds = numbers.fold(0, u64::wrapping_add);
        Self { is_deep: depth != Depth::Recent, at, since, holds }
    }
}

/// What the last readings saw of a list's holds that were compared with those that are known.
#[derive(Default)]
struct HoldsCompared {
    /// Of those that went further back than to the last reading.
    deep: Option<HoldsSeen>,
    /// Of the others.
    recent: Option<HoldsSeen>,
}

impl HoldsCompared {
    const fn like(&mut self, seen: &HoldsSeen) -> &mut Option<HoldsSeen> {
        if seen.is_deep { &mut self.deep } else { &mut self.recent }
    }
}

impl ListProgress {
    /// Its holds may be others now.
    fn forget_holds(&mut self) {
        self.oldest_hold = None;
        self.holds_compared = HoldsCompared::default();
    }
}

#[derive(Clone, Copy)]
struct DeeperFrom {
    late: Timestamp,
    full: Timestamp,
}

impl TransactionProgress {
    /// Nothing read yet; `history` is how far back it is wanted.
    pub(super) fn new(history: SignedDuration) -> Self {
        let (lists, saved) = (HashMap::new(), SavedRows::default());
        Self { lists, saved, lag: SignedDuration::ZERO, history: History::new(history) }
    }

    /// What was read to by a clock that was set back does not count.
    pub(super) fn clock_went_back(&mut self, now: Timestamp) {
        self.history.clock_went_back(now);
        for list in self.lists.values_mut() {
            list.read_to = None;
            list.deeper_from = None;
        }
    }

    /// The next reading of each list goes over the whole window, and is saved whatever is known.
    pub(super) fn ask_all(&mut self) {
        self.saved = SavedRows::default();
        self.history.forget_again();
        for list in self.lists.values_mut() {
            list.deeper_from = None;
        }
    }

    /// The next reading of this card's transactions goes over the whole window.
    pub(super) fn ask_card(&mut self, key: &CardKey) {
        self.saved = SavedRows::default();
        let list = self.list_of(Some(key));
        list.deeper_from = None;
        list.forget_holds();
    }

    fn list_of(&mut self, card: Option<&CardKey>) -> &mut ListProgress {
        self.lists.entry(card.map(|card| Arc::clone(&card.id))).or_default()
    }

    /// See [`Account::note_gap`](super::Account::note_gap).
    pub(super) fn note_gap(
        &mut self,
        card: Option<&CardKey>,
        gap: &mut Option<Arc<str>>,
        depth: Depth,
    ) -> bool {
        let list = self.list_of(card);
        let before = list.gap.take();
        let was_there = before.is_some();
        if depth != Depth::Full {
            *gap = gap.take().or(before);
        }
        list.gap.clone_from(gap);
        was_there
    }

    pub(super) fn read_to(&mut self, card: Option<&CardKey>) -> Option<Timestamp> {
        self.list_of(card).read_to
    }

    pub(super) fn set_read_to(&mut self, card: Option<&CardKey>, until: Timestamp) {
        self.list_of(card).read_to = Some(until);
    }

    /// See [`Account::unsaved`](super::Account::unsaved).
    pub(super) fn unsaved(&self, rows: &[Transaction]) -> Vec<Transaction> {
        self.saved.unknown(rows)
    }

    /// See [`Account::saved`](super::Account::saved).
    pub(super) fn saved(&mut self, card: Option<&CardKey>, rows: &[Transaction], again: bool) {
        self.list_of(card).unsaved = Pages::default();
        self.rows_changed(rows.iter().map(RowName::from));
        if again {
            self.saved.note(rows);
        }
        self.list_of(card).forget_holds();
    }

    /// See [`Account::rows_changed`](super::Account::rows_changed).
    pub(super) fn rows_changed(&mut self, rows: impl IntoIterator<Item = RowName>) {
        let mut lists = HashSet::new();
        for RowName { card, id, .. } in rows {
            self.saved.forget(card.as_ref(), &id);
            lists.extend([None, card]);
        }
        for list in lists {
            self.lists.get_mut(&list).into_iter().for_each(ListProgress::forget_holds);
        }
    }

    /// See [`Account::are_holds_due`](super::Account::are_holds_due).
    pub(super) fn are_holds_due(&mut self, card: Option<&CardKey>, now: &HoldsSeen) -> bool {
        let before = self.list_of(card).holds_compared.like(now);
        !before.is_some_and(|before| {
            before.since <= now.since
                && before.holds == now.holds
                && before.at <= now.at
                && now.at.duration_since(before.at) < HOLDS_AGAIN
        })
    }

    pub(super) fn note_holds_compared(&mut self, card: Option<&CardKey>, now: HoldsSeen) {
        *self.list_of(card).holds_compared.like(&now) = Some(now);
    }

    /// See [`Account::is_new_unsaved`](super::Account::is_new_unsaved).
    pub(super) fn is_new_unsaved(
        &mut self,
        card: Option<&CardKey>,
        page: usize,
        rows: &[Transaction],
    ) -> bool {
        let unsaved = &mut self.list_of(card).unsaved;
        if unsaved.has(page, rows) {
            return false;
        }
        unsaved.put(page, rows);
        true
    }

    /// See [`Account::oldest_hold`](super::Account::oldest_hold).
    pub(super) fn oldest_hold(
        &mut self,
        card: Option<&CardKey>,
        since: Timestamp,
    ) -> Option<Option<Timestamp>> {
        self.list_of(card).oldest_hold.filter(|hold| hold.is_none_or(|at| at >= since))
    }

    pub(super) fn set_oldest_hold(&mut self, card: Option<&CardKey>, hold: Option<Timestamp>) {
        self.list_of(card).oldest_hold = Some(hold);
    }

    /// See [`Account::depth_due`](super::Account::depth_due).
    pub(super) fn depth_due(&mut self, card: Option<&CardKey>, now: Timestamp) -> Depth {
        match self.list_of(card).deeper_from {
            None => Depth::Full,
            Some(from) if from.full <= now => Depth::Full,
            Some(from) if from.late <= now => Depth::Late,
            Some(_) => Depth::Recent,
        }
    }

    /// A reading of this depth took so many requests: the more, the longer until it is done again.
    pub(super) fn depth_read(
        &mut self,
        card: Option<&CardKey>,
        depth: Depth,
        requests: usize,
        now: Timestamp,
    ) {
        let later = |seconds: i64| {
            now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
        };
        let more = i64::try_from(requests.saturating_sub(1)).unwrap_or(i64::MAX);
        let late = later(more.saturating_mul(LATE_PER_REQUEST).min(LATE_AT_MOST));
        let full = FULL_AT_LEAST.saturating_add(more.saturating_mul(FULL_PER_REQUEST));
        let full = later(full.min(FULL_AT_MOST));
        let deeper_from = &mut self.list_of(card).deeper_from;
        match depth {
            Depth::Recent => {}
            Depth::Late => {
                if let Some(from) = deeper_from {
                    from.late = late;
                }
            }
            Depth::Full => *deeper_from = Some(DeeperFrom { late, full }),
        }
    }

    pub(super) fn begin_deep(&mut self, card: Option<&CardKey>, depth: Depth, requests: usize) {
        self.list_of(card).deep = Some((depth, requests));
    }

    pub(super) fn note_deep_requests(&mut self, card: Option<&CardKey>, more: usize) {
        if let Some((_, requests)) = &mut self.list_of(card).deep {
            *requests += more;
        }
    }

    /// How deep a reading was that went on in the history, and how many requests it took.
    pub(super) fn end_deep(&mut self, card: Option<&CardKey>) -> Option<(Depth, usize)> {
        self.list_of(card).deep.take()
    }

    pub(super) const fn lag(&self) -> SignedDuration {
        self.lag
    }

    pub(super) fn note_lag(&mut self, lag: SignedDuration) -> bool {
        let before = self.lag;
        self.lag = self.lag.max(lag.min(LONGEST_LAG));
        self.lag > before
    }
}
