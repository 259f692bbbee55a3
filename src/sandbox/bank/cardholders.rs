//! What cardholders do by themselves.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{after, from_us_cents};
use super::stories::{ACTIVATING_CARD, STORY_CARDS};
use super::{Bank, CardState, Clearing, Decline, Event, Merchant, TopUp};
use crate::domain::money::Currency;

/// Reasons that have nothing to do with the card's money or state, as often as they are drawn.
const DECLINES: [Decline; 7] = [
    Decline::WrongPin,
    Decline::DayLimit,
    Decline::ShopKind,
    Decline::ThreeDSecure,
    Decline::Fraud,
    Decline::Unmapped,
    Decline::ThreeDSecure,
];
/// A refund is of one of so many newest rows.
const REFUNDABLE_ROWS: usize = 80;

impl Bank {
    /// One event of a cardholder's day: mostly a purchase; of 100 events 6 to 14 are declines, 5
    /// refunds, 3 fees and 3 cash withdrawals, and in the days before the start 8 are top-ups.
    pub(super) fn cardholder_event(&mut self, at: Timestamp, clearing: Clearing) {
        let Some(card) = self.choose_card(at, clearing) else { return };
        let (currency, available, active) = match self.cards.get(card) {
            Some(card) => (card.currency, card.available(), card.state == CardState::Active),
            None => return,
        };
        let dice = self.random.below(100);
        let poor = available < from_us_cents(3_000, currency);
        let machines = self.rules.programme().market.cash_machines;
        if clearing == Clearing::Historic && (dice < 8 || (poor && dice < 70)) {
            let sum = from_us_cents(1_000 * self.random.between(5, 40), currency);
            if let Ok(row) = self.start_top_up(TopUp::plain(card, sum), at) {
                self.agenda.schedule(after(at, 2_000), Event::Credit { row });
            }
        } else if dice < 14 {
            let (sum, merchant) = self.purchase(currency, clearing);
            let reason = *self.random.pick(&DECLINES);
            if active {
                self.record_decline(card, sum, merchant, reason, at);
            } else {
                self.authorise(card, sum, merchant, at, clearing);
            }
        } else if dice < 19 {
            self.refund_something(at);
        } else if dice < 22 && active {
            self.charge_fee(card, from_us_cents(150, currency), at);
        } else if dice < 25 && active && !machines.is_empty() {
            let machine = self.random.pick(machines);
            let (low, high) = (machine.cheapest / 1_000, machine.dearest / 1_000);
            let sum = from_us_cents(self.random.between(low, high) * 1_000, currency);
            self.withdraw_cash(card, sum, machine.merchant(), at);
        } else {
            let (sum, merchant) = self.purchase(currency, clearing);
            self.authorise(card, sum, merchant, at, clearing);
        }
    }

    fn refund_something(&mut self, at: Timestamp) {
        let recent = self.rows.len().saturating_sub(REFUNDABLE_ROWS);
        let candidates: Vec<usize> = (recent..self.rows.len())
            .filter(|&row| self.rows.get(row).is_some_and(|row| row.is_refundable()))
            .collect();
        if !candidates.is_empty() {
            let row = *self.random.pick(&candidates);
            self.refund(row, at);
        }
    }

    /// A card that can be used: issued and not closed; frozen and blocked ones now and then.
    fn choose_card(&mut self, at: Timestamp, clearing: Clearing) -> Option<usize> {
        let historic = clearing == Clearing::Historic;
        let first = if historic && at > self.activity.stories_from { STORY_CARDS } else { 0 };
        for _ in 0..8 {
            let card = first + self.random.index(self.cards.len().saturating_sub(first));
            let frozen_too = self.random.chance(15);
            match self.cards.get(card)?.state {
                // It waits for its activation, so it has no past.
                CardState::Active if card == ACTIVATING_CARD && historic => {}
                CardState::Active => return Some(card),
                CardState::Frozen | CardState::Blocked if frozen_too => return Some(card),
                CardState::Frozen | CardState::Blocked | CardState::Pending | CardState::Closed => {
                }
            }
        }
        None
    }

    fn purchase(&mut self, currency: Currency, clearing: Clearing) -> (Decimal, Merchant) {
        let shop = self.random.pick(self.rules.programme().market.shops);
        // Small purchases after the start, or the cards would be empty within the hour.
        let dearest = match clearing {
            Clearing::Live => shop.dearest.min(shop.cheapest * 3),
            Clearing::Historic | Clearing::Manual => shop.dearest,
        };
        (from_us_cents(self.random.between(shop.cheapest, dearest), currency), shop.merchant())
    }
}
