//! One provider's part of the simulated bank: float, cards, cardholders who spend. Everything
//! happens at a given time and follows from the seed; every sum is a decimal, and what leaves one
//! account arrives in another. What differs by dialect is asked of its [`ProgrammeRules`].

mod accounts;
mod agenda;
mod amounts;
mod audit;
mod card;
mod cardholders;
mod decline;
mod ledger;
mod lists;
mod occurrences;
mod order;
mod programme;
mod row;
mod rules;
mod scenarios;
mod seeding;
mod stories;
mod top_ups;

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};

pub(super) use self::accounts::{Account, Float};
use self::agenda::{Agenda, Clearing, Event};
pub(super) use self::amounts::{after, digits, from_us_cents, parse_currency, rounded};
pub(super) use self::card::Card;
pub use self::card::CardState;
use self::card::{Balance, Cards};
pub use self::decline::Decline;
use self::lists::Lists;
pub(super) use self::lists::Window;
use self::occurrences::Notes;
pub(super) use self::occurrences::{
    BalanceNews, CodeNews, Happening, IssueStep, Occurrence, StateNews,
};
pub(super) use self::programme::{
    CardPlan, Closing, FeePayer, Person, PhysicalCards, Programme, person,
};
pub(super) use self::row::{Progress, Row, RowKind};
pub(super) use self::rules::{CardIds, ProgrammeRules};
use self::scenarios::Effects;
use self::top_ups::TopUps;
pub(super) use self::top_ups::{Refusal, TopUp};
use super::Options;
use super::merchants::Merchant;
use super::random::{Random, mix};

/// One provider's bank.
pub(super) struct Bank {
    pub(super) rules: &'static dyn ProgrammeRules,
    pub(super) random: Random,
    pub(super) cards: Cards,
    pub(super) rows: Vec<Row>,
    /// The merchant's own money, one a currency.
    pub(super) floats: Vec<Float>,
    /// Accounts that belong to customers; empty where they have none.
    pub(super) accounts: Vec<Account>,
    pub(super) top_ups: TopUps,
    pub(super) lists: Lists,
    /// How far the bank's clock is from the true one; above zero it is fast.
    pub(super) clock_offset: SignedDuration,
    pub(super) trace: RequestTrace,
    agenda: Agenda,
    activity: Activity,
}

/// What the request that is being answered turned out to be about. Written while the bank is
/// read, so that servers need not report it.
#[derive(Debug, Default)]
pub(super) struct RequestTrace {
    /// The list of transactions that was read.
    listed: Cell<Option<ListScope>>,
    /// Position of the card that was looked up.
    pub(super) card: Cell<Option<usize>>,
}

/// No card has this id.
#[derive(Debug)]
pub(super) struct UnknownCard;

/// Whose rows a list has.
#[derive(Clone, Copy, Debug)]
enum ListScope {
    AllCards,
    Card(usize),
}

/// What cardholders do by themselves, and what is noted of all that happens.
struct Activity {
    /// They go on spending after the start.
    busy: bool,
    next_event: Timestamp,
    /// From here to the start, the first eight cards only do what the stories say.
    stories_from: Timestamp,
    /// What scenarios make of it.
    effects: Effects,
    notes: Notes,
}

/// Milliseconds between two events of one bank, so that four of them together have one every two
/// to four seconds.
const EVENT_GAP_MILLIS: (u64, u64) = (8_000, 16_000);
/// How long before the start the stories begin.
const STORY_MILLIS: u64 = 6 * 3_600_000;
/// Rows that the stories add, roughly; fewer rows than [`STORY_MINIMUM`] in all leave them out.
const STORY_ROWS: usize = 22;
const STORY_MINIMUM: usize = 24;

impl Bank {
    /// A bank with its history up to `start`.
    ///
    /// `position` is the dialect's in its list. It is part of the seed, so that equal banks differ.
    pub(super) fn new(
        rules: &'static dyn ProgrammeRules,
        position: u64,
        options: &Options,
        start: Timestamp,
    ) -> Self {
        let mut bank = Self {
            rules,
            random: Random::new(mix(options.seed ^ mix(position + 11))),
            cards: Cards::default(),
            rows: Vec::new(),
            floats: Vec::new(),
            accounts: Vec::new(),
            top_ups: TopUps::default(),
            lists: Lists::new(start),
            clock_offset: SignedDuration::ZERO,
            trace: RequestTrace::default(),
            agenda: Agenda::default(),
            activity: Activity {
                busy: false,
                next_event: start,
                stories_from: amounts::before(start, STORY_MILLIS),
                effects: Effects::default(),
                notes: Notes::default(),
            },
        };
        bank.issue_cards(options.cards);
        bank.open_floats();
        if options.transactions >= STORY_MINIMUM {
            bank.seed_history(options.transactions.saturating_sub(STORY_ROWS), start);
            bank.seed_stories(start);
        } else {
            bank.seed_history(options.transactions, start);
            bank.seed_states();
        }
        bank.sort_rows();
        bank.advance(start);
        bank.activity.next_event = after(start, bank.random.between(1_000, EVENT_GAP_MILLIS.1));
        bank.activity.busy = options.busy;
        bank.start_scenarios(&options.scenarios, start);
        bank
    }

    /// Lets everything happen that was due up to `now`: scheduled events and what cardholders do,
    /// in the order of their times, an event first where both are due at once.
    pub(super) fn advance(&mut self, now: Timestamp) {
        loop {
            let event = self.agenda.next_at().filter(|at| *at <= now);
            let spending =
                Some(self.activity.next_event).filter(|at| self.activity.busy && *at <= now);
            match (event, spending) {
                (None, None) => return,
                (Some(event), spending) if spending.is_none_or(|spending| event <= spending) => {
                    if let Some((at, event)) = self.agenda.take_next() {
                        self.run_event(event, at);
                    }
                }
                (_, Some(at)) => {
                    self.activity.next_event =
                        after(at, self.random.between(EVENT_GAP_MILLIS.0, EVENT_GAP_MILLIS.1));
                    self.cardholder_event(at, Clearing::Live);
                }
                (Some(_), None) => return,
            }
        }
    }

    fn run_event(&mut self, event: Event, at: Timestamp) {
        match event {
            Event::Clear { row, sum } => self.clear(row, sum, at),
            Event::Reverse { row } => self.reverse(row, at),
            Event::Refund { row } => self.refund(row, at),
            Event::Credit { row } => self.credit(row, at),
            Event::State { card, to, task } => self.set_state_now(card, to, task, at),
            Event::Close { card, task } => self.close_now(card, task, at),
            Event::Vanish { row } => self.vanish(row, at),
            Event::Replace { row, sum } => {
                let _booked = self.clear_as_another(row, sum, SignedDuration::ZERO, at);
            }
            Event::Decline { turn } => self.decline_in_turn(turn, at),
            Event::ForeignTopUp { turn } => self.foreign_top_up_in_turn(turn, at),
            Event::RepeatTopUp { row } => self.repeat_top_up(row, at),
        }
    }

    /// Changes a card's state `delay` milliseconds later.
    pub(super) fn set_state(&mut self, card: usize, to: CardState, at: Timestamp, delay: u64) {
        self.agenda.schedule(after(at, delay), Event::State { card, to, task: None });
        self.advance(at);
    }

    /// Closes a card `delay` milliseconds later, as the programme does it.
    pub(super) fn close(&mut self, card: usize, at: Timestamp, delay: u64) {
        self.agenda.schedule(after(at, delay), Event::Close { card, task: None });
        self.advance(at);
    }

    /// Changes a card's state, or closes it, `delay` milliseconds later, by the task that the
    /// answer names.
    pub(super) fn change_by_task(
        &mut self,
        card: usize,
        to: CardState,
        task: u64,
        at: Timestamp,
        delay: u64,
    ) {
        let task = Some(task);
        let event = match to {
            CardState::Closed => Event::Close { card, task },
            to => Event::State { card, to, task },
        };
        self.agenda.schedule(after(at, delay), event);
        self.advance(at);
    }

    /// A closed card stays closed.
    fn set_state_now(&mut self, card: usize, to: CardState, task: Option<u64>, at: Timestamp) {
        let Some(changing) = self.cards.get_mut(card) else { return };
        let from = changing.state;
        let failed = from == CardState::Closed;
        if !failed {
            changing.state = to;
        }
        self.note_state(StateNews { task, failed, ..StateNews::of(card, from, to) }, at);
    }

    fn close_now(&mut self, card: usize, task: Option<u64>, at: Timestamp) {
        let Some(closing) = self.cards.get_mut(card) else { return };
        let from = closing.state;
        let failed = from == CardState::Closed;
        let mut returned = None;
        if !failed {
            closing.state = CardState::Closed;
            returned = match self.rules.programme().closing {
                Closing::ReturnsBalance => self.return_balance(card, at),
                Closing::KeepsBalance | Closing::NotOffered => None,
            };
        }
        let news = StateNews::of(card, from, CardState::Closed);
        self.note_state(StateNews { task, failed, returned, ..news }, at);
    }

    /// When something happens next by itself.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let spending = Some(self.activity.next_event).filter(|_| self.activity.busy);
        self.agenda.next_at().into_iter().chain(spending).min()
    }

    /// Position of a card, by any spelling that means its id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let id = self.rules.canonical_id(id.trim());
        let found = self.cards.position(&id);
        self.trace.card.set(found);
        found
    }

    /// The card that a list is asked for; `None` for all cards.
    ///
    /// # Errors
    /// For an unknown card.
    pub(super) fn find_optional(&self, id: Option<&str>) -> Result<Option<usize>, UnknownCard> {
        id.map(|id| self.find(id).ok_or(UnknownCard)).transpose()
    }

    pub(super) fn card(&self, id: &str) -> Option<&Card> {
        self.cards.get(self.find(id)?)
    }

    /// A row's id as the provider writes it.
    pub(super) fn row_id(&self, row: &Row) -> String {
        self.rules.row_id(self, row)
    }

    /// The same of the row at a position.
    pub(super) fn row_id_at(&self, position: usize) -> Option<String> {
        self.rows.get(position).map(|row| self.row_id(row))
    }

    /// What the bank's clock shows at a true time. Cardholders and the bank's own work follow the
    /// true time; only what the bank writes down follows its clock.
    pub(super) fn shown(&self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.clock_offset).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests;
