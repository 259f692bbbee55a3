//! What to read next from one provider, and how long to wait after trouble.
//!
//! Pure: time is an argument, and nothing here sleeps, sends or draws. It never plans a change.

mod budget;
mod cards;
mod queue;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod specification;
mod waits;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use self::budget::Budget;
use self::cards::Cards;
pub use self::cards::{CardAnswer, Rank};
use self::queue::Slot;
pub use self::waits::{LONGEST_BETWEEN_LOOKS, back_off, look_again};
use crate::config::Poll;
use crate::domain::operation::{Capabilities, OperationId};

/// What there is to read of a provider, and when each was last tried.
///
/// It is kept up to date by what happens: a card was tried, asked for, looked at, listed or known
/// for the first time. Each of these, and [`next`], takes a time that grows with the logarithm of
/// the number of cards.
#[derive(Debug)]
pub struct Plan {
    poll: Poll,
    /// What the provider can list; nothing is planned before it is known.
    lists: Option<Lists>,
    /// When the list of cards was last tried.
    list: Option<Timestamp>,
    /// When the transactions of all cards were last tried.
    feed: Option<Timestamp>,
    /// The first time since then that a push was about something in it.
    hinted_feed: Option<Timestamp>,
    /// The same of a card that only the list of cards may have.
    hinted_list: Option<Timestamp>,
    /// When the float was last tried.
    float: Option<Timestamp>,
    cards: Cards,
    /// How long the list of cards that is being read, or was read last, let others be read.
    beside_list: SignedDuration,
    /// How many reads were made: each fourth goes to whatever waits longest, so that nothing
    /// starves.
    turn: u64,
}

/// What a provider can list.
#[derive(Clone, Copy, Debug)]
struct Lists {
    cards: bool,
    transactions: bool,
    float: bool,
}

/// What else decides what is read next.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Now.
    pub now: Timestamp,
    /// Nothing before this time: back-off, `Retry-After`, or the rate budget.
    pub gate: Option<Timestamp>,
    /// The operator is typing: only what was asked for by hand, and lookups, before this time.
    pub typing_until: Option<Timestamp>,
    /// The operator paused it: only what was asked for by hand, and lookups.
    pub paused: bool,
    /// When a part of the history may be read; `None` while there is none to read.
    pub history: Option<HistoryDue>,
    /// The list of cards is being read: this is asked between two of its pages.
    pub is_listing: bool,
    /// Unsettled operations and when each is due to be looked up.
    pub lookups: &'a [(OperationId, Timestamp)],
}

/// When a part of the history may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryDue {
    /// Not before, even where it is its turn.
    pub earliest: Timestamp,
    /// From when on the budget has room for it beside what cannot wait.
    pub spare: Timestamp,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read this.
    Read(Read),
    /// Nothing before this time, or until something changes.
    Wait(Option<Timestamp>),
}

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The fate of an operation.
    Look(OperationId),
    /// The list of cards.
    List,
    /// The transactions of all cards.
    Feed,
    /// The float.
    Float,
    /// The card of this id.
    Card(Arc<str>),
    /// The transactions of the card of this id.
    CardFeed(Arc<str>),
    /// A part of the history, behind everything else.
    History,
}

/// How urgent a card is that was asked for by hand; only lookups are more urgent.
const ASKED: u8 = 1;

/// Least time between two readings of the same thing because of pushes.
const HINTS_APART: SignedDuration = SignedDuration::from_millis(200);

/// How urgent it is what a push was about: its transactions first, since a push mostly tells of
/// one, and then its figures.
const HINTED: u8 = 2;

/// How urgent a card is that nobody looks at.
const UNSEEN_URGENCY: u8 = 7;

/// How urgent the history is: less than every card. Where cards are always due, it would never be
/// read: so every eighth read goes to it, and of four one more while nothing else is due than cards
/// that nobody looks at.
const HISTORY: u8 = 8;

/// How often the float is read.
const FLOAT: SignedDuration = SignedDuration::from_secs(60);

/// How much less often a card is read that nobody looks at.
pub(super) const UNSEEN: i32 = 4;

/// How much less often the transactions of a card are read that is on screen and not selected, or
/// not on screen.
const VISIBLE_FEED: i32 = 2;
pub(super) const UNSEEN_FEED: i32 = 8;

/// The next thing to read, or how long to wait.
///
/// Of what is due, the most urgent is read, and of equals what has been due for longest. That alone
/// would starve the rest of a long list, so every fourth read ignores urgency and goes to what has
/// been due for longest; lookups and cards that were asked for by hand (urgency 0 and 1) keep their
/// precedence even then. While the gate is closed nothing is read, whatever is due; when nothing is
/// due, the wait ends with the first thing that will be, or with the gate if that opens later.
#[must_use]
pub fn next(plan: &Plan, moment: &Moment<'_>) -> Next {
    let (now, Some(lists)) = (moment.now, plan.lists) else { return Next::Wait(None) };
    let fair = plan.turn % 4 == 3;
    let held_until = moment.typing_until.filter(|until| *until > now);
    let mut choice = Choice { now, held_until, fair, best: None, soonest: None };
    for (order, (id, due)) in moment.lookups.iter().enumerate() {
        choice.offer(*due, 0, order, Candidate::Look(*id));
    }
    if let Some(card) = plan.cards.first_asked() {
        choice.offer(now, ASKED, card.index(), Candidate::Card(card));
    }
    if !moment.paused {
        plan.offer_lists(lists, moment.is_listing, &mut choice);
        plan.offer_cards(lists, &mut choice);
        if let Some(due) = moment.history {
            choice.offer_history(due, plan.turn);
        }
    }
    match (choice.best, moment.gate.filter(|gate| *gate > now)) {
        (Some(_), Some(gate)) => Next::Wait(Some(gate)),
        (Some((_, candidate)), None) => plan.read(candidate).map_or(Next::Wait(None), Next::Read),
        (None, gate) => Next::Wait(choice.soonest.map(|at| gate.map_or(at, |gate| at.max(gate)))),
    }
}

/// What may be read.
#[derive(Clone, Copy, Debug)]
enum Candidate {
    Look(OperationId),
    List,
    Feed,
    Float,
    Card(Slot),
    CardFeed(Slot),
    History,
}

/// What a candidate is compared by: urgency, when it was due, and its order among equals.
type Precedence = (u8, Timestamp, usize);

/// The best candidate so far, and when the first of the others will be due.
struct Choice {
    now: Timestamp,
    /// What is not asked for by hand waits until then.
    held_until: Option<Timestamp>,
    fair: bool,
    best: Option<(Precedence, Candidate)>,
    soonest: Option<Timestamp>,
}

impl Choice {
    fn offer(&mut self, due: Timestamp, urgency: u8, order: usize, candidate: Candidate) {
        let held = self.held_until.filter(|_| urgency > ASKED);
        let due = held.map_or(due, |until| due.max(until));
        if due > self.now {
            self.soonest = Some(self.soonest.map_or(due, |at| at.min(due)));
            return;
        }
        let urgency = if self.fair { urgency.min(2) } else { urgency };
        let precedence = (urgency, due, order);
        if self.best.is_none_or(|(best, _)| precedence < best) {
            self.best = Some((precedence, candidate));
        }
    }

    /// Offers the history, behind everything else that was offered.
    fn offer_history(&mut self, due: HistoryDue, turn: u64) {
        let is_calm = self.best.is_none_or(|((urgency, ..), _)| urgency >= UNSEEN_URGENCY);
        let its_turn = turn % 8 == 7 || (turn % 4 == 1 && is_calm);
        if its_turn && due.earliest <= self.now {
            // Before cards that were never read, and behind lists that were not.
            self.offer(Timestamp::MIN, UNSEEN_URGENCY, 2, Candidate::History);
        } else {
            let spare = due.spare.max(due.earliest);
            self.offer(spare, HISTORY, usize::MAX, Candidate::History);
        }
    }
}

impl Plan {
    /// Nothing is known and nothing was read.
    #[must_use]
    pub fn new(poll: Poll) -> Self {
        Self {
            poll,
            lists: None,
            list: None,
            feed: None,
            hinted_feed: None,
            hinted_list: None,
            float: None,
            cards: Cards::default(),
            beside_list: SignedDuration::ZERO,
            turn: 0,
        }
    }

    /// Notes what the provider can do.
    pub const fn set_capabilities(&mut self, capabilities: &Capabilities) {
        self.lists = Some(Lists {
            cards: capabilities.list_cards.is_yes(),
            transactions: capabilities.list_all_transactions.is_yes(),
            float: capabilities.float.is_yes(),
        });
    }

    /// Makes room for so many more cards, and not for twice as many.
    pub fn reserve(&mut self, cards: usize) {
        self.cards.reserve(cards);
    }

    /// A card is known from now on; one that is known stays as it is.
    pub fn know(&mut self, id: &Arc<str>) {
        self.cards.know(id);
    }

    /// How many cards the provider refused, or did not know, when it was asked last.
    #[must_use]
    pub fn refused_cards(&self) -> usize {
        self.cards.refused()
    }

    /// How many cards are known.
    #[must_use]
    pub const fn cards(&self) -> usize {
        self.cards.len()
    }

    /// Notes which cards are looked at; whether they are others than before.
    pub fn watch(&mut self, selected: Option<&Arc<str>>, visible: &[Arc<str>]) -> bool {
        let visible = visible.iter().map(|id| (Arc::clone(id), Rank::Visible));
        let mut ids: BTreeMap<Arc<str>, Rank> = visible.collect();
        ids.extend(selected.map(|id| (Arc::clone(id), Rank::Selected)));
        self.cards.watch(ids)
    }

    /// The operator asks for a card and its transactions.
    pub fn ask_card(&mut self, id: &Arc<str>) {
        self.cards.ask(id);
        self.feed = None;
    }

    /// A push was about a card: the card and its transactions are due.
    pub fn hint_card(&mut self, id: &Arc<str>, now: Timestamp) {
        if self.cards.hint(id, now, HINTS_APART) {
            self.hinted_feed.get_or_insert(now);
        } else {
            self.hint_lists(now);
        }
    }

    /// A push was about a card whose transactions are still to be read.
    pub fn hint_card_feed(&mut self, id: &Arc<str>, now: Timestamp) {
        self.cards.hint_feed(id, now, HINTS_APART);
    }

    /// A push was about a card that is not known: the lists are due that may have it.
    pub fn hint_lists(&mut self, now: Timestamp) {
        self.hinted_list.get_or_insert(now);
        self.hinted_feed.get_or_insert(now);
    }

    /// The float is due.
    pub const fn ask_float(&mut self) {
        self.float = None;
    }

    /// Everything is due.
    pub fn ask_all(&mut self) {
        (self.list, self.feed, self.float) = (None, None, None);
        self.cards.forget_times();
    }

    /// A card's balance came with a list that was read at this time, as it will again.
    pub fn note_listed(&mut self, id: &Arc<str>, at: Timestamp) {
        self.cards.note_listed(id, at);
    }

    /// What the provider said of a card that was read by itself.
    pub fn note_answer(&mut self, id: &Arc<str>, answer: CardAnswer, now: Timestamp) {
        self.cards.note_answer(id, answer, now);
    }

    /// An earlier process read a card's balance then: it is due, behind those read before.
    pub fn note_kept(&mut self, id: &Arc<str>, at: Timestamp) {
        let rest = signed(self.poll.balances) * UNSEEN;
        self.cards.note_tried(id, at.saturating_sub(rest).unwrap_or(Timestamp::MIN));
    }

    /// Something is read now.
    pub fn note_tried(&mut self, read: &Read, now: Timestamp) {
        self.turn += 1;
        match read {
            Read::List => {
                (self.list, self.hinted_list) = (Some(now), None);
                self.beside_list = SignedDuration::ZERO;
            }
            Read::Feed => (self.feed, self.hinted_feed) = (Some(now), None),
            Read::Float => self.float = Some(now),
            Read::Card(id) => self.cards.note_tried(id, now),
            Read::CardFeed(id) => self.cards.note_transactions_tried(id, now),
            Read::Look(_) | Read::History => {}
        }
    }

    /// Between two pages of the list of cards something else was read, which took so long.
    pub fn note_beside_list(&mut self, took: SignedDuration) {
        self.beside_list = self.beside_list.saturating_add(took.max(SignedDuration::ZERO));
    }

    /// What was tried last is over. A list that takes long rests for as long as it took, without
    /// what was read beside it, since what is less urgent would hardly be read beside a list that
    /// is always due.
    pub fn note_ended(&mut self, read: &Read, now: Timestamp) {
        let (tried, every, beside) = match read {
            Read::List => (&mut self.list, self.poll.balances, self.beside_list),
            Read::Feed => (&mut self.feed, self.poll.transactions, SignedDuration::ZERO),
            Read::Look(_) | Read::Float | Read::Card(_) | Read::CardFeed(_) | Read::History => {
                return;
            }
        };
        // Asked for again meanwhile, it is due at once.
        let Some(began) = *tried else { return };
        let own = now.duration_since(began).saturating_sub(beside).max(SignedDuration::ZERO);
        let later = (own * 2).saturating_sub(signed(every)).max(SignedDuration::ZERO);
        *tried = Some(began.saturating_add(later).unwrap_or(began));
    }

    fn offer_lists(&self, lists: Lists, is_listing: bool, choice: &mut Choice) {
        if lists.cards && !is_listing {
            let every = signed(self.poll.balances);
            choice.offer(due(self.list, every), 2, 0, Candidate::List);
            if let Some(hinted) = self.hinted_list {
                // A list that takes long rests as long, whatever is pushed.
                choice.offer(hinted.max(due(self.list, every / 4)), HINTED, 0, Candidate::List);
            }
        }
        if lists.transactions {
            let every = signed(self.poll.transactions);
            choice.offer(due(self.feed, every), 3, 1, Candidate::Feed);
            if let Some(hinted) = self.hinted_feed {
                choice.offer(hinted.max(due(self.feed, HINTS_APART)), HINTED, 1, Candidate::Feed);
            }
        }
        if lists.float {
            choice.offer(due(self.float, FLOAT), 4, 2, Candidate::Float);
        }
    }

    /// Offers the cards that are looked at, and of the others the one that waits longest: it is the
    /// first that is due, since all of them are read equally often.
    fn offer_cards(&self, lists: Lists, choice: &mut Choice) {
        let balances = signed(self.poll.balances);
        let transactions = signed(self.poll.transactions);
        let mut card = |card: Slot, tried, urgency, every| {
            let due = due(tried, every);
            choice.offer(due, urgency, 3 + 2 * card.index(), Candidate::Card(card));
        };
        for (watched, rank) in self.cards.watched() {
            if !self.cards.is_listed(watched) {
                // Figures that may be old are urgent, so these cards often fill the screen.
                let rests = rank == Rank::Visible && self.cards.is_refused(watched);
                let every = if rests { balances * UNSEEN } else { balances };
                card(watched, self.cards.tried(watched), urgency(rank), every);
            }
        }
        if let Some(first) = self.cards.balances.first() {
            let tried = self.cards.balances.tried(first);
            card(first, tried, urgency(Rank::Other), balances * UNSEEN);
        }
        if let Some((due, hinted)) = self.cards.hinted.first() {
            choice.offer(due, HINTED, usize::MAX, Candidate::Card(hinted));
        }
        if lists.transactions {
            return;
        }
        if let Some((due, hinted)) = self.cards.hinted_feeds.first() {
            choice.offer(due, HINTED, 1, Candidate::CardFeed(hinted));
        }
        let mut feed = |card: Slot, rank, slower| {
            let due = due(self.cards.transactions.tried(card), transactions * slower);
            choice.offer(due, urgency(rank), 4 + 2 * card.index(), Candidate::CardFeed(card));
        };
        for (watched, rank) in self.cards.watched() {
            feed(watched, rank, if rank == Rank::Selected { 1 } else { VISIBLE_FEED });
        }
        if let Some(first) = self.cards.transactions.first() {
            feed(first, Rank::Other, UNSEEN_FEED);
        }
    }

    fn read(&self, candidate: Candidate) -> Option<Read> {
        Some(match candidate {
            Candidate::Look(id) => Read::Look(id),
            Candidate::List => Read::List,
            Candidate::Feed => Read::Feed,
            Candidate::Float => Read::Float,
            Candidate::History => Read::History,
            Candidate::Card(card) => Read::Card(Arc::clone(self.cards.id(card)?)),
            Candidate::CardFeed(card) => Read::CardFeed(Arc::clone(self.cards.id(card)?)),
        })
    }
}

/// How urgent a card is that is due: 0 is the most urgent of all, and lookups and lists come first.
const fn urgency(rank: Rank) -> u8 {
    match rank {
        Rank::Selected => 5,
        Rank::Visible => 6,
        Rank::Other => UNSEEN_URGENCY,
    }
}

/// When something is due that is read so often: at once, where it never was.
fn due(last: Option<Timestamp>, every: SignedDuration) -> Timestamp {
    last.map_or(Timestamp::MIN, |last| last.saturating_add(every).unwrap_or(Timestamp::MAX))
}

pub(super) fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
