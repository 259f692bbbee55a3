//! How wide the widest figures and names are that came in so far.
//!
//! Tables give their columns room by it, so that a column is as wide for the rows on screen as for
//! those above and below them, and does not change while somebody scrolls or makes the window
//! taller.

use crate::domain::card::CardRecord;
use crate::domain::money::Money;
use crate::domain::operation::Operation;
use crate::domain::text;
use crate::domain::transaction::Transaction;
use crate::engine::EngineEvent;

/// A figure that is wider than this only makes room for itself, where it is on screen: one odd row
/// must not take the room of all the words. It is as wide as `+999,999,999.99 `.
const MOST_RESERVED: usize = 16;

/// The widest of each, in terminal columns. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Widest {
    holder: usize,
    balance: usize,
    amount: usize,
}

impl Widest {
    /// The widest name of a cardholder.
    pub(crate) const fn holder(&self) -> usize {
        self.holder
    }

    /// The widest available balance, with the mark of a figure that may be old.
    pub(crate) const fn balance(&self) -> usize {
        self.balance
    }

    /// The widest amount of a transaction or change, with its sign.
    pub(crate) const fn amount(&self) -> usize {
        self.amount
    }

    /// The widest figure of all.
    pub(crate) fn sum(&self) -> usize {
        self.balance.max(self.amount)
    }

    /// Takes in what the engine reports.
    pub(super) fn add(&mut self, event: &EngineEvent) {
        match event {
            EngineEvent::Cards(cards) | EngineEvent::KnownCards { cards, .. } => {
                cards.iter().for_each(|card| self.add_card(card))
            }
            EngineEvent::Transactions(news) => news.rows.iter().for_each(|row| self.add_row(row)),
            EngineEvent::History(ledger) => self.add_amounts(&ledger.largest_amounts()),
            EngineEvent::Operation(operation) => self.add_operation(operation),
            EngineEvent::Journal { page, .. } => {
                page.iter().for_each(|row| self.add_operation(row))
            }
            EngineEvent::Queued(_)
            | EngineEvent::Unqueued { .. }
            | EngineEvent::WhyStale { .. }
            | EngineEvent::Stale { .. }
            | EngineEvent::Steps { .. }
            | EngineEvent::Pushed(_)
            | EngineEvent::PushRead(_)
            | EngineEvent::CodeSent { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Covered { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_)
            | EngineEvent::ReadOnly(_)
            | EngineEvent::Refused { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Horizon { .. }
            | EngineEvent::OlderRows { .. }
            | EngineEvent::Trouble(_) => {}
        }
    }

    fn add_card(&mut self, card: &CardRecord) {
        self.holder = self.holder.max(text::width(card.holder()));
        if let Some(available) = card.available() {
            self.balance = self.balance.max(reserved(available));
        }
    }

    fn add_amounts(&mut self, amounts: &[Money]) {
        let widest = amounts.iter().map(|amount| reserved(*amount)).max();
        self.amount = self.amount.max(widest.unwrap_or(0));
    }

    fn add_row(&mut self, row: &Transaction) {
        self.amount = self.amount.max(reserved(row.amount));
    }

    fn add_operation(&mut self, operation: &Operation) {
        if let Some(amount) = operation.amount {
            self.amount = self.amount.max(reserved(amount));
        }
    }

    #[cfg(test)]
    pub(crate) const fn of_widths(holder: usize, balance: usize, amount: usize) -> Self {
        Self { holder, balance, amount }
    }
}

/// A figure and one sign before it, where that is not too much.
fn reserved(money: Money) -> usize {
    Some(text::width(&money.grouped()) + 1).filter(|width| *width <= MOST_RESERVED).unwrap_or(0)
}
