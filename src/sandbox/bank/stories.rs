//! The last hours before the start: what an operator would find on a morning, written by hand. The
//! first eight cards have a part each.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{before, from_us_cents};
use super::order::Order;
use super::{Bank, Card, CardState, Clearing, Closing, Decline, Merchant, Progress, Row, TopUp};
use crate::sandbox::merchants::StoryShops;

/// Cards that the stories are about: the first ones.
pub(super) const STORY_CARDS: usize = 8;
/// It waits for its activation, so it has no money and no past.
pub(super) const ACTIVATING_CARD: usize = 6;

/// The parts of the other cards.
const SHORT_OF_MONEY: usize = 0;
const FROZEN: usize = 1;
const OVER_DAY_LIMIT: usize = 2;
const OVERDRAWN: usize = 3;
const REFUNDED: usize = 4;
const BLOCKED: usize = 5;
const CLOSED: usize = 7;

/// The start, from which stories count back.
struct Morning {
    start: Timestamp,
}

impl Morning {
    fn minutes_ago(&self, minutes: u64) -> Timestamp {
        before(self.start, minutes * 60_000)
    }
}

impl Bank {
    /// The stories with their rows. Each is written by itself, so the rows want sorting after it.
    pub(super) fn seed_stories(&mut self, start: Timestamp) {
        let shops = &self.rules.programme().market.stories;
        let morning = Morning { start };
        self.story_of_closing(&morning);
        self.story_of_refund(&morning, shops);
        self.story_of_overdraft(&morning, shops);
        self.story_of_day_limit(&morning, shops);
        self.seed_states();
        self.story_of_frozen_card(&morning, shops);
        self.story_of_short_money(&morning, shops);
    }

    /// The states that cards have at the start.
    pub(super) fn seed_states(&mut self) {
        let programme = self.rules.programme();
        self.seed_state(ACTIVATING_CARD, CardState::Pending);
        if programme.issuer_blocks_cards {
            self.seed_state(BLOCKED, CardState::Blocked);
        }
        if programme.closing != Closing::NotOffered {
            self.seed_state(CLOSED, CardState::Closed);
        }
        self.seed_state(FROZEN, CardState::Frozen);
    }

    fn seed_state(&mut self, card: usize, state: CardState) {
        if let Some(card) = self.cards.get_mut(card) {
            card.state = state;
        }
    }

    fn story_of_closing(&mut self, morning: &Morning) {
        let closes = self.rules.programme().closing != Closing::NotOffered;
        if closes && self.cards.len() > CLOSED {
            self.settle_all(CLOSED, morning.minutes_ago(330));
            self.close_now(CLOSED, None, morning.minutes_ago(320));
        }
    }

    /// A shop refunded a purchase.
    fn story_of_refund(&mut self, morning: &Morning, shops: &StoryShops) {
        let Some(card) = self.cards.get(REFUNDED) else { return };
        let (sum, target) =
            (from_us_cents(3_120, card.currency), from_us_cents(26_000, card.currency));
        self.set_available(REFUNDED, target, morning.minutes_ago(300), &shops.travel.merchant());
        let row = self.hold(REFUNDED, sum, shops.online.merchant(), morning.minutes_ago(290));
        self.clear(row, sum, morning.minutes_ago(200));
        self.refund(row, morning.minutes_ago(48));
    }

    /// The pump cleared for more than it held, so the card owes money.
    fn story_of_overdraft(&mut self, morning: &Morning, shops: &StoryShops) {
        let Some(card) = self.cards.get(OVERDRAWN) else { return };
        let (held, cleared) =
            (from_us_cents(2_000, card.currency), from_us_cents(5_215, card.currency));
        let target = from_us_cents(2_440, card.currency);
        self.set_available(OVERDRAWN, target, morning.minutes_ago(280), &shops.travel.merchant());
        let row = self.hold(OVERDRAWN, held, shops.fuel.merchant(), morning.minutes_ago(270));
        self.clear(row, cleared, morning.minutes_ago(35));
    }

    /// The card is low and was declined over its day limit.
    fn story_of_day_limit(&mut self, morning: &Morning, shops: &StoryShops) {
        let Some(card) = self.cards.get(OVER_DAY_LIMIT) else { return };
        let (sum, target) =
            (from_us_cents(10_240, card.currency), from_us_cents(1_050, card.currency));
        let (at, travel) = (morning.minutes_ago(260), shops.travel.merchant());
        self.set_available(OVER_DAY_LIMIT, target, at, &travel);
        let shop = shops.online.merchant();
        let declined = morning.minutes_ago(37);
        self.record_decline(OVER_DAY_LIMIT, sum, shop, Decline::DayLimit, declined);
    }

    /// The holder of a frozen card still tried to pay with it.
    fn story_of_frozen_card(&mut self, morning: &Morning, shops: &StoryShops) {
        let Some(card) = self.cards.get(FROZEN) else { return };
        let (sum, shop) = (from_us_cents(2_210, card.currency), shops.frozen.merchant());
        self.record_decline(FROZEN, sum, shop, Decline::Frozen, morning.minutes_ago(12));
    }

    /// The holder stands at the till and has too little.
    fn story_of_short_money(&mut self, morning: &Morning, shops: &StoryShops) {
        let Some(card) = self.cards.get(SHORT_OF_MONEY) else { return };
        let (left, held) =
            (from_us_cents(1_240, card.currency), from_us_cents(1_800, card.currency));
        let wanted = from_us_cents(4_190, card.currency);
        let (at, travel) = (morning.minutes_ago(250), shops.travel.merchant());
        self.set_available(SHORT_OF_MONEY, left + held, at, &travel);
        self.hold(SHORT_OF_MONEY, held, shops.taxi.merchant(), morning.minutes_ago(28));
        let (shop, declined) = (shops.grocer.merchant(), morning.minutes_ago(3));
        self.record_decline(SHORT_OF_MONEY, wanted, shop, Decline::LackOfMoney, declined);
    }

    fn hold(&mut self, card: usize, sum: Decimal, shop: Merchant, at: Timestamp) -> usize {
        self.authorise(card, sum, shop, at, Clearing::Manual)
    }

    /// Makes a card's spendable money `target` by a booked purchase or a top-up of the difference.
    fn set_available(&mut self, card: usize, target: Decimal, at: Timestamp, shop: &Merchant) {
        self.settle_all(card, at);
        let Some(available) = self.cards.get(card).map(Card::available) else { return };
        if available > target {
            let sum = available - target;
            let row = self.hold(card, sum, shop.clone(), at);
            self.clear(row, sum, at);
        } else if available < target {
            let missing = target - available;
            if let Ok(row) = self.start_top_up(TopUp::plain(card, missing), at) {
                self.credit(row, at);
            }
        }
    }

    /// Books what a card holds and forgets what was to happen to it, so that a story can rely on
    /// its sums.
    fn settle_all(&mut self, card: usize, at: Timestamp) {
        let rows = &self.rows;
        self.agenda.forget_rows(|row| rows.get(row).is_some_and(|row| row.card == card));
        for row in 0..self.rows.len() {
            let pending = self
                .rows
                .get(row)
                .filter(|row| row.card == card && row.progress == Progress::Pending)
                .map(|row| row.amount);
            if let Some(sum) = pending {
                self.clear(row, sum, at);
            }
        }
    }

    /// Sorts the rows by time, as a statement has them, and renumbers them and what points at them.
    pub(super) fn sort_rows(&mut self) {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|&i| self.rows.get(i).map(|row| (row.at, row.position)));
        let mut new_positions = vec![0_usize; order.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(position) = new_positions.get_mut(old) {
                *position = new;
            }
        }
        let new_position = |row: usize| new_positions.get(row).copied().unwrap_or(row);
        let mut sorted: Vec<Row> =
            order.iter().filter_map(|&old| self.rows.get(old).cloned()).collect();
        for (new, row) in sorted.iter_mut().enumerate() {
            row.position = new;
            row.id_root = new as u64;
            row.refund = row.refund.map(new_position);
        }
        self.lists.order = Order::of(&sorted);
        self.rows = sorted;
        self.lists.renumber_rows(new_position);
        self.agenda.renumber_rows(new_position);
    }
}
