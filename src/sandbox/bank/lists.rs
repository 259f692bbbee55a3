//! What a statement lists, in which order, and what happens to it between two pages.

use jiff::{SignedDuration, Timestamp};

use super::amounts::code;
use super::{Bank, Decline, Dialect, Kind, Progress, Row, after};
use crate::sandbox::troubles::ListChange;

/// Two rows that come in between pages are at least so many milliseconds apart in the scenario that
/// does it by itself.
const SHIFT_MILLIS: u64 = 5_000;

impl Bank {
    /// Rows as a statement lists them, newest first by the time that is written in them; of one
    /// card, or of all.
    pub(in crate::sandbox) fn statement(&self, card: Option<usize>) -> Vec<&Row> {
        self.listed.set(Some(card));
        self.listed_rows(card)
    }

    /// The same, without a trace that somebody read it.
    pub(in crate::sandbox) fn listed_rows(&self, card: Option<usize>) -> Vec<&Row> {
        let of_card = self
            .rows
            .iter()
            .rev()
            .filter(|row| card.is_none_or(|card| row.card == card) && self.lists(row));
        let mut rows: Vec<&Row> = of_card
            .flat_map(|row| std::iter::repeat_n(row, if row.twice { 2 } else { 1 }))
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        rows
    }

    /// Whether a row is listed at all. ibanera lists only what is pending or booked: refused
    /// purchases have no row there, and a hold that was let go vanishes (ibanera wire notes, 2.12).
    fn lists(&self, row: &Row) -> bool {
        let all = self.dialect != Dialect::Ibanera;
        let shown = !row.hidden
            && usize::try_from(row.number).is_ok_and(|row| !self.withheld.contains(&row));
        shown && (all || matches!(row.progress, Progress::Pending | Progress::Cleared))
    }

    /// Rows of a page where so many were asked for.
    pub(in crate::sandbox) fn page_size(&self, asked: usize) -> usize {
        self.page_cap.map_or(asked, |cap| asked.min(cap.max(1)))
    }

    /// What a list tells as its length: the truth, or the length of the page.
    pub(in crate::sandbox) const fn total(&self, whole: usize, page: usize) -> usize {
        if self.totals_count_the_page { page } else { whole }
    }

    /// A card's id as rows spell it: as everywhere, or in another way that means the same.
    pub(in crate::sandbox) fn card_id_in_rows(&self, id: &str) -> String {
        match (self.rows_spell_otherwise, self.dialect) {
            (false, _) => id.to_owned(),
            (true, Dialect::Artha) => id.to_ascii_uppercase(),
            (true, Dialect::Banana | Dialect::Ibanera) => format!("00{id}"),
            (true, Dialect::Enkash) => format!(" {id} "),
        }
    }

    /// What was planned to happen after the list that was just read, if one was.
    pub(in crate::sandbox) fn after_request(&mut self, now: Timestamp) {
        let Some(card) = self.listed.take() else { return };
        if let Some(what) = self.list_changes.pop_front() {
            self.change_list(what, card, now);
        } else if self.shifts_pages && self.next_shift <= now {
            self.next_shift = after(now, SHIFT_MILLIS);
            self.change_list(ListChange::Insert, card, now);
        }
    }

    /// Lets one thing happen to the list of a card, or of all.
    pub(in crate::sandbox) fn change_list(
        &mut self,
        what: ListChange,
        card: Option<usize>,
        now: Timestamp,
    ) {
        let movable: Vec<usize> = {
            let rows = self.listed_rows(card);
            let spent = rows
                .iter()
                .filter(|row| matches!(row.kind, Kind::Purchase | Kind::Fee | Kind::Cash));
            spent.filter_map(|row| usize::try_from(row.number).ok()).collect()
        };
        let newest = movable.first().copied();
        let middle = movable.get(movable.len() / 2).copied();
        match what {
            ListChange::Insert => {
                let turn = self.rows.len().checked_rem(self.cards.len()).unwrap_or(0);
                if let Some(currency) =
                    self.cards.get(card.unwrap_or(turn)).map(|card| card.currency)
                {
                    self.charge(card.unwrap_or(turn), super::scaled(1, currency), now);
                }
            }
            ListChange::Remove => {
                if let Some(row) = newest {
                    self.vanish(row, now);
                }
            }
            ListChange::Move => {
                let shown = self.shown(now);
                if let Some(row) = middle.and_then(|row| self.rows.get_mut(row)) {
                    row.at = shown;
                    row.changed = shown;
                }
            }
            ListChange::Rename => {
                if let Some(row) = middle {
                    self.rename(row);
                }
            }
            ListChange::Repeat => {
                if let Some(row) = newest.and_then(|row| self.rows.get_mut(row)) {
                    row.twice = true;
                }
            }
        }
    }

    /// A row leaves the lists without a word. A hold gives its money back; what was booked stays
    /// booked.
    pub(in crate::sandbox) fn vanish(&mut self, row: usize, now: Timestamp) {
        self.reverse(row, now);
        if let Some(row) = self.rows.get_mut(row) {
            row.hidden = true;
        }
    }

    /// Gives a row another id.
    pub(in crate::sandbox) fn rename(&mut self, row: usize) {
        self.renamed += 1;
        let id = FIRST_RENAMED + self.renamed;
        if let Some(row) = self.rows.get_mut(row) {
            row.id = id;
        }
    }

    /// A hold is let go without a word, and the purchase is booked in a row of its own, for this
    /// sum. The new row's position.
    pub(in crate::sandbox) fn clear_as_another(
        &mut self,
        hold: usize,
        sum: rust_decimal::Decimal,
        dated_back: SignedDuration,
        now: Timestamp,
    ) -> Option<usize> {
        let (card, shop) = self
            .rows
            .get(hold)
            .filter(|row| row.kind == Kind::Purchase && row.progress == Progress::Pending)
            .map(|row| (row.card, row.merchant.clone()))?;
        self.vanish(hold, now);
        Some(self.book(card, sum, shop, dated_back, now))
    }

    /// A purchase that was never held, booked at once, whatever the card has; dated so long before
    /// now.
    pub(in crate::sandbox) fn book(
        &mut self,
        card: usize,
        sum: rust_decimal::Decimal,
        shop: Option<crate::sandbox::Merchant>,
        dated_back: SignedDuration,
        now: Timestamp,
    ) -> usize {
        if let Some(card) = self.cards.get_mut(card) {
            card.ledger -= sum;
        }
        let row = self
            .write(card, Kind::Purchase, Progress::Cleared, sum, now, |row| row.merchant = shop);
        self.date_back(row, dated_back);
        row
    }

    /// The oldest hold of a card that is still listed.
    pub(in crate::sandbox) fn oldest_hold(&self, card: usize) -> Option<usize> {
        self.rows.iter().position(|row| {
            row.card == card
                && row.kind == Kind::Purchase
                && row.progress == Progress::Pending
                && !row.hidden
        })
    }

    /// One refusal for each reason, a millisecond apart.
    pub(in crate::sandbox) fn refuse_for_every_reason(
        &mut self,
        card: usize,
        shop: &crate::sandbox::Merchant,
        now: Timestamp,
    ) {
        let currency = self.cards.get(card).map_or_else(|| code("USD"), |card| card.currency);
        for (i, reason) in (0_u64..).zip(Decline::ALL) {
            self.decline(
                card,
                super::scaled(1_000 + 100 * i, currency),
                shop.clone(),
                reason,
                after(now, i),
            );
        }
    }
}

/// Roots of ids that rows get instead of their first one.
const FIRST_RENAMED: u64 = 4_000_000;
