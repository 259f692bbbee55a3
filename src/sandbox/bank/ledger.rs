//! The books of a bank: what is held, cleared, paid back and credited. What leaves one place
//! arrives in another, and the audit finds every cent that does not.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{after, rounded};
use super::{Bank, Card, CardState, Clearing, Decline, Event, Kind, Load, Progress, Refusal, Row};
use crate::sandbox::Dialect;
use crate::sandbox::people::Merchant;
use crate::sandbox::troubles::RowOverrides;

impl Bank {
    /// A purchase: held when the card can pay, declined when not. Gives the row.
    pub(super) fn authorise(
        &mut self,
        card: usize,
        sum: Decimal,
        shop: Merchant,
        at: Timestamp,
        pace: Clearing,
    ) -> usize {
        let Some((state, available, currency)) =
            self.cards.get(card).map(|c| (c.state, c.available(), c.currency))
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
            return self.record_decline(card, sum, shop, reason, at);
        }
        if let Some(card) = self.cards.get_mut(card) {
            card.held += sum;
        }
        let tips = matches!(shop.mcc.as_str(), "5812" | "4121");
        let pump = matches!(shop.mcc.as_str(), "5541" | "5542");
        let row = self.write(card, Kind::Purchase, Progress::Pending, sum, at, |row| {
            row.merchant = Some(shop)
        });
        let delay = match pace {
            Clearing::Historic => self.random.between(2 * 3_600_000, 40 * 3_600_000),
            Clearing::Live => self.random.between(20_000, 90_000),
            Clearing::Manual => return row,
        };
        let dice = self.random.below(100);
        if dice < 5 {
            self.schedule(after(at, delay), Event::Reverse { row });
        } else {
            let cleared = if pump || (tips && dice < 60) {
                let percent =
                    if pump { self.random.between(60, 112) } else { self.random.between(103, 118) };
                rounded(sum * Decimal::from(percent) / Decimal::ONE_HUNDRED, currency)
            } else {
                sum
            };
            let due = self.instead_of_clearing(row, cleared);
            self.schedule(after(at, delay), due);
            if dice > 95 {
                self.schedule(after(at, delay * 2), Event::Refund { row });
            }
        }
        if pace == Clearing::Live {
            self.apply_effects(row, at);
        }
        row
    }

    pub(super) fn record_decline(
        &mut self,
        card: usize,
        sum: Decimal,
        shop: Merchant,
        reason: Decline,
        at: Timestamp,
    ) -> usize {
        self.write(card, Kind::Purchase, Progress::Declined, sum, at, |row| {
            row.merchant = Some(shop);
            row.reason = Some(reason);
        })
    }

    /// A held purchase is booked, often for another sum.
    pub(super) fn clear(&mut self, row: usize, sum: Decimal, at: Timestamp) {
        let shown = self.shown(at);
        let Some(row) = self
            .rows
            .get_mut(row)
            .filter(|row| row.progress == Progress::Pending && row.kind == Kind::Purchase)
        else {
            return;
        };
        if let Some(card) = self.cards.get_mut(row.card) {
            card.held -= row.amount;
            card.ledger -= sum;
            row.left = card.available();
        }
        row.amount = sum;
        row.progress = Progress::Cleared;
        row.changed = shown;
    }

    /// A held purchase is let go.
    pub(super) fn reverse(&mut self, row: usize, at: Timestamp) {
        let shown = self.shown(at);
        let Some(row) = self
            .rows
            .get_mut(row)
            .filter(|row| row.progress == Progress::Pending && row.kind == Kind::Purchase)
        else {
            return;
        };
        if let Some(card) = self.cards.get_mut(row.card) {
            card.held -= row.amount;
            row.left = card.available();
        }
        row.progress = Progress::Reversed;
        row.changed = shown;
    }

    /// The shop pays a cleared purchase back.
    pub(super) fn refund(&mut self, row: usize, at: Timestamp) {
        let (number, shown) = (self.rows.len() as u64, self.shown(at));
        let Some(paid) = self
            .rows
            .get_mut(row)
            .filter(|row| row.progress == Progress::Cleared && row.refund.is_none())
        else {
            return;
        };
        let (card, sum, shop) = (paid.card, paid.amount, paid.merchant.clone());
        if self.cards.get(card).is_none_or(|card| card.state == CardState::Closed) {
            return;
        }
        paid.refund = Some(number);
        paid.changed = shown;
        if let Some(card) = self.cards.get_mut(card) {
            card.ledger += sum;
        }
        self.write(card, Kind::Refund, Progress::Cleared, sum, at, |row| row.merchant = shop);
    }

    pub(super) fn charge(&mut self, card: usize, sum: Decimal, at: Timestamp) {
        if let Some(card) = self.cards.get_mut(card) {
            card.ledger -= sum;
        }
        self.write(card, Kind::Fee, Progress::Cleared, sum, at, |_| {});
    }

    pub(super) fn cash(&mut self, card: usize, sum: Decimal, atm: Merchant, at: Timestamp) {
        let Some(paying) = self.cards.get_mut(card) else { return };
        if paying.available() < sum {
            self.record_decline(card, sum, atm, Decline::LackOfMoney, at);
            return;
        }
        paying.ledger -= sum;
        self.write(card, Kind::Cash, Progress::Cleared, sum, at, |row| row.merchant = Some(atm));
    }

    /// Takes what is paid and writes the row; the card gets its money when somebody calls
    /// [`Bank::credit`].
    pub(super) fn load(&mut self, load: Load, at: Timestamp) -> Result<usize, Refusal> {
        let Load { payer, card, received, paid, reference } = load;
        let Some(target) = self.cards.get(card) else { return Err(Refusal::Amount) };
        if target.state == CardState::Closed || target.state == CardState::Blocked {
            return Err(Refusal::State(target.state));
        }
        let decimals = target.currency.decimals().unwrap_or(2);
        if received <= Decimal::ZERO || paid < received || received.normalize().scale() > decimals {
            return Err(Refusal::Amount);
        }
        let currency = target.currency;
        let funds = self.funds(payer, currency).ok_or(Refusal::NoFloat)?;
        if *funds < paid {
            return Err(Refusal::NoFloat);
        }
        *funds -= paid;
        let row = self.write(card, Kind::TopUp, Progress::Pending, received, at, |row| {
            row.fee = paid - received;
            row.reference = reference;
            row.payer = payer;
        });
        Ok(row)
    }

    /// The money of a top-up arrives, or goes back to who paid when the card was closed meanwhile.
    pub(super) fn credit(&mut self, position: usize, at: Timestamp) {
        let shown = self.shown(at);
        let Some(row) = self
            .rows
            .get_mut(position)
            .filter(|row| row.progress == Progress::Pending && row.kind == Kind::TopUp)
        else {
            return;
        };
        let Some(card) = self.cards.get_mut(row.card) else { return };
        row.changed = shown;
        if card.state == CardState::Closed {
            row.progress = Progress::Failed;
            let (currency, payer, back) = (card.currency, row.payer, row.amount + row.fee);
            if let Some(funds) = self.funds(payer, currency) {
                *funds += back;
            }
            return;
        }
        card.ledger += row.amount;
        row.left = card.available();
        row.progress = Progress::Cleared;
        // Banana's virtual cards wake up with their first money (inferred there).
        if self.dialect == Dialect::Banana && card.state == CardState::Pending && !card.physical {
            card.state = CardState::Active;
        }
        if self.asked.contains(&position) {
            self.credits.entry(row.card).or_default().push(row.amount);
        }
    }

    pub(super) fn write(
        &mut self,
        card: usize,
        kind: Kind,
        progress: Progress,
        amount: Decimal,
        at: Timestamp,
        more: impl FnOnce(&mut Row),
    ) -> usize {
        let (position, shown) = (self.rows.len(), self.shown(at));
        let mut row = Row {
            number: position as u64,
            id: position as u64,
            card,
            kind,
            progress,
            amount,
            fee: Decimal::ZERO,
            merchant: None,
            reason: None,
            reference: None,
            at: shown,
            changed: shown,
            left: self.cards.get(card).map_or(Decimal::ZERO, Card::available),
            refund: None,
            payer: None,
            hidden: false,
            twice: false,
            written: RowOverrides::default(),
        };
        more(&mut row);
        self.rows.push(row);
        position
    }

    /// Where the statement and the balances disagree; empty when no money was made or lost.
    pub(in crate::sandbox) fn audit(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (i, card) in self.cards.iter().enumerate() {
            let (mut booked, mut held) = (card.opening, Decimal::ZERO);
            for row in self.rows.iter().filter(|row| row.card == i) {
                match (row.kind, row.progress) {
                    (Kind::Purchase, Progress::Pending) => held += row.amount,
                    (
                        Kind::Purchase | Kind::Cash | Kind::Fee | Kind::Closing,
                        Progress::Cleared,
                    ) => booked -= row.amount,
                    (Kind::Refund | Kind::TopUp, Progress::Cleared) => booked += row.amount,
                    (_, Progress::Declined | Progress::Reversed | Progress::Failed)
                    | (Kind::TopUp, Progress::Pending) => {}
                    (Kind::Cash | Kind::Refund | Kind::Fee | Kind::Closing, Progress::Pending) => {
                        wrong.push(format!("{row:?}"))
                    }
                }
            }
            if booked != card.ledger || held != card.held {
                wrong.push(format!(
                    "{} has {} held {}, its rows say {booked} held {held}",
                    card.id, card.ledger, card.held
                ));
            }
        }
        for (&(currency, amount), &(_, opening)) in self.floats.iter().zip(&self.opening) {
            let mut left = opening;
            for row in self.rows.iter().filter(|row| {
                self.cards.get(row.card).is_some_and(|card| card.currency == currency)
            }) {
                match (row.kind, row.progress) {
                    (Kind::TopUp, _) if row.payer.is_some() => {}
                    (Kind::TopUp, Progress::Pending | Progress::Cleared) => {
                        left -= row.amount + row.fee
                    }
                    (Kind::Closing, _) => left += row.amount,
                    (Kind::TopUp, Progress::Declined | Progress::Reversed | Progress::Failed)
                    | (Kind::Purchase | Kind::Cash | Kind::Refund | Kind::Fee, _) => {}
                }
            }
            if left != amount {
                wrong.push(format!("the float has {amount} {currency}, the rows say {left}"));
            }
        }
        wrong.extend(self.audit_accounts());
        wrong
    }
}
