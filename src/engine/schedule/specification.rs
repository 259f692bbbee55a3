//! The order of readings as it is meant: every card is looked at, and nothing is kept between two
//! questions. The schedule has to choose the same.

use jiff::{SignedDuration, Timestamp};

use super::{FLOAT, HistoryDue, Rank, signed};
use crate::config::Poll;
use crate::domain::operation::{Capabilities, OperationId};

/// What there is to read of a provider, and when each was last tried.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// Now.
    pub(super) now: Timestamp,
    /// How often figures are wanted.
    pub(super) poll: Poll,
    /// What the provider can do.
    pub(super) capabilities: &'a Capabilities,
    /// Nothing before this time: back-off, `Retry-After`, or the rate budget.
    pub(super) gate: Option<Timestamp>,
    /// The operator is typing: only what was asked for by hand, and looks, before this time.
    pub(super) typing_until: Option<Timestamp>,
    /// The operator paused it: only what was asked for by hand, and looks.
    pub(super) paused: bool,
    /// Unsettled operations and when each is due to be looked up.
    pub(super) looks: &'a [(OperationId, Timestamp)],
    /// When the list of cards was last tried.
    pub(super) list: Option<Timestamp>,
    /// When the transactions of all cards were last tried.
    pub(super) feed: Option<Timestamp>,
    /// When the float was last tried.
    pub(super) float: Option<Timestamp>,
    /// When a part of the history may be read.
    pub(super) history: Option<HistoryDue>,
    /// The list of cards is being read.
    pub(super) is_listing: bool,
    /// The cards.
    pub(super) cards: &'a [CardPlan],
    /// How many reads were made: each fourth goes to whatever waits longest, so that nothing
    /// starves.
    pub(super) turn: u64,
}

/// A card in a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardPlan {
    /// How much it is looked at.
    pub(super) rank: Rank,
    /// When it was last tried, by itself or in a list that carries its balance.
    pub(super) read: Option<Timestamp>,
    /// Its balance comes with the list.
    pub(super) listed: bool,
    /// When its transactions were last tried.
    pub(super) feed: Option<Timestamp>,
    /// The operator asked for it.
    pub(super) asked: bool,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Read this.
    Read(Read),
    /// Nothing before this time, or until something changes.
    Wait(Option<Timestamp>),
}

/// One thing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The fate of an operation.
    Look(OperationId),
    /// The list of cards.
    List,
    /// The transactions of all cards.
    Feed,
    /// The float.
    Float,
    /// The card of this index.
    Card(usize),
    /// The transactions of the card of this index.
    CardFeed(usize),
    /// A part of the history.
    History,
}

/// What [`super::next`] has to choose, worked out by looking at every card.
///
/// Of what is due, the most urgent is read, and of equals what has been due for longest. That alone
/// would starve the rest of a long list, so every fourth read ignores urgency and goes to what has
/// been due for longest; lookups and cards that were asked for by hand (urgency 0 and 1) keep their
/// precedence even then. While the gate is closed nothing is read, whatever is due; when nothing is
/// due, the wait ends with the first thing that will be, or with the gate if that opens later.
#[must_use]
pub(super) fn next(plan: &Plan<'_>) -> Next {
    let mut best: Option<(Timestamp, u8, Read)> = None;
    let mut soonest: Option<Timestamp> = None;
    let fair = plan.turn % 4 == 3;
    each(plan, is_turn_of_history(plan), &mut |due, urgency, read| {
        let due = held(plan, due, urgency);
        if due > plan.now {
            soonest = Some(soonest.map_or(due, |at| at.min(due)));
            return;
        }
        let better = match best {
            None => true,
            Some((at, other, _)) if fair && urgency > 1 && other > 1 => due < at,
            Some((at, other, _)) => (urgency, due) < (other, at),
        };
        if better {
            best = Some((due, urgency, read));
        }
    });
    match (best, plan.gate.filter(|gate| *gate > plan.now)) {
        (Some(_), Some(gate)) => Next::Wait(Some(gate)),
        (Some((_, _, read)), None) => Next::Read(read),
        (None, gate) => Next::Wait(soonest.map(|at| gate.map_or(at, |gate| at.max(gate)))),
    }
}

/// When something is due that waits while the operator types.
fn held(plan: &Plan<'_>, due: Timestamp, urgency: u8) -> Timestamp {
    let until = plan.typing_until.filter(|until| *until > plan.now && urgency > 1);
    until.map_or(due, |until| due.max(until))
}

/// Every eighth read goes to the history, and of four one more while nothing else is due than cards
/// that nobody looks at.
fn is_turn_of_history(plan: &Plan<'_>) -> bool {
    let mut is_calm = true;
    each(plan, false, &mut |due, urgency, _| {
        is_calm &= held(plan, due, urgency) > plan.now || urgency >= 7;
    });
    let its_turn = plan.turn % 8 == 7 || (plan.turn % 4 == 1 && is_calm);
    its_turn && plan.history.is_some_and(|due| due.earliest <= plan.now)
}

/// Every candidate with the time it is due and its urgency: 0 is the most urgent.
fn each(plan: &Plan<'_>, is_turn_of_history: bool, emit: &mut dyn FnMut(Timestamp, u8, Read)) {
    for (id, due) in plan.looks {
        emit(*due, 0, Read::Look(*id));
    }
    for (index, _) in plan.cards.iter().enumerate().filter(|(_, card)| card.asked) {
        emit(plan.now, 1, Read::Card(index));
    }
    if plan.paused {
        return;
    }
    let due = |last: Option<Timestamp>, every: SignedDuration| {
        last.map_or(Timestamp::MIN, |last| last.saturating_add(every).unwrap_or(Timestamp::MAX))
    };
    let balances = signed(plan.poll.balances);
    let transactions = signed(plan.poll.transactions);
    if plan.capabilities.list_cards.is_yes() && !plan.is_listing {
        emit(due(plan.list, balances), 2, Read::List);
    }
    if plan.capabilities.list_all_transactions.is_yes() {
        emit(due(plan.feed, transactions), 3, Read::Feed);
    }
    if plan.capabilities.float.is_yes() {
        emit(due(plan.float, FLOAT), 4, Read::Float);
    }
    if is_turn_of_history {
        emit(Timestamp::MIN, 7, Read::History);
    }
    for (index, card) in plan.cards.iter().enumerate() {
        let (urgency, slower, feed_slower) = match card.rank {
            Rank::Selected => (5, 1, 1),
            Rank::Visible => (6, 1, 2),
            Rank::Other => (7, 4, 8),
        };
        if !card.listed {
            emit(due(card.read, balances * slower), urgency, Read::Card(index));
        }
        if !plan.capabilities.list_all_transactions.is_yes() {
            emit(due(card.feed, transactions * feed_slower), urgency, Read::CardFeed(index));
        }
    }
    if let Some(due) = plan.history.filter(|_| !is_turn_of_history) {
        emit(due.spare.max(due.earliest), 8, Read::History);
    }
}
