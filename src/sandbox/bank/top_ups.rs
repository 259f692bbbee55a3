//! Top-ups: what is paid leaves the float or an account at once, what is received arrives on the
//! card later.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{Bank, CardState, Event, Progress, RowKind, after};

/// Which top-ups came from where; positions of rows and cards.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct TopUps {
    /// Asked for over the wire: only these count as credits.
    requested: HashSet<usize>,
    /// What cards received from those, by card.
    pub(in crate::sandbox) credits: HashMap<usize, Vec<Decimal>>,
    /// Made by another system of the merchant, in order.
    pub(in crate::sandbox) foreign: Vec<usize>,
}

/// A top-up as the bank takes it.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct TopUp {
    /// Position of the customer's account that pays; `None` where the float does.
    pub(in crate::sandbox) payer: Option<usize>,
    /// Position of the card.
    pub(in crate::sandbox) card: usize,
    /// What arrives on the card.
    pub(in crate::sandbox) received: Decimal,
    /// What is paid; the fee is the difference.
    pub(in crate::sandbox) paid: Decimal,
    /// The caller's own reference, where the wire has one.
    pub(in crate::sandbox) reference: Option<String>,
}

/// Why the bank does not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Refusal {
    /// The card's state does not allow it.
    State(CardState),
    /// Not a sum above zero with the currency's decimals.
    Amount,
    /// Smaller than the programme allows.
    TooSmall,
    /// Larger than the programme allows.
    TooLarge,
    /// The float, or the account that should pay, does not hold enough.
    InsufficientFunds,
}

impl TopUp {
    /// From the float, without a fee and a reference.
    pub(in crate::sandbox) const fn plain(card: usize, sum: Decimal) -> Self {
        Self { payer: None, card, received: sum, paid: sum, reference: None }
    }
}

impl Bank {
    /// A top-up that was asked for over the wire: takes what is paid now and puts what is received
    /// on the card `delay` milliseconds later. Gives the row's position.
    pub(in crate::sandbox) fn top_up(
        &mut self,
        top_up: TopUp,
        at: Timestamp,
        delay: u64,
    ) -> Result<usize, Refusal> {
        let row = self.start_top_up(top_up, at)?;
        self.top_ups.requested.insert(row);
        self.agenda.schedule(after(at, delay), Event::Credit { row });
        self.plan_repetition(row, at);
        self.advance(at);
        Ok(row)
    }

    /// A top-up that another system of the merchant makes: on the card at once, but not among the
    /// credits that were asked for here.
    pub(in crate::sandbox) fn foreign_top_up(
        &mut self,
        top_up: TopUp,
        at: Timestamp,
    ) -> Result<usize, Refusal> {
        let row = self.start_top_up(top_up, at)?;
        self.top_ups.foreign.push(row);
        self.credit(row, at);
        Ok(row)
    }

    /// A top-up that another system asked for and did not get: a row, and no money moves.
    pub(in crate::sandbox) fn failed_foreign_top_up(
        &mut self,
        top_up: TopUp,
        at: Timestamp,
    ) -> usize {
        let received = top_up.received;
        let row = self.write(top_up.card, RowKind::TopUp, Progress::Failed, received, at, |row| {
            row.funding.fee = top_up.paid - received;
            row.funding.reference = top_up.reference;
        });
        self.top_ups.foreign.push(row);
        row
    }

    /// Takes what is paid and writes the row; the card gets its money by [`Bank::credit`].
    pub(super) fn start_top_up(&mut self, top_up: TopUp, at: Timestamp) -> Result<usize, Refusal> {
        let TopUp { payer, card, received, paid, reference } = top_up;
        let Some(target) = self.cards.get(card) else { return Err(Refusal::Amount) };
        if target.state == CardState::Closed || target.state == CardState::Blocked {
            return Err(Refusal::State(target.state));
        }
        let decimals = target.currency.decimals().unwrap_or(2);
        if received <= Decimal::ZERO || paid < received || received.normalize().scale() > decimals {
            return Err(Refusal::Amount);
        }
        let currency = target.currency;
        let funds = self.funds(payer, currency).ok_or(Refusal::InsufficientFunds)?;
        if *funds < paid {
            return Err(Refusal::InsufficientFunds);
        }
        *funds -= paid;
        let row = self.write(card, RowKind::TopUp, Progress::Pending, received, at, |row| {
            row.funding.fee = paid - received;
            row.funding.reference = reference;
            row.funding.payer = payer;
        });
        Ok(row)
    }

    /// The money of a top-up arrives, or goes back to who paid when the card was closed meanwhile.
    pub(super) fn credit(&mut self, position: usize, at: Timestamp) {
        let arrived = self.credit_or_give_back(position, at).is_some();
        if arrived {
            self.note_row(position, Some(Progress::Pending), at);
        }
    }

    /// `None` where the row waits for no money.
    fn credit_or_give_back(&mut self, position: usize, at: Timestamp) -> Option<()> {
        let shown = self.shown(at);
        let row = self
            .rows
            .get_mut(position)
            .filter(|row| row.progress == Progress::Pending && row.kind == RowKind::TopUp)?;
        let index = row.card;
        let card = self.cards.get_mut(index)?;
        row.changed = shown;
        self.lists.hidden.remove(&row.position);
        if card.state == CardState::Closed {
            row.progress = Progress::Failed;
            let (currency, payer) = (card.currency, row.funding.payer);
            let paid = row.amount + row.funding.fee;
            if let Some(funds) = self.funds(payer, currency) {
                *funds += paid;
            }
            return Some(());
        }
        card.balance.booked += row.amount;
        row.available_after = card.available();
        row.progress = Progress::Cleared;
        let activates = self.rules.programme().first_money_activates
            && card.state == CardState::Pending
            && !card.physical;
        if self.top_ups.requested.contains(&position) {
            self.top_ups.credits.entry(index).or_default().push(row.amount);
        }
        if activates {
            self.set_state_now(index, CardState::Active, None, at);
        }
        Some(())
    }

    /// Lets the money of the newest top-up that is on its way arrive `delay` milliseconds later. No
    /// list has it until then, so that nobody can tell what became of it.
    pub(in crate::sandbox) fn delay_newest_credit(&mut self, delay: u64) {
        self.lists.hidden.extend(self.agenda.delay_newest_credit(delay));
    }
}
