//! What is known of the transactions of the card that is shown beside the list. It is kept with the
//! news of that card, so that a frame counts nothing and news of other cards costs nothing.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::Portfolio;
use crate::app::work::{Work, count};
use crate::domain::card::CardKey;
use crate::domain::decline::Remedy;
use crate::domain::money::Money;
use crate::domain::transaction::{
    RowName, Transaction, TransactionKind, TransactionState, is_decline,
};
use crate::ledger::{CardRows, CardSelection, Outline, RowKey};

/// How old a decline may be that is covered without the cursor on it.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// What is known of the card that is shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    rows: CardRows,
    /// Something has happened to the card since.
    is_outdated: bool,
    /// Grows with everything that happens to the card, and with each other card.
    revision: u64,
    /// Its declines that can be covered, the newest first, as of a time.
    to_cover: Vec<Transaction>,
    as_of: Timestamp,
    /// The purchases that passed after the declines that are explained.
    passed: Vec<(RowName, Option<Transaction>)>,
}

impl Shown {
    /// Whether this is the card.
    pub(super) fn is_of(&self, key: &CardKey) -> bool {
        self.rows.card() == Some(key)
    }

    /// Something has happened to the card.
    pub(super) const fn outdate(&mut self) {
        self.is_outdated = true;
    }
}

impl Portfolio {
    /// A card is shown beside the list from now on, or still is; `chosen` is the decline under the
    /// cursor. Looks at the rows of the card that have come or changed.
    pub(crate) fn show(&mut self, key: &CardKey, chosen: Option<&Transaction>) {
        let shown = &mut self.kept.shown;
        if !shown.is_of(key) || shown.is_outdated || self.now < shown.as_of {
            let visited = shown.rows.renew(&self.transactions, key);
            (0..visited).for_each(|_| count(Work::CardRowRead));
            (shown.is_outdated, shown.as_of) = (false, self.now);
            shown.revision += 1;
            shown.passed.clear();
            self.kept.shown.to_cover = self.read_declines_to_cover(key);
        }
        let last = self.last_decline(key);
        let explained = last.iter().chain(chosen.filter(|row| row.card().as_ref() == Some(key)));
        let passed = explained.map(|row| (RowName::from(row), self.passed_later(row)));
        self.kept.shown.passed = passed.collect();
    }

    /// What is known of a card, where it is the one that is shown.
    fn shown(&self, key: &CardKey) -> Option<&Shown> {
        let shown = &self.kept.shown;
        (shown.is_of(key) && !shown.is_outdated).then_some(shown)
    }

    /// The transactions of the card that is shown.
    pub(crate) const fn shown_rows(&self) -> &CardRows {
        &self.kept.shown.rows
    }

    /// Grows when something happens to the card that is shown, and when it is another one.
    pub(crate) const fn revision_of_shown(&self) -> u64 {
        self.kept.shown.revision
    }

    /// The newest decline of a card.
    #[must_use]
    pub fn last_decline(&self, key: &CardKey) -> Option<Transaction> {
        match self.shown(key) {
            Some(shown) => shown.rows.ledger().row(shown.rows.nth(CardSelection::Declines, 0)?),
            None => {
                let newest = self.transactions.of_card_with(key, is_decline).next();
                self.transactions.row(newest?)
            }
        }
    }

    /// The transactions of a card that are of a selection, the newest first.
    pub(crate) fn rows_of(
        &self,
        key: &CardKey,
        of: CardSelection,
    ) -> impl Iterator<Item = Transaction> {
        let shown = self.shown(key);
        let kept = shown.into_iter().flat_map(move |shown| {
            let positions = shown.rows.positions(of);
            positions.filter_map(|position| shown.rows.ledger().row(position))
        });
        let has = move |kind, state| of.has(kind, state);
        let other = shown.is_none().then(|| self.transactions.of_card_with(key, has));
        let other = other.into_iter().flatten();
        kept.chain(other.filter_map(|position| self.transactions.row(position)))
            .inspect(|_| count(Work::HistoryVisited))
    }

    /// What was declined of a card after a time, the newest first. Looks at no older row.
    pub(crate) fn declined_after(
        &self,
        key: &CardKey,
        after: Timestamp,
    ) -> impl Iterator<Item = Transaction> {
        let rows = &self.transactions;
        rows.of_card(key)
            .take_while(move |position| rows.at(*position).is_some_and(|at| at > after))
            .inspect(|_| count(Work::CardRowRead))
            .filter(|position| rows.is_of(*position, CardSelection::Declined))
            .filter_map(|position| rows.row(position))
            .inspect(|_| count(Work::HistoryVisited))
    }

    /// The holds of a card, the newest first.
    pub(crate) fn holds_of(&self, key: &CardKey) -> Vec<Transaction> {
        self.rows_of(key, CardSelection::Holds).collect()
    }

    /// How many holds a card has.
    pub(crate) fn count_holds(&self, key: &CardKey) -> usize {
        match self.shown(key) {
            Some(shown) => shown.rows.len(CardSelection::Holds),
            None => {
                let is_hold = |kind, state| CardSelection::Holds.has(kind, state);
                self.transactions.of_card_with(key, is_hold).count()
            }
        }
    }

    /// Declines for lack of money within a day whose purchases have not passed since, the newest
    /// first.
    pub(crate) fn declines_to_cover(&self, key: &CardKey) -> Vec<Transaction> {
        match self.shown(key).filter(|shown| shown.as_of <= self.now) {
            Some(shown) => {
                let rows = shown.to_cover.iter().take_while(|row| self.is_recent(row));
                rows.inspect(|_| count(Work::HistoryVisited)).cloned().collect()
            }
            None => self.read_declines_to_cover(key),
        }
    }

    /// The newest of them. Of a card that is shown no other is looked at: each frame asks.
    pub(crate) fn newest_decline_to_cover(&self, key: &CardKey) -> Option<Transaction> {
        match self.shown(key).filter(|shown| shown.as_of <= self.now) {
            Some(shown) => shown.to_cover.first().filter(|row| self.is_recent(row)).cloned(),
            None => self.read_declines_to_cover(key).into_iter().next(),
        }
    }

    fn read_declines_to_cover(&self, key: &CardKey) -> Vec<Transaction> {
        if let Some(shown) = self.shown(key) {
            return self.declines_to_cover_of(&shown.rows);
        }
        self.rows_of(key, CardSelection::Declines)
            .take_while(|row| self.is_recent(row))
            .filter(|row| is_for_lack_of_money(row) && self.passed_later(row).is_none())
            .collect()
    }

    /// The same in one pass, the newest row first: a card may have thousands of rows a day.
    fn declines_to_cover_of(&self, rows: &CardRows) -> Vec<Transaction> {
        // When the newest purchase passed, by merchant and amount.
        let mut passed: HashMap<(u32, Money), Timestamp> = HashMap::new();
        let mut declines = Vec::new();
        let is_recent = |row: &Outline| self.now.duration_since(row.at) <= RECENT;
        for row in rows.outlines().take_while(is_recent) {
            let of = row.merchant.zip(row.amount.map(Money::abs));
            if is_passed_as(row.kind, row.state) {
                _ = of.map(|of| passed.entry(of).or_insert(row.at));
            }
            let has_passed = || of.and_then(|of| passed.get(&of)).is_some_and(|at| *at > row.at);
            if is_decline(row.kind, row.state) && !has_passed() {
                let decline = rows.ledger().row(row.position);
                count(Work::HistoryVisited);
                declines.extend(decline.filter(is_for_lack_of_money));
            }
        }
        declines
    }

    fn is_recent(&self, row: &Transaction) -> bool {
        self.now.duration_since(row.at) <= RECENT
    }

    /// The newest purchase that passed after a decline and is the same: of the same card, with the
    /// same merchant and amount. A decline that names no merchant has none.
    pub(crate) fn passed_later(&self, decline: &Transaction) -> Option<Transaction> {
        let key = decline.card()?;
        let is_it = |row: &Transaction| is_passed(row) && is_same_purchase(decline, row);
        let made = |row: Transaction| {
            count(Work::HistoryVisited);
            row
        };
        let Some(shown) = self.shown(&key) else {
            let rows = self.transactions_of(&key);
            return rows.take_while(|row| row.at > decline.at).find(is_it);
        };
        let name = RowName::from(decline);
        if let Some((_, passed)) = shown.passed.iter().find(|(known, _)| *known == name) {
            return passed.clone();
        }
        let ledger = shown.rows.ledger();
        let position = ledger.position(&RowKey::from(decline))?;
        let newer = shown.rows.newer_alike(position, is_passed_as);
        newer.filter_map(|position| ledger.row(position)).map(made).find(is_it)
    }
}

/// Whether a decline is for lack of money.
pub(crate) fn is_for_lack_of_money(row: &Transaction) -> bool {
    row.decline().and_then(|cause| cause.reason()?.remedy()) == Some(Remedy::TopUp)
}

/// Whether a row is a purchase that the card paid or is to pay.
fn is_passed(row: &Transaction) -> bool {
    is_passed_as(row.kind, row.state)
}

fn is_passed_as(kind: TransactionKind, state: TransactionState) -> bool {
    kind == TransactionKind::Purchase
        && matches!(state, TransactionState::Hold | TransactionState::Cleared)
}

/// Whether a later row of the card is the declined purchase once more.
fn is_same_purchase(decline: &Transaction, later: &Transaction) -> bool {
    decline.merchant.is_some()
        && decline.merchant == later.merchant
        && decline.amount.abs() == later.amount.abs()
        && decline.at < later.at
}
