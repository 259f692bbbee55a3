//! One webhook of each kind: what a bank pushes that lives through everything once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::delivery::tell;
use super::{CardNotice, Delivery};
use crate::domain::money::Money;
use crate::sandbox::bank::{Bank, CardState, Decline, TopUp, after, from_us_cents};
use crate::sandbox::{Dialect, Endpoint, Merchant, Options, Sandbox};

impl Sandbox {
    /// One webhook of each kind that a provider has, in the order in which they happen to its
    /// cards, of a bank of the same seed that is made for it: the cards are the same, and this
    /// bank does not know of what happened. They need no answer.
    #[must_use]
    pub fn sample_webhooks(&self, dialect: Dialect) -> Vec<Delivery> {
        let (now, options) = (self.0.clock.now(), &self.0.options);
        let options = Options {
            seed: options.seed,
            cards: options.cards.max(2),
            transactions: 0,
            webhooks: Some(self.webhook_options()),
            ..Options::default()
        };
        let mut endpoint = Endpoint::new(dialect, &options, now);
        live_through_everything(&mut endpoint.bank, now);
        endpoint.collect_webhooks();
        let all = endpoint
            .webhooks
            .map(|mut outbox| outbox.take(dialect, after(now, LIFE_MILLIS), usize::MAX));
        let mut kinds = BTreeSet::new();
        let mut samples = all.unwrap_or_default();
        samples.retain(|delivery| kinds.insert(delivery.kind));
        samples
    }
}

/// Longer than such a life.
const LIFE_MILLIS: u64 = 60_000;

/// Everything that can happen to cards, in order: to the first one, and a second that is closed.
fn live_through_everything(bank: &mut Bank, start: Timestamp) {
    let (card, closing) = (0, 1);
    let Some(currency) = bank.cards.first().map(|card| card.currency) else { return };
    let shop = Merchant::new("CORNER SHOP 12", "5411", "SE");
    let sum = |cents| from_us_cents(cents, currency);
    let at = |second: u64| after(start, second * 1_000);
    for approved in [true, false] {
        tell(bank, card, CardNotice::HolderChecked { approved }, at(0));
        tell(bank, card, CardNotice::Applied { approved }, at(1));
        tell(bank, card, CardNotice::Assigned { approved }, at(2));
    }
    bank.set_state(card, CardState::Pending, at(3), 0);
    bank.set_state(card, CardState::Active, at(4), 0);
    let _taken = bank.top_up(TopUp::plain(card, sum(5_000)), at(5), 0);
    tell(bank, card, CardNotice::WalletCode, at(6));
    bank.spend(card, sum(1_000), shop.clone(), at(7));
    tell(bank, card, CardNotice::PurchaseCode, at(7));
    bank.settle(card, sum(1_100), at(8));
    bank.refund_newest(card, at(9));
    bank.record_decline(card, sum(900), shop.clone(), Decline::LackOfMoney, at(10));
    bank.charge_fee(card, sum(150), at(11));
    bank.spend(card, sum(700), shop, at(12));
    if let Some(hold) = bank.oldest_hold(card) {
        bank.vanish(hold, at(13));
    }
    bank.set_state(card, CardState::Frozen, at(14), 0);
    bank.close(closing, at(15), 0);
    if let Some(float) = bank.float(currency) {
        let paid_in = Money::new(float.amount() + Decimal::ONE_HUNDRED, currency);
        bank.set_float(paid_in, at(16));
        bank.set_float(float, at(17));
    }
}
