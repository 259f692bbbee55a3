//! What a scenario does to a bank: it is set up once, at the start, and goes on by the bank's own
//! agenda.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::amounts::{after, from_us_cents, rounded};
use super::{Bank, CardState, Decline, Event, Merchant};
use crate::sandbox::foreign;
use crate::sandbox::scenario::Scenario;
use crate::sandbox::troubles::{CardTrouble, RowOverrides};

/// Rows of a page in the scenario of short pages.
const SHORT_PAGE: usize = 20;
/// Between two declines of the scenario that shows every reason.
const DECLINE_MILLIS: u64 = 6_000;
/// Between two top-ups of another system.
const FOREIGN_TOP_UP_MILLIS: u64 = 45_000;
/// From a top-up of ours to the equal one of another system.
const REPEAT_MILLIS: u64 = 8_000;
/// Position of the card whose calls a proxy blocks.
const BLOCKED_BY_PROXY: usize = 13;
/// Position of the first card with trouble in the scenario of odd cards.
const FIRST_ODD_CARD: usize = 8;

/// Scenarios that go on while cardholders spend.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effects {
    /// Holds leave the lists instead of being booked.
    releases_holds: bool,
    /// Holds are booked as another row.
    new_ids: bool,
    /// Every second purchase is booked in the past.
    late_rows: bool,
    /// Every third purchase has a malformed field.
    odd_rows: bool,
    /// Another system repeats top-ups.
    repeats_top_ups: bool,
}

impl Bank {
    /// Sets the scenarios up.
    pub(super) fn start_scenarios(&mut self, scenarios: &[Scenario], start: Timestamp) {
        let effects = &mut self.activity.effects;
        for scenario in scenarios {
            match scenario {
                // These are about requests, webhooks or the configuration, not about the bank.
                Scenario::Outage
                | Scenario::Slow
                | Scenario::UnknownTopup
                | Scenario::CustomerPays
                | Scenario::LateWebhooks
                | Scenario::RepeatedWebhooks
                | Scenario::LostWebhooks => {}
                Scenario::ReleasedHolds => effects.releases_holds = true,
                Scenario::NewIds => effects.new_ids = true,
                Scenario::LateRows => effects.late_rows = true,
                Scenario::OddRows => effects.odd_rows = true,
                Scenario::PageShifts => self.lists.shifts_pages = true,
                Scenario::ShortPages => self.lists.page_cap = Some(SHORT_PAGE),
                Scenario::LyingTotals => self.lists.totals_count_page = true,
                Scenario::Spelling => self.lists.alternate_ids = true,
                Scenario::WebPage403 => {
                    if let Some(card) = self.cards.get_mut(BLOCKED_BY_PROXY) {
                        card.trouble = Some(CardTrouble::WebPage403);
                    }
                }
                Scenario::OddCards => {
                    for (card, trouble) in
                        self.cards.iter_mut().skip(FIRST_ODD_CARD).zip(troubles())
                    {
                        card.trouble = Some(trouble);
                    }
                }
                Scenario::ForeignTopUps => {
                    effects.repeats_top_ups = true;
                    let first = after(start, REPEAT_MILLIS);
                    self.agenda.schedule(first, Event::ForeignTopUp { turn: 0 });
                }
                Scenario::WrongClock => self.clock_offset = self.rules.programme().wrong_clock,
                Scenario::Declines => {
                    self.agenda.schedule(after(start, 1_000), Event::Decline { turn: 0 });
                }
            }
        }
    }

    /// The next decline: the reasons in their order, over the cards in theirs.
    pub(super) fn decline_in_turn(&mut self, turn: usize, at: Timestamp) {
        self.agenda.schedule(after(at, DECLINE_MILLIS), Event::Decline { turn: turn + 1 });
        let reason = turn.checked_rem(Decline::ALL.len()).and_then(|index| Decline::ALL.get(index));
        let card = turn.checked_rem(self.cards.len());
        if let (Some(&reason), Some(card)) = (reason, card)
            && let Some(currency) = self.cards.get(card).map(|card| card.currency)
        {
            let sum = from_us_cents(1_290 + 100 * (turn as u64 % 40), currency);
            let shop = Merchant::new("CORNER SHOP 12", "5411", "SE");
            self.record_decline(card, sum, shop, reason, at);
        }
    }

    /// The next top-up of another system: 50 dollars' worth for one card after the other.
    pub(super) fn foreign_top_up_in_turn(&mut self, turn: usize, at: Timestamp) {
        let next = after(at, FOREIGN_TOP_UP_MILLIS);
        self.agenda.schedule(next, Event::ForeignTopUp { turn: turn + 1 });
        let active: Vec<usize> = (0..self.cards.len())
            .filter(|&i| self.cards.get(i).is_some_and(|card| card.state == CardState::Active))
            .collect();
        if let Some(&card) = turn.checked_rem(active.len()).and_then(|index| active.get(index))
            && let Some(currency) = self.cards.get(card).map(|card| card.currency)
        {
            self.foreign_credit(card, from_us_cents(5_000, currency), at);
        }
    }

    /// Another system asks for a top-up of this sum. Nothing happens where the float cannot pay.
    fn foreign_credit(&mut self, card: usize, asked: Decimal, at: Timestamp) {
        if let Some(top_up) = foreign::top_up(self, card, asked) {
            let _refused = self.foreign_top_up(top_up, at);
        }
    }

    /// Another system makes the same top-up as this one of ours.
    pub(super) fn repeat_top_up(&mut self, row: usize, at: Timestamp) {
        let fee_payer = self.rules.programme().fee_payer;
        if let Some((card, asked)) = self.rows.get(row).map(|row| (row.card, fee_payer.asked(row)))
        {
            self.foreign_credit(card, asked, at);
        }
    }

    /// Lets another system repeat a top-up of ours, where a scenario says so.
    pub(super) fn plan_repetition(&mut self, row: usize, at: Timestamp) {
        if self.activity.effects.repeats_top_ups {
            self.agenda.schedule(after(at, REPEAT_MILLIS), Event::RepeatTopUp { row });
        }
    }

    /// What becomes of a hold that is to be booked for this sum: that, or what a scenario makes of
    /// it.
    pub(super) fn clearing_event(&self, row: usize, sum: Decimal) -> Event {
        let effects = self.activity.effects;
        // With both scenarios, one hold after the other.
        if effects.releases_holds && (!effects.new_ids || row.is_multiple_of(2)) {
            Event::Vanish { row }
        } else if effects.new_ids {
            let card = self.rows.get(row).and_then(|row| self.cards.get(row.card));
            let more = card.map_or(sum, |card| rounded(sum * Decimal::new(11, 1), card.currency));
            Event::Replace { row, sum: if row.is_multiple_of(3) { sum } else { more } }
        } else {
            Event::Clear { row, sum }
        }
    }

    /// A purchase that was just held after the start: booked in the past, or with a
    /// malformed field, where a scenario says so.
    pub(super) fn disturb_hold(&mut self, row: usize, at: Timestamp) {
        let effects = self.activity.effects;
        let Some(sum) = self.rows.get(row).map(|row| row.amount) else { return };
        if effects.late_rows && row.is_multiple_of(2) {
            self.clear(row, sum, at);
            let minutes = 5 + i64::try_from(row % 36).unwrap_or(0);
            self.date_back(row, SignedDuration::from_mins(minutes));
        }
        if effects.odd_rows
            && row.is_multiple_of(3)
            && let Some(row) = self.rows.get_mut(row)
        {
            row.overrides = malformed(row.position / 3, sum);
        }
    }
}

/// What is wrong with the cards in the scenario of odd cards, one after the other.
fn troubles() -> Vec<CardTrouble> {
    vec![
        CardTrouble::Answer500,
        CardTrouble::EmptyObject,
        CardTrouble::Figures("1,000.00".to_owned()),
        CardTrouble::Currency("US$".to_owned()),
        CardTrouble::State(String::new()),
    ]
}

/// One malformed field, in turns.
fn malformed(turn: usize, sum: Decimal) -> RowOverrides {
    let plain = RowOverrides::default();
    let written = |text: &str| Some(text.to_owned());
    match turn % 6 {
        0 => RowOverrides { amount: Some(format!("({sum})")), ..plain },
        1 => RowOverrides { time: written("24:00:00"), ..plain },
        2 => RowOverrides { currency: written("US$"), ..plain },
        3 => RowOverrides { state: written("Denied"), ..plain },
        4 => RowOverrides { amount: written("1,23,4.5"), ..plain },
        _ => RowOverrides { time: written("yesterday"), ..plain },
    }
}
