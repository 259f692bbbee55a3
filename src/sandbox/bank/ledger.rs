//! The books of a bank: what is held, cleared, refunded and declined. What leaves one account
//! arrives in another; the audit finds every cent that does not.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{after, rounded};
use super::row::Funding;
use super::{Bank, Card, CardState, Clearing, Decline, Event, Merchant, Progress, Row, RowKind};
use crate::sandbox::troubles::RowOverrides;

impl Bank {
    /// A purchase: held when the card can pay, declined when not. Gives the row's position.
    pub(super) fn authorise(
        &mut self,
        card: usize,
        sum: Decimal,
        merchant: Merchant,
        at: Timestamp,
        clearing: Clearing,
    ) -> usize {
        let Some((state, available)) =
            self.cards.get(card).map(|card| (card.state, card.available()))
        else {
            return self.rows.len();
        };
        let reason = match state {
            CardState::Active if sum > available => Some(Decline::LackOfMoney),
            CardState::Active => None,
            CardState::Frozen => Some(Decline::Frozen),
            CardState::Blocked => Some(Decline::Blocked),
            CardState::Pending => Some(Decline::NotActivated),
            CardState::Closed => Some(Decline::Closed),
        };
        if let Some(reason) = reason {
            return self.record_decline(card, sum, merchant, reason, at);
        }
        if clearing == Clearing::Live {
            self.send_code_of_next(card, None, at);
        }
        if let Some(card) = self.cards.get_mut(card) {
            card.balance.held += sum;
        }
        let row = self.write(card, RowKind::Purchase, Progress::Pending, sum, at, |row| {
            row.merchant = Some(merchant)
        });
        self.plan_clearing(row, at, clearing);
        row
    }

    /// Decides what becomes of a new hold and when: 5 in 100 are reversed, 4 are refunded after
    /// they were cleared; fuel and restaurants clear for another sum than they held.
    fn plan_clearing(&mut self, row: usize, at: Timestamp, clearing: Clearing) {
        let delay = match clearing {
            Clearing::Historic => self.random.between(2 * 3_600_000, 40 * 3_600_000),
            Clearing::Live => self.random.between(20_000, 90_000),
            Clearing::Manual => return,
        };
        let Some(held) = self.rows.get(row) else { return };
        let category = held.merchant.as_ref().map_or("", |merchant| merchant.mcc.as_str());
        let takes_tips = matches!(category, "5812" | "4121");
        let is_fuel = matches!(category, "5541" | "5542");
        let (sum, card) = (held.amount, held.card);
        let dice = self.random.below(100);
        if dice < 5 {
            self.agenda.schedule(after(at, delay), Event::Reverse { row });
        } else {
            let percent = match (is_fuel, takes_tips && dice < 60) {
                (true, _) => Some(self.random.between(60, 112)),
                (false, true) => Some(self.random.between(103, 118)),
                (false, false) => None,
            };
            let cleared = match (percent, self.cards.get(card)) {
                (Some(percent), Some(card)) => {
                    rounded(sum * Decimal::from(percent) / Decimal::ONE_HUNDRED, card.currency)
                }
                (None, _) | (_, None) => sum,
            };
            let event = self.clearing_event(row, cleared);
            self.agenda.schedule(after(at, delay), event);
            if dice > 95 {
                self.agenda.schedule(after(at, delay * 2), Event::Refund { row });
            }
        }
        if clearing == Clearing::Live {
            self.disturb_hold(row, at);
        }
    }

    /// A purchase that is declined. Gives the row's position.
    pub(in crate::sandbox) fn record_decline(
        &mut self,
        card: usize,
        sum: Decimal,
        merchant: Merchant,
        reason: Decline,
        at: Timestamp,
    ) -> usize {
        self.send_code_of_next(card, Some(reason), at);
        self.write(card, RowKind::Purchase, Progress::Declined, sum, at, |row| {
            row.merchant = Some(merchant);
            row.reason = Some(reason);
        })
    }

    /// A hold is booked, often for another sum.
    pub(super) fn clear(&mut self, position: usize, sum: Decimal, at: Timestamp) {
        let shown = self.shown(at);
        let Some(row) = self.rows.get_mut(position).filter(|row| row.is_hold()) else { return };
        if let Some(card) = self.cards.get_mut(row.card) {
            card.balance.held -= row.amount;
            card.balance.booked -= sum;
            row.available_after = card.available();
        }
        row.amount = sum;
        row.progress = Progress::Cleared;
        row.changed = shown;
        self.note_row(position, Some(Progress::Pending), at);
    }

    /// A hold is released.
    pub(super) fn reverse(&mut self, position: usize, at: Timestamp) {
        let shown = self.shown(at);
        let Some(row) = self.rows.get_mut(position).filter(|row| row.is_hold()) else { return };
        if let Some(card) = self.cards.get_mut(row.card) {
            card.balance.held -= row.amount;
            row.available_after = card.available();
        }
        row.progress = Progress::Reversed;
        row.changed = shown;
        self.note_row(position, Some(Progress::Pending), at);
    }

    /// The shop refunds what was booked. Closed cards get nothing back.
    pub(super) fn refund(&mut self, row: usize, at: Timestamp) {
        let (refund, shown) = (self.rows.len(), self.shown(at));
        let Some(paid) = self
            .rows
            .get_mut(row)
            .filter(|row| row.progress == Progress::Cleared && row.refund.is_none())
        else {
            return;
        };
        let (card, sum, merchant) = (paid.card, paid.amount, paid.merchant.clone());
        if self.cards.get(card).is_none_or(|card| card.state == CardState::Closed) {
            return;
        }
        paid.refund = Some(refund);
        paid.changed = shown;
        if let Some(card) = self.cards.get_mut(card) {
            card.balance.booked += sum;
        }
        self.write(card, RowKind::Refund, Progress::Cleared, sum, at, |row| {
            row.merchant = merchant
        });
    }

    pub(in crate::sandbox) fn charge_fee(&mut self, card: usize, sum: Decimal, at: Timestamp) {
        if let Some(card) = self.cards.get_mut(card) {
            card.balance.booked -= sum;
        }
        self.write(card, RowKind::Fee, Progress::Cleared, sum, at, |_| {});
    }

    pub(super) fn withdraw_cash(
        &mut self,
        card: usize,
        sum: Decimal,
        machine: Merchant,
        at: Timestamp,
    ) {
        let Some(paying) = self.cards.get_mut(card) else { return };
        if paying.available() < sum {
            self.record_decline(card, sum, machine, Decline::LackOfMoney, at);
            return;
        }
        paying.balance.booked -= sum;
        self.write(card, RowKind::Cash, Progress::Cleared, sum, at, |row| {
            row.merchant = Some(machine)
        });
    }

    /// A purchase that stays held until [`Bank::settle`].
    pub(in crate::sandbox) fn spend(
        &mut self,
        card: usize,
        sum: Decimal,
        merchant: Merchant,
        at: Timestamp,
    ) {
        self.authorise(card, sum, merchant, at, Clearing::Manual);
    }

    /// Books the oldest held purchase of a card for `sum`; false when it holds none.
    pub(in crate::sandbox) fn settle(&mut self, card: usize, sum: Decimal, at: Timestamp) -> bool {
        let hold = self.rows.iter().position(|row| row.card == card && row.is_hold());
        if let Some(row) = hold {
            self.clear(row, sum, at);
        }
        hold.is_some()
    }

    /// Refunds the newest booked purchase of a card; false when there is none.
    pub(in crate::sandbox) fn refund_newest(&mut self, card: usize, at: Timestamp) -> bool {
        let booked = self.rows.iter().rposition(|row| row.card == card && row.is_refundable());
        if let Some(row) = booked {
            self.refund(row, at);
        }
        booked.is_some()
    }

    /// Writes another time into a row, so that it is listed where it would have been.
    pub(in crate::sandbox) fn date_back(&mut self, row: usize, by: jiff::SignedDuration) {
        if let Some(at) = self.rows.get(row).map(|row| row.at) {
            self.date(row, at.saturating_sub(by).unwrap_or(at));
        }
    }

    /// Writes a time into a row, so that it is listed there.
    pub(super) fn date(&mut self, row: usize, at: Timestamp) {
        if let Some(row) = self.rows.get_mut(row) {
            self.lists.order.take_out(row);
            (row.at, row.changed) = (at, at);
            self.lists.order.put(row);
        }
    }

    /// Appends a row; `more` fills in what the kind has besides. Moves no money. Gives the row's
    /// position.
    pub(super) fn write(
        &mut self,
        card: usize,
        kind: RowKind,
        progress: Progress,
        amount: Decimal,
        at: Timestamp,
        more: impl FnOnce(&mut Row),
    ) -> usize {
        let (position, shown) = (self.rows.len(), self.shown(at));
        let mut row = Row {
            position,
            id_root: position as u64,
            card,
            kind,
            progress,
            amount,
            merchant: None,
            reason: None,
            at: shown,
            changed: shown,
            available_after: self.cards.get(card).map_or(Decimal::ZERO, Card::available),
            refund: None,
            funding: Funding::default(),
            overrides: RowOverrides::default(),
        };
        more(&mut row);
        self.lists.order.put(&row);
        self.rows.push(row);
        self.note_row(position, None, at);
        position
    }
}
