//! What a scenario does to a bank: it is set once, at the start, and goes on by the bank's own
//! agenda.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::amounts::{after, rounded, scaled};
use super::{Bank, CardState, Decline, Dialect, Event, Kind};
use crate::sandbox::foreign;
use crate::sandbox::people::Merchant;
use crate::sandbox::scenario::Scenario;
use crate::sandbox::troubles::{CardTrouble, RowOverrides};

/// Rows of a page in the scenario of short pages.
const SHORT_PAGE: usize = 20;
/// Between two refusals of the scenario that shows every reason.
const DECLINE_MILLIS: u64 = 6_000;
/// Between two top-ups of another system.
const ELSEWHERE_MILLIS: u64 = 45_000;
/// From a top-up of ours to the equal one of another system.
const REPEAT_MILLIS: u64 = 8_000;

/// Scenarios that go on while cardholders spend.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effects {
    /// Holds leave the lists instead of being booked.
    pub(super) releases: bool,
    /// Holds are booked as another row.
    pub(super) new_ids: bool,
    /// Every second purchase is booked in the past.
    late: bool,
    /// Every third purchase is written oddly.
    odd: bool,
    /// Top-ups are repeated by another system.
    repeats: bool,
}

impl Bank {
    /// Sets the scenarios off.
    pub(super) fn start_scenarios(&mut self, scenarios: &[Scenario], start: Timestamp) {
        for scenario in scenarios {
            match scenario {
                // Those that hit requests, not the bank.
                Scenario::Outage
                | Scenario::Slow
                | Scenario::UnknownTopup
                | Scenario::CustomerPays => {}
                Scenario::ReleasedHolds => self.effects.releases = true,
                Scenario::NewIds => self.effects.new_ids = true,
                Scenario::LateRows => self.effects.late = true,
                Scenario::PageShifts => self.shifts_pages = true,
                Scenario::ShortPages => self.page_cap = Some(SHORT_PAGE),
                Scenario::LyingTotals => self.totals_count_the_page = true,
                Scenario::WebPage403 => self.set_trouble(13, CardTrouble::WebPage403),
                Scenario::OddRows => self.effects.odd = true,
                Scenario::OddCards => {
                    let troubles = [
                        CardTrouble::Answer500,
                        CardTrouble::EmptyObject,
                        CardTrouble::Figures("1,000.00".to_owned()),
                        CardTrouble::Currency("US$".to_owned()),
                        CardTrouble::State(String::new()),
                    ];
                    for (card, trouble) in (8..).zip(troubles) {
                        self.set_trouble(card, trouble);
                    }
                }
                Scenario::Spelling => self.rows_spell_otherwise = true,
                Scenario::ForeignTopUps => {
                    self.effects.repeats = true;
                    self.schedule(after(start, REPEAT_MILLIS), Event::Elsewhere { turn: 0 });
                }
                Scenario::WrongClock => {
                    self.clock_offset = SignedDuration::from_secs(match self.dialect {
                        Dialect::Artha => 200,
                        Dialect::Banana => -200,
                        Dialect::Enkash => 45,
                        Dialect::Ibanera => -45,
                    });
                }
                Scenario::Declines => {
                    self.schedule(after(start, 1_000), Event::Decline { turn: 0 })
                }
            }
        }
    }

    fn set_trouble(&mut self, card: usize, trouble: CardTrouble) {
        if let Some(card) = self.cards.get_mut(card) {
            card.trouble = Some(trouble);
        }
    }

    /// The next refusal: the reasons in their order, over the cards in theirs.
    pub(super) fn decline_in_turn(&mut self, turn: usize, at: Timestamp) {
        self.schedule(after(at, DECLINE_MILLIS), Event::Decline { turn: turn + 1 });
        let reason = turn.checked_rem(Decline::ALL.len()).and_then(|index| Decline::ALL.get(index));
        let card = turn.checked_rem(self.cards.len());
        if let (Some(&reason), Some(card)) = (reason, card)
            && let Some(currency) = self.cards.get(card).map(|card| card.currency)
        {
            let sum = scaled(1_290 + 100 * (turn as u64 % 40), currency);
            self.record_decline(
                card,
                sum,
                Merchant::new("CORNER SHOP 12", "5411", "SE"),
                reason,
                at,
            );
        }
    }

    /// The next top-up of another system: 50 dollars' worth for one card after the other.
    pub(super) fn top_up_in_turn(&mut self, turn: usize, at: Timestamp) {
        self.schedule(after(at, ELSEWHERE_MILLIS), Event::Elsewhere { turn: turn + 1 });
        let active: Vec<usize> = (0..self.cards.len())
            .filter(|&i| self.cards.get(i).is_some_and(|card| card.state == CardState::Active))
            .collect();
        if let Some(&card) = turn.checked_rem(active.len()).and_then(|index| active.get(index))
            && let Some(currency) = self.cards.get(card).map(|card| card.currency)
        {
            self.foreign_credit(card, scaled(5_000, currency), at);
        }
    }

    /// Another system tops up a card with this sum, as asked for there. Nothing happens where the
    /// float cannot pay.
    fn foreign_credit(&mut self, card: usize, asked: Decimal, at: Timestamp) {
        if let Some(load) = foreign::load(self, card, asked) {
            let _refused = self.foreign_top_up(load, at);
        }
    }

    /// The equal top-up that another system makes after one of ours, once it is due.
    pub(super) fn repeat_top_up(&mut self, row: usize, at: Timestamp) {
        let ours = self.rows.get(row).map(|row| (row.card, row.amount, row.fee));
        if let Some((card, amount, fee)) = ours {
            let asked = if self.dialect == Dialect::Artha { amount + fee } else { amount };
            self.foreign_credit(card, asked, at);
        }
    }

    /// What follows a top-up of ours.
    pub(super) fn after_our_top_up(&mut self, row: usize, at: Timestamp) {
        if self.effects.repeats {
            self.schedule(after(at, REPEAT_MILLIS), Event::Repeat { row });
        }
    }

    /// Lets the money of the newest top-up that is on its way arrive so many milliseconds later.
    pub(in crate::sandbox) fn delay_newest_credit(&mut self, millis: u64) {
        let on_its_way = self.agenda.iter().filter_map(|(key, due)| match due {
            Event::Credit { row } => Some((*row, *key)),
            _ => None,
        });
        if let Some((_, key)) = on_its_way.max()
            && let Some(due) = self.agenda.remove(&key)
        {
            self.schedule(after(key.0, millis), due);
        }
    }

    /// What becomes of a hold instead of being booked for this sum, if it becomes anything else.
    pub(super) fn instead_of_clearing(&self, row: usize, sum: Decimal) -> Event {
        // With both scenarios, one hold after the other.
        if self.effects.releases && (!self.effects.new_ids || row.is_multiple_of(2)) {
            Event::Vanish { row }
        } else if self.effects.new_ids {
            let currency = self
                .rows
                .get(row)
                .and_then(|row| self.cards.get(row.card))
                .map(|card| card.currency);
            let more =
                currency.map_or(sum, |currency| rounded(sum * Decimal::new(11, 1), currency));
            Event::Replace { row, sum: if row.is_multiple_of(3) { sum } else { more } }
        } else {
            Event::Clear { row, sum }
        }
    }

    /// A purchase that was just held while somebody watches: booked in the past, or written oddly,
    /// where a scenario says so.
    pub(super) fn apply_effects(&mut self, row: usize, at: Timestamp) {
        let held =
            self.rows.get(row).filter(|row| row.kind == Kind::Purchase).map(|row| row.amount);
        let Some(sum) = held else { return };
        if self.effects.late && row.is_multiple_of(2) {
            self.clear(row, sum, at);
            let minutes = 5 + i64::try_from(row % 36).unwrap_or(0);
            self.date_back(row, SignedDuration::from_mins(minutes));
        }
        if self.effects.odd
            && row.is_multiple_of(3)
            && let Some(row) = self.rows.get_mut(row)
        {
            row.written = malformed(row.number / 3, sum);
        }
    }
}

/// One oddity after the other.
fn malformed(turn: u64, sum: Decimal) -> RowOverrides {
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
