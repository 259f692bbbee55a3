//! What a statement lists, in which order, and how lists change between two pages.

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::amounts::{from_us_cents, parse_currency};
use super::order::Order;
use super::{Bank, Decline, ListScope, Merchant, Progress, Row, RowKind, after};
use crate::sandbox::troubles::ListChange;

/// In the scenario of shifting pages, rows are inserted at least so far apart.
const SHIFT_MILLIS: u64 = 5_000;
/// From here on, what ids of renamed rows are made of.
const FIRST_RENAMED: u64 = 4_000_000;

/// How lists are answered, and what is to happen to them.
#[derive(Debug)]
pub(in crate::sandbox) struct Lists {
    /// Most rows of a page, whatever is asked for.
    pub(in crate::sandbox) page_cap: Option<usize>,
    /// Lists give the length of their page as that of the whole.
    pub(in crate::sandbox) totals_count_page: bool,
    /// Rows spell their card's id otherwise than cards and rosters do.
    pub(in crate::sandbox) alternate_ids: bool,
    /// What happens after the next lists that are read, one change each.
    pub(in crate::sandbox) changes: VecDeque<ListChange>,
    /// A row is inserted after a list was read, every few seconds.
    pub(super) shifts_pages: bool,
    next_shift: Timestamp,
    /// Rows that no list shows yet.
    pub(in crate::sandbox) withheld: BTreeSet<usize>,
    /// Rows that have left all lists.
    pub(in crate::sandbox) hidden: BTreeSet<usize>,
    /// Rows that lists show twice.
    repeated: BTreeSet<usize>,
    /// Ids that were given to rows that had one.
    renamed: u64,
    pub(super) order: Order,
}

/// The times that a list is asked for, both ends included.
#[derive(Clone, Copy)]
pub(in crate::sandbox) struct Window {
    pub(in crate::sandbox) from: Option<Timestamp>,
    pub(in crate::sandbox) to: Option<Timestamp>,
}

impl Window {
    /// All times.
    pub(in crate::sandbox) const ALL: Self = Self { from: None, to: None };
}

impl Lists {
    pub(super) fn new(start: Timestamp) -> Self {
        Self {
            page_cap: None,
            totals_count_page: false,
            alternate_ids: false,
            changes: VecDeque::new(),
            shifts_pages: false,
            next_shift: start,
            withheld: BTreeSet::new(),
            hidden: BTreeSet::new(),
            repeated: BTreeSet::new(),
            renamed: 0,
            order: Order::default(),
        }
    }

    /// Gives rows other positions.
    pub(super) fn renumber_rows(&mut self, new_position: impl Fn(usize) -> usize) {
        for rows in [&mut self.withheld, &mut self.hidden, &mut self.repeated] {
            *rows = rows.iter().map(|row| new_position(*row)).collect();
        }
    }

    /// Rows of a page where `asked` were asked for.
    pub(in crate::sandbox) fn page_size(&self, asked: usize) -> usize {
        self.page_cap.map_or(asked, |cap| asked.min(cap.max(1)))
    }

    /// What a list gives as its length: the truth, or the length of the page.
    pub(in crate::sandbox) const fn total(&self, whole: usize, page: usize) -> usize {
        if self.totals_count_page { page } else { whole }
    }
}

impl Bank {
    /// Rows as a statement lists them, newest first by the time that is written in them; of one
    /// card, or of all.
    pub(in crate::sandbox) fn statement(
        &self,
        card: Option<usize>,
        window: Window,
    ) -> impl Iterator<Item = &Row> {
        self.trace.listed.set(Some(card.map_or(ListScope::AllCards, ListScope::Card)));
        self.listed_rows(card, window)
    }

    /// The same, without a note in the [`RequestTrace`](super::RequestTrace).
    pub(in crate::sandbox) fn listed_rows(
        &self,
        card: Option<usize>,
        window: Window,
    ) -> impl Iterator<Item = &Row> {
        // Rows are not looked at here: a list of very many is counted in no time.
        let times = |row: usize| if self.lists.repeated.contains(&row) { 2 } else { 1 };
        let rows = self.lists.order.newest_first(card, window).filter(|row| self.is_listed(*row));
        rows.flat_map(move |row| std::iter::repeat_n(row, times(row)))
            .filter_map(|row| self.rows.get(row))
    }

    fn is_listed(&self, row: usize) -> bool {
        let never = self.rules.never_listed();
        let is_never = |row: &Row| never.contains(&row.progress);
        !self.lists.withheld.contains(&row)
            && !self.lists.hidden.contains(&row)
            && (never.is_empty() || !self.rows.get(row).is_some_and(is_never))
    }

    /// A card's id as rows spell it: as everywhere, or in another way that means the same.
    pub(in crate::sandbox) fn card_id_in_rows(&self, id: &str) -> String {
        if self.lists.alternate_ids { self.rules.alternate_id(id) } else { id.to_owned() }
    }

    /// Makes the change that was planned after the list that was just read, if one was.
    pub(in crate::sandbox) fn after_request(&mut self, now: Timestamp) {
        let card = match self.trace.listed.take() {
            None => return,
            Some(ListScope::AllCards) => None,
            Some(ListScope::Card(card)) => Some(card),
        };
        if let Some(change) = self.lists.changes.pop_front() {
            self.change_list(change, card, now);
        } else if self.lists.shifts_pages && self.lists.next_shift <= now {
            self.lists.next_shift = after(now, SHIFT_MILLIS);
            self.change_list(ListChange::Insert, card, now);
        }
    }

    /// Changes the list of a card, or of all.
    pub(in crate::sandbox) fn change_list(
        &mut self,
        change: ListChange,
        card: Option<usize>,
        now: Timestamp,
    ) {
        let spending: Vec<usize> = self
            .listed_rows(card, Window::ALL)
            .filter(|row| matches!(row.kind, RowKind::Purchase | RowKind::Fee | RowKind::Cash))
            .map(|row| row.position)
            .collect();
        let newest = spending.first().copied();
        let middle = spending.get(spending.len() / 2).copied();
        match change {
            ListChange::Insert => {
                let turn = self.rows.len().checked_rem(self.cards.len()).unwrap_or(0);
                let card = card.unwrap_or(turn);
                if let Some(currency) = self.cards.get(card).map(|card| card.currency) {
                    self.charge_fee(card, from_us_cents(1, currency), now);
                }
            }
            ListChange::Remove => {
                if let Some(row) = newest {
                    self.vanish(row, now);
                }
            }
            ListChange::Move => {
                let shown = self.shown(now);
                if let Some(row) = middle {
                    self.date(row, shown);
                }
            }
            ListChange::Rename => {
                if let Some(row) = middle {
                    self.rename(row);
                }
            }
            ListChange::Repeat => {
                self.lists.repeated.extend(newest);
            }
        }
    }

    /// A row leaves the lists without notice. A hold is released; what was booked stays booked.
    pub(in crate::sandbox) fn vanish(&mut self, row: usize, now: Timestamp) {
        self.reverse(row, now);
        self.lists.hidden.insert(row);
    }

    /// Gives a row another id.
    fn rename(&mut self, row: usize) {
        self.lists.renamed += 1;
        let id = FIRST_RENAMED + self.lists.renamed;
        if let Some(row) = self.rows.get_mut(row) {
            row.id_root = id;
        }
    }

    /// A hold leaves the lists without notice, and the purchase is booked in a row of its own, for
    /// this sum. The new row's position.
    pub(in crate::sandbox) fn clear_as_another(
        &mut self,
        hold: usize,
        sum: Decimal,
        dated_back: SignedDuration,
        now: Timestamp,
    ) -> Option<usize> {
        let held = self.rows.get(hold).filter(|row| row.is_hold())?;
        let (card, merchant) = (held.card, held.merchant.clone());
        self.vanish(hold, now);
        Some(self.book(card, sum, merchant, dated_back, now))
    }

    /// A purchase that was never held, booked at once, whatever the card has; dated so long before
    /// now.
    pub(in crate::sandbox) fn book(
        &mut self,
        card: usize,
        sum: Decimal,
        merchant: Option<Merchant>,
        dated_back: SignedDuration,
        now: Timestamp,
    ) -> usize {
        if let Some(card) = self.cards.get_mut(card) {
            card.balance.booked -= sum;
        }
        let row = self.write(card, RowKind::Purchase, Progress::Cleared, sum, now, |row| {
            row.merchant = merchant
        });
        self.date_back(row, dated_back);
        row
    }

    /// The oldest hold of a card that is still listed.
    pub(in crate::sandbox) fn oldest_hold(&self, card: usize) -> Option<usize> {
        let is_shown = |row: &Row| !self.lists.hidden.contains(&row.position);
        self.rows.iter().position(|row| row.card == card && row.is_hold() && is_shown(row))
    }

    /// One declined purchase for each reason, a millisecond apart.
    pub(in crate::sandbox) fn decline_for_every_reason(
        &mut self,
        card: usize,
        merchant: &Merchant,
        now: Timestamp,
    ) {
        let currency =
            self.cards.get(card).map_or_else(|| parse_currency("USD"), |card| card.currency);
        for (i, reason) in (0_u64..).zip(Decline::ALL) {
            let sum = from_us_cents(1_000 + 100 * i, currency);
            self.record_decline(card, sum, merchant.clone(), reason, after(now, i));
        }
    }
}
