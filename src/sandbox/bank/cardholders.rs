//! What cardholders do by themselves.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{after, scaled};
use super::{Bank, CardState, Clearing, Decline, Event, Kind, Load, Progress};
use crate::domain::money::Currency;
use crate::sandbox::Dialect;
use crate::sandbox::people::{self, Merchant, Shop};

impl Bank {
    /// One thing of a cardholder's day.
    pub(super) fn cardholder_event(&mut self, at: Timestamp, pace: Clearing) {
        let Some(card) = self.choose_card(at, pace) else { return };
        let (currency, available, state) = match self.cards.get(card) {
            Some(card) => (card.currency, card.available(), card.state),
            None => return,
        };
        let dice = self.random.below(100);
        let poor = available < scaled(3_000, currency);
        if pace == Clearing::Historic && (dice < 8 || (poor && dice < 70)) {
            let sum = scaled(1_000 * self.random.between(5, 40), currency);
            if let Ok(row) = self.load(Load::plain(card, sum), at) {
                self.schedule(after(at, 2_000), Event::Credit { row });
            }
        } else if dice < 14 {
            let (sum, shop) = self.purchase(currency, pace);
            let reason = *self.random.pick(&[
                Decline::WrongPin,
                Decline::DayLimit,
                Decline::ShopKind,
                Decline::ThreeDSecure,
                Decline::Fraud,
                Decline::Unmapped,
                Decline::ThreeDSecure,
            ]);
            if state == CardState::Active {
                self.record_decline(card, sum, shop, reason, at);
            } else {
                self.authorise(card, sum, shop, at, pace);
            }
        } else if dice < 19 {
            let recent = self.rows.len().saturating_sub(80);
            let candidates: Vec<usize> = (recent..self.rows.len())
                .filter(|&i| {
                    self.rows.get(i).is_some_and(|row| {
                        row.kind == Kind::Purchase
                            && row.progress == Progress::Cleared
                            && row.refund.is_none()
                    })
                })
                .collect();
            if !candidates.is_empty() {
                let row = *self.random.pick(&candidates);
                self.refund(row, at);
            }
        } else if dice < 22 && state == CardState::Active {
            self.charge(card, scaled(150, currency), at);
        } else if dice < 25 && self.dialect != Dialect::Enkash && state == CardState::Active {
            let &(name, mcc, country, low, high) = self.random.pick(&people::ATMS);
            let sum = scaled(self.random.between(low / 1_000, high / 1_000) * 1_000, currency);
            let shop = Merchant::new(name, mcc, country);
            self.cash(card, sum, shop, at);
        } else {
            let (sum, shop) = self.purchase(currency, pace);
            self.authorise(card, sum, shop, at, pace);
        }
    }

    /// A card that can have a day: issued and not closed; frozen ones now and then.
    fn choose_card(&mut self, at: Timestamp, pace: Clearing) -> Option<usize> {
        let first = if pace == Clearing::Historic && at > self.stories_from { 8 } else { 0 };
        for _ in 0..8 {
            let card = first + self.random.index(self.cards.len().saturating_sub(first));
            let frozen_too = self.random.chance(15);
            match self.cards.get(card)?.state {
                // The seventh card waits for its activation, so it has no past.
                CardState::Active if card == 6 && pace == Clearing::Historic => {}
                CardState::Active => return Some(card),
                CardState::Frozen | CardState::Blocked if frozen_too => return Some(card),
                CardState::Frozen | CardState::Blocked | CardState::Pending | CardState::Closed => {
                }
            }
        }
        None
    }

    fn purchase(&mut self, currency: Currency, pace: Clearing) -> (Decimal, Merchant) {
        let shops: &[Shop] = if self.dialect == Dialect::Enkash {
            &people::INDIAN_SHOPS
        } else {
            &people::WORLD_SHOPS
        };
        let &(name, mcc, country, low, high) = self.random.pick(shops);
        // Small baskets while somebody watches, or the cards would be empty within the hour.
        let high = if pace == Clearing::Live { high.min(low * 3) } else { high };
        let sum = scaled(self.random.between(low, high), currency);
        (sum, Merchant::new(name, mcc, country))
    }
}
