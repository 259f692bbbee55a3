//! Finds every cent that was made or lost.

use rust_decimal::Decimal;

use super::{Account, Bank, Float, Progress, Row, RowKind};

impl Bank {
    /// Where the statements and the balances disagree; empty when no money was made or lost.
    pub(in crate::sandbox) fn audit(&self) -> Vec<String> {
        let mut wrong = self.audit_cards();
        wrong.extend(self.floats.iter().filter_map(|float| self.audit_float(float)));
        wrong.extend(
            self.accounts
                .iter()
                .enumerate()
                .filter_map(|(position, account)| self.audit_account(position, account)),
        );
        wrong
    }

    fn audit_cards(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (position, card) in self.cards.iter().enumerate() {
            let balance = card.balance;
            let (mut booked, mut held) = (balance.opening, Decimal::ZERO);
            for row in self.rows.iter().filter(|row| row.card == position) {
                match (row.kind, row.progress) {
                    (RowKind::Purchase, Progress::Pending) => held += row.amount,
                    (
                        RowKind::Purchase | RowKind::Cash | RowKind::Fee | RowKind::Closing,
                        Progress::Cleared,
                    ) => booked -= row.amount,
                    (RowKind::Refund | RowKind::TopUp, Progress::Cleared) => booked += row.amount,
                    (_, Progress::Declined | Progress::Reversed | Progress::Failed)
                    | (RowKind::TopUp, Progress::Pending) => {}
                    (
                        RowKind::Cash | RowKind::Refund | RowKind::Fee | RowKind::Closing,
                        Progress::Pending,
                    ) => wrong.push(format!("{row:?}")),
                }
            }
            if booked != balance.booked || held != balance.held {
                wrong.push(format!(
                    "{} has {} held {}, its rows say {booked} held {held}",
                    card.id, balance.booked, balance.held
                ));
            }
        }
        wrong
    }

    fn audit_float(&self, float: &Float) -> Option<String> {
        let currency = float.currency;
        let mut left = float.opening;
        for row in self
            .rows
            .iter()
            .filter(|row| self.cards.get(row.card).is_some_and(|card| card.currency == currency))
        {
            match row.kind {
                RowKind::TopUp if row.funding.payer.is_none() => left -= paid(row),
                RowKind::Closing => left += row.amount,
                RowKind::TopUp
                | RowKind::Purchase
                | RowKind::Cash
                | RowKind::Refund
                | RowKind::Fee => {}
            }
        }
        (left != float.amount)
            .then(|| format!("the float has {} {currency}, the rows say {left}", float.amount))
    }

    fn audit_account(&self, position: usize, account: &Account) -> Option<String> {
        let spent: Decimal = self
            .rows
            .iter()
            .filter(|row| row.kind == RowKind::TopUp && row.funding.payer == Some(position))
            .map(paid)
            .sum();
        let left = account.opening - spent;
        (left != account.amount)
            .then(|| format!("account {} has {}, its rows say {left}", account.id, account.amount))
    }
}

/// What a top-up took from who paid for it.
fn paid(top_up: &Row) -> Decimal {
    match top_up.progress {
        Progress::Pending | Progress::Cleared => top_up.amount + top_up.funding.fee,
        Progress::Declined | Progress::Reversed | Progress::Failed => Decimal::ZERO,
    }
}
