//! One provider's part of the simulated bank: float, cards, cardholders who spend. Everything
//! happens at a given time and follows from the seed; every sum is a decimal, and what leaves one
//! place arrives in another. Knows nothing of wires.

mod accounts;
mod amounts;
mod cardholders;
mod decline;
mod ledger;
mod lists;
mod scenarios;
mod seeding;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::people::{Merchant, Person};
use super::random::{Random, mixed, uuid};
use super::troubles::{CardTrouble, ListChange, RowOverrides};
use super::{Dialect, Options};
use crate::domain::money::{Currency, Money};
pub(super) use accounts::Account;
use amounts::before;
pub(super) use amounts::{after, code, digits, rounded, scaled};
pub use decline::Decline;

/// How a card stands at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// Pays.
    Active,
    /// Stopped by the programme, can be undone.
    Frozen,
    /// Stopped by the issuer (enkash has a word for it).
    Blocked,
    /// Issued, not activated.
    Pending,
    /// Gone for good.
    Closed,
}

/// What a row of a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Purchase,
    Cash,
    Refund,
    Fee,
    TopUp,
    /// What was left on a closed card, back to the float.
    Closing,
}

/// How far a row got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Pending,
    Cleared,
    Declined,
    Reversed,
    Failed,
}

/// A row of a card's statement.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Position among all rows of this bank.
    pub(super) number: u64,
    /// Root of its ids on the wire: its position, until it gets another.
    pub(super) id: u64,
    /// Position of the card.
    pub(super) card: usize,
    pub(super) kind: Kind,
    pub(super) progress: Progress,
    /// Never negative; the kind says the direction. Of a top-up: what the card receives.
    pub(super) amount: Decimal,
    /// Of a top-up: what the float pays beside the amount.
    pub(super) fee: Decimal,
    pub(super) merchant: Option<Merchant>,
    pub(super) reason: Option<Decline>,
    /// The caller's own reference, where the wire has one.
    pub(super) reference: Option<String>,
    pub(super) at: Timestamp,
    /// Last change.
    pub(super) changed: Timestamp,
    /// Spendable after this row.
    pub(super) left: Decimal,
    /// The row that paid this one back.
    pub(super) refund: Option<u64>,
    /// Of a top-up: position of the customer's account that paid; `None` where the float did.
    pub(super) payer: Option<usize>,
    /// No list has it any more.
    pub(super) hidden: bool,
    /// Lists have it twice.
    pub(super) twice: bool,
    /// What is written otherwise than it should be.
    pub(super) written: RowOverrides,
}

/// A card with its holder's secrets, as an issuer knows it.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) id: String,
    /// The holder's or customer's id.
    pub(super) user: String,
    pub(super) person: Person,
    /// Full number: valid by Luhn, of no real card.
    pub(super) number: String,
    pub(super) cvv: String,
    pub(super) pin: Option<String>,
    pub(super) expires: (i16, i8),
    pub(super) currency: Currency,
    pub(super) physical: bool,
    pub(super) state: CardState,
    /// Booked money.
    pub(super) ledger: Decimal,
    /// Sum of pending purchases.
    pub(super) held: Decimal,
    /// Booked money before the first row.
    opening: Decimal,
    /// What is wrong with all that is read of it.
    pub(super) trouble: Option<CardTrouble>,
}

impl Card {
    /// What can be spent; below zero after a clearing for more than was held.
    pub(super) fn available(&self) -> Decimal {
        self.ledger - self.held
    }

    pub(super) fn last4(&self) -> &str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or("")
    }

    pub(super) fn holder(&self) -> String {
        format!("{} {}", self.person.0, self.person.1)
    }
}

/// A top-up as the bank takes it.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// Position of the customer's account that pays; `None` where the float does.
    pub(super) payer: Option<usize>,
    /// Position of the card.
    pub(super) card: usize,
    /// What arrives on the card.
    pub(super) received: Decimal,
    /// What is paid; the fee is the difference.
    pub(super) paid: Decimal,
    /// The caller's own reference, where the wire has one.
    pub(super) reference: Option<String>,
}

impl Load {
    /// From the float, without a fee and a reference.
    pub(super) const fn plain(card: usize, sum: Decimal) -> Self {
        Self { payer: None, card, received: sum, paid: sum, reference: None }
    }
}

/// Why the bank does not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The card's state does not allow it.
    State(CardState),
    /// Not a sum above zero with the currency's decimals.
    Amount,
    /// Smaller than the programme allows.
    TooSmall,
    /// Larger than the programme allows.
    TooLarge,
    /// The float, or the account that should pay, does not hold enough.
    NoFloat,
}

/// Something that happens by itself later.
#[derive(Clone, Copy, Debug)]
enum Event {
    Clear {
        row: usize,
        sum: Decimal,
    },
    Reverse {
        row: usize,
    },
    Refund {
        row: usize,
    },
    Credit {
        row: usize,
    },
    State {
        card: usize,
        to: CardState,
    },
    Close {
        card: usize,
        returns: bool,
    },
    /// A hold leaves the lists.
    Vanish {
        row: usize,
    },
    /// A hold leaves the lists and is booked as another row.
    Replace {
        row: usize,
        sum: Decimal,
    },
    /// A refusal, for one reason after the other.
    Decline {
        turn: usize,
    },
    /// A top-up of another system.
    Elsewhere {
        turn: usize,
    },
    /// The same by another system as a top-up of ours.
    Repeat {
        row: usize,
    },
}

/// How soon a purchase is cleared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clearing {
    /// In hours, as it was in the days before.
    Historic,
    /// Within two minutes, so that somebody who watches sees it.
    Live,
    /// When a story says so.
    Manual,
}

/// One provider's bank.
pub(super) struct Bank {
    pub(super) dialect: Dialect,
    seed: u64,
    random: Random,
    pub(super) cards: Vec<Card>,
    by_id: HashMap<String, usize>,
    pub(super) rows: Vec<Row>,
    /// The merchant's own money, one a currency.
    pub(super) floats: Vec<(Currency, Decimal)>,
    /// The same before the first row.
    opening: Vec<(Currency, Decimal)>,
    /// Accounts that belong to customers; only ibanera's have any.
    pub(super) accounts: Vec<Account>,
    agenda: BTreeMap<(Timestamp, u64), Event>,
    due_number: u64,
    /// Top-ups asked over the wire that took effect, by card.
    pub(super) credits: HashMap<usize, Vec<Decimal>>,
    /// Top-ups asked over the wire: only these count as credits.
    asked: HashSet<usize>,
    /// Top-ups that another system of the merchant made, in order.
    pub(super) elsewhere: Vec<usize>,
    /// How far the bank's clock is from the true one; above zero it is fast.
    pub(super) clock_offset: SignedDuration,
    /// Most rows of a page, whatever is asked for.
    pub(super) page_cap: Option<usize>,
    /// Lists tell the length of their page as the whole.
    pub(super) totals_count_the_page: bool,
    /// Rows spell their card's id otherwise than cards and rosters do.
    pub(super) rows_spell_otherwise: bool,
    /// What happens after the next lists that are read, one thing each.
    pub(super) list_changes: VecDeque<ListChange>,
    /// A row comes in after a list is read, every few seconds.
    pub(super) shifts_pages: bool,
    next_shift: Timestamp,
    /// What scenarios do while cardholders spend.
    effects: scenarios::Effects,
    /// Rows that no list shows yet.
    pub(super) withheld: HashSet<usize>,
    /// Ids that were given to rows that had one.
    renamed: u64,
    /// The list that is being read: of one card, or of all.
    listed: Cell<Option<Option<usize>>>,
    /// The card that the request is about, once it was found.
    pub(super) about: Cell<Option<usize>>,
    busy: bool,
    next_event: Timestamp,
    /// From here to the start, the first eight cards only do what the stories tell.
    stories_from: Timestamp,
}

/// Seconds between two events of one bank, so that all four together have one every two to four
/// seconds.
const EVENT_GAP_MILLIS: (u64, u64) = (8_000, 16_000);
/// The last hours are told by hand.
const STORY_MILLIS: u64 = 6 * 3_600_000;

impl Bank {
    /// A bank with its history up to `start`.
    pub(super) fn new(dialect: Dialect, options: &Options, start: Timestamp) -> Self {
        let seed = mixed(options.seed ^ mixed(dialect as u64 + 11));
        let mut bank = Self {
            dialect,
            seed,
            random: Random::new(seed),
            cards: Vec::new(),
            by_id: HashMap::new(),
            rows: Vec::new(),
            floats: Vec::new(),
            opening: Vec::new(),
            accounts: Vec::new(),
            agenda: BTreeMap::new(),
            due_number: 0,
            credits: HashMap::new(),
            asked: HashSet::new(),
            elsewhere: Vec::new(),
            clock_offset: SignedDuration::ZERO,
            page_cap: None,
            totals_count_the_page: false,
            rows_spell_otherwise: false,
            list_changes: VecDeque::new(),
            shifts_pages: false,
            next_shift: start,
            effects: scenarios::Effects::default(),
            withheld: HashSet::new(),
            renamed: 0,
            listed: Cell::new(None),
            about: Cell::new(None),
            busy: false,
            next_event: start,
            stories_from: before(start, STORY_MILLIS),
        };
        bank.issue(options.cards);
        let stories = options.transactions >= 24;
        let told =
            if stories { options.transactions.saturating_sub(22) } else { options.transactions };
        bank.seed_history(told, start);
        bank.seed_stories(stories, start);
        bank.advance(start);
        bank.next_event = after(start, bank.random.between(1_000, EVENT_GAP_MILLIS.1));
        bank.busy = options.busy;
        bank.start_scenarios(&options.scenarios, start);
        bank
    }

    /// Lets everything happen that was due up to `now`.
    pub(super) fn advance(&mut self, now: Timestamp) {
        loop {
            let due =
                self.agenda.first_key_value().map(|(&key, _)| key).filter(|(at, _)| *at <= now);
            let event = Some(self.next_event).filter(|at| self.busy && *at <= now);
            match (due, event) {
                (None, None) => return,
                (Some(key), event) if event.is_none_or(|event| key.0 <= event) => {
                    if let Some(due) = self.agenda.remove(&key) {
                        self.run_event(due, key.0);
                    }
                }
                (_, Some(at)) => {
                    self.next_event =
                        after(at, self.random.between(EVENT_GAP_MILLIS.0, EVENT_GAP_MILLIS.1));
                    self.cardholder_event(at, Clearing::Live);
                }
                (Some(_), None) => return,
            }
        }
    }

    fn run_event(&mut self, due: Event, at: Timestamp) {
        match due {
            Event::Clear { row, sum } => self.clear(row, sum, at),
            Event::Reverse { row } => self.reverse(row, at),
            Event::Refund { row } => self.refund(row, at),
            Event::Credit { row } => self.credit(row, at),
            Event::State { card, to } => {
                if let Some(card) =
                    self.cards.get_mut(card).filter(|card| card.state != CardState::Closed)
                {
                    card.state = to;
                }
            }
            Event::Close { card, returns } => self.close_now(card, at, returns),
            Event::Vanish { row } => self.vanish(row, at),
            Event::Replace { row, sum } => {
                let _booked = self.clear_as_another(row, sum, SignedDuration::ZERO, at);
            }
            Event::Decline { turn } => self.decline_in_turn(turn, at),
            Event::Elsewhere { turn } => self.top_up_in_turn(turn, at),
            Event::Repeat { row } => self.repeat_top_up(row, at),
        }
    }

    fn schedule(&mut self, at: Timestamp, due: Event) {
        self.due_number += 1;
        self.agenda.insert((at, self.due_number), due);
    }

    /// Takes what is paid now and puts what is received on the card `delay` milliseconds later.
    /// Gives the row's position.
    pub(super) fn top_up(
        &mut self,
        load: Load,
        at: Timestamp,
        delay: u64,
    ) -> Result<usize, Refusal> {
        let row = self.load(load, at)?;
        self.asked.insert(row);
        self.schedule(after(at, delay), Event::Credit { row });
        self.after_our_top_up(row, at);
        self.advance(at);
        Ok(row)
    }

    fn close_now(&mut self, card: usize, at: Timestamp, returns: bool) {
        let Some(closing) = self.cards.get_mut(card).filter(|card| card.state != CardState::Closed)
        else {
            return;
        };
        closing.state = CardState::Closed;
        let left = closing.available();
        if !returns || left <= Decimal::ZERO {
            return;
        }
        closing.ledger -= left;
        let currency = closing.currency;
        if let Some(float) = self.floats.iter_mut().find(|(of, _)| *of == currency) {
            float.1 += left;
        }
        self.write(card, Kind::Closing, Progress::Cleared, left, at, |_| {});
    }

    /// Changes a card's state `delay` milliseconds later.
    pub(super) fn set_state(&mut self, card: usize, to: CardState, at: Timestamp, delay: u64) {
        self.schedule(after(at, delay), Event::State { card, to });
        self.advance(at);
    }

    /// Closes a card `delay` milliseconds later; what is left goes back to the float when
    /// `returns`.
    pub(super) fn close(&mut self, card: usize, returns: bool, at: Timestamp, delay: u64) {
        self.schedule(after(at, delay), Event::Close { card, returns });
        self.advance(at);
    }

    /// A top-up that another system of the merchant makes: on the card at once, but not among the
    /// credits that were asked here.
    pub(super) fn foreign_top_up(&mut self, load: Load, at: Timestamp) -> Result<usize, Refusal> {
        let row = self.load(load, at)?;
        self.elsewhere.push(row);
        self.credit(row, at);
        Ok(row)
    }

    /// A top-up that another system asked for and did not get: a row, and no money moves.
    pub(super) fn failed_foreign_top_up(&mut self, load: Load, at: Timestamp) -> usize {
        let row = self.write(load.card, Kind::TopUp, Progress::Failed, load.received, at, |row| {
            row.fee = load.paid - load.received;
            row.reference = load.reference;
        });
        self.elsewhere.push(row);
        row
    }

    /// Writes another time into a row, so that it is listed where it would have been.
    pub(super) fn date_back(&mut self, row: usize, by: SignedDuration) {
        if let Some(row) = self.rows.get_mut(row) {
            row.at = row.at.saturating_sub(by).unwrap_or(row.at);
            row.changed = row.at;
        }
    }

    /// Position of a card, by any spelling that means its id: GUIDs are blind to case, numbers to
    /// leading zeros.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let id = id.trim();
        let found = match self.dialect {
            Dialect::Artha => self.by_id.get(&id.to_ascii_lowercase()),
            Dialect::Banana | Dialect::Ibanera => self.by_id.get(id.trim_start_matches('0')),
            Dialect::Enkash => self.by_id.get(id),
        };
        self.about.set(found.copied());
        found.copied()
    }

    pub(super) fn card(&self, id: &str) -> Option<&Card> {
        self.cards.get(self.find(id)?)
    }

    /// A purchase that a story wants now; it stays held until [`Bank::settle`].
    pub(super) fn spend(
        &mut self,
        card: usize,
        sum: Decimal,
        shop: Merchant,
        at: Timestamp,
    ) -> u64 {
        self.authorise(card, sum, shop, at, Clearing::Manual) as u64
    }

    /// A refusal that a story wants now.
    pub(super) fn decline(
        &mut self,
        card: usize,
        sum: Decimal,
        shop: Merchant,
        reason: Decline,
        at: Timestamp,
    ) -> u64 {
        self.record_decline(card, sum, shop, reason, at) as u64
    }

    /// Books the oldest held purchase of a card for `sum`; false when it holds none.
    pub(super) fn settle(&mut self, card: usize, sum: Decimal, at: Timestamp) -> bool {
        let held = self.rows.iter().position(|row| {
            row.card == card && row.kind == Kind::Purchase && row.progress == Progress::Pending
        });
        match held {
            Some(row) => {
                self.clear(row, sum, at);
                true
            }
            None => false,
        }
    }

    /// Pays the newest cleared purchase of a card back; false when there is none.
    pub(super) fn refund_newest(&mut self, card: usize, at: Timestamp) -> bool {
        let paid = self.rows.iter().rposition(|row| {
            row.card == card
                && row.kind == Kind::Purchase
                && row.progress == Progress::Cleared
                && row.refund.is_none()
        });
        match paid {
            Some(row) => {
                self.refund(row, at);
                true
            }
            None => false,
        }
    }

    /// What the merchant has in a currency.
    pub(super) fn float(&self, currency: Currency) -> Option<Money> {
        self.floats
            .iter()
            .find(|(of, _)| *of == currency)
            .map(|&(of, amount)| Money::new(amount, of))
    }

    /// Gives the float another sum, as if the merchant had paid in or out.
    pub(super) fn set_float(&mut self, money: Money) {
        let mut change = Decimal::ZERO;
        for (of, amount) in &mut self.floats {
            if *of == money.currency() {
                change = money.amount() - *amount;
                *amount = money.amount();
            }
        }
        for (of, amount) in &mut self.opening {
            if *of == money.currency() {
                *amount += change;
            }
        }
    }

    /// What the bank's clock shows at this moment. Cardholders and the bank's own work follow the
    /// true time; only what the bank writes down follows its clock.
    pub(super) fn shown(&self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.clock_offset).unwrap_or(at)
    }

    /// An id in the shape of a UUID for the n-th thing of a kind.
    pub(super) fn uuid(&self, number: u64) -> String {
        uuid(self.seed, number)
    }
}
