//! What to read next from one provider, and how long to wait after trouble.
//!
//! Pure: time is an argument, and nothing here sleeps, sends or draws. It never plans a change.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::Poll;
use crate::domain::operation::{Capabilities, OperationId};

/// What there is to read of a provider, and when each was last tried.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Now.
    pub now: Timestamp,
    /// How often figures are wanted.
    pub poll: Poll,
    /// What the provider can do.
    pub capabilities: &'a Capabilities,
    /// Nothing before this time: back-off, `Retry-After`, or the rate budget.
    pub gate: Option<Timestamp>,
    /// The operator paused it: only what was asked for by hand, and looks.
    pub paused: bool,
    /// Unsettled operations and when each is due to be looked up.
    pub looks: &'a [(OperationId, Timestamp)],
    /// When the list of cards was last tried.
    pub list: Option<Timestamp>,
    /// When the transactions of all cards were last tried.
    pub feed: Option<Timestamp>,
    /// When the float was last tried.
    pub float: Option<Timestamp>,
    /// From when on a part of the history may be read; `None` while there is none to read.
    pub history: Option<Timestamp>,
    /// The cards.
    pub cards: &'a [CardPlan],
    /// How many reads were made: each fourth goes to whatever waits longest, so that nothing
    /// starves.
    pub turn: u64,
}

/// A card in a plan.
#[derive(Clone, Copy, Debug)]
pub struct CardPlan {
    /// How much it is looked at.
    pub rank: Rank,
    /// When it was last tried, by itself or in a list that carries its balance.
    pub read: Option<Timestamp>,
    /// Its balance comes with the list.
    pub listed: bool,
    /// When its transactions were last tried.
    pub feed: Option<Timestamp>,
    /// The operator asked for it.
    pub asked: bool,
}

/// How much a card is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Under the cursor.
    Selected,
    /// On screen.
    Visible,
    /// Elsewhere.
    Other,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read this.
    Read(Read),
    /// Nothing before this time, or until something changes.
    Wait(Option<Timestamp>),
}

/// One thing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
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
    /// A part of the history, behind everything else.
    History,
}

/// How often the float is read.
const FLOAT: SignedDuration = SignedDuration::from_secs(60);

/// The next thing to read, or how long to wait.
///
/// Of what is due, the most urgent is read, and of equals what has been due for longest. That alone
/// would starve the rest of a long list, so every fourth read ignores urgency and goes to what has
/// been due for longest; lookups and cards that were asked for by hand (urgency 0 and 1) keep their
/// precedence even then. While the gate is closed nothing is read, whatever is due; when nothing is
/// due, the wait ends with the first thing that will be, or with the gate if that opens later.
#[must_use]
pub fn next(plan: &Plan<'_>) -> Next {
    let mut best: Option<(Timestamp, u8, Read)> = None;
    let mut soonest: Option<Timestamp> = None;
    let fair = plan.turn % 4 == 3;
    each(plan, &mut |due, urgency, read| {
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

/// Every candidate with the time it is due and its urgency: 0 is the most urgent.
fn each(plan: &Plan<'_>, emit: &mut dyn FnMut(Timestamp, u8, Read)) {
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
    if plan.capabilities.list_cards.is_yes() {
        emit(due(plan.list, balances), 2, Read::List);
    }
    if plan.capabilities.list_all_transactions.is_yes() {
        emit(due(plan.feed, transactions), 3, Read::Feed);
    }
    if plan.capabilities.float.is_yes() {
        emit(due(plan.float, FLOAT), 4, Read::Float);
    }
    if let Some(due) = plan.history {
        emit(due, 8, Read::History);
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
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// How long to wait after the `failures`th failure in a row: 1, 2, 4 … 60 s, of which the second
/// half is spread by the provider's name, the count and a number of this process, so that no two
/// providers or programs keep step. Never less than the provider asked for.
#[must_use]
pub fn back_off(failures: u32, name: &str, salt: u64, asked: Option<Duration>) -> SignedDuration {
    let step = 1_000_u64 << failures.saturating_sub(1).min(6);
    let step = step.min(60_000);
    let seed = name
        .bytes()
        .fold(salt ^ u64::from(failures).wrapping_mul(0x9E37_79B9_7F4A_7C15), |mix, byte| {
            (mix ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
    let spread = (seed >> 32) % (step / 2 + 1);
    let wait = SignedDuration::from_millis(i64::try_from(step / 2 + spread).unwrap_or(60_000));
    wait.max(signed(asked.unwrap_or_default()))
}

/// The longest that [`look_again`] says.
pub const LONGEST_BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(30);

/// How long until an unsettled operation is looked up again, after so many lookups.
#[must_use]
pub fn look_again(looks: u32) -> SignedDuration {
    const SECONDS: [i64; 12] = [1, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600, 1_800];
    let index = usize::try_from(looks).unwrap_or(usize::MAX).min(SECONDS.len() - 1);
    SignedDuration::from_secs(SECONDS.get(index).copied().unwrap_or(1_800))
}

/// Requests that may still be sent: a bucket that fills at the provider's rate and holds ten
/// seconds of it.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    per_minute: i64,
    /// Thousandths of a request; below zero when a read took more than was left.
    level: i64,
    at: Timestamp,
}

impl Budget {
    /// A full bucket.
    #[must_use]
    pub fn new(per_minute: u32, now: Timestamp) -> Self {
        let per_minute = i64::from(per_minute.max(1));
        Self { per_minute, level: Self::most(per_minute), at: now }
    }

    fn most(per_minute: i64) -> i64 {
        (per_minute * 1_000 / 6).max(1_000)
    }

    /// Takes so many requests out.
    pub fn take(&mut self, requests: u64, now: Timestamp) {
        self.fill(now);
        self.level -= i64::try_from(requests).unwrap_or(i64::MAX / 2_000) * 1_000;
    }

    /// When the next request may be sent; `None` is now.
    #[must_use]
    pub fn ready_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.has_at(1_000, now)
    }

    /// When half of the bucket is there, so that what cannot wait finds room; `None` is now.
    #[must_use]
    pub fn spare_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.has_at((Self::most(self.per_minute) / 2).max(1_000), now)
    }

    /// When so many thousandths of a request are there.
    fn has_at(&mut self, wanted: i64, now: Timestamp) -> Option<Timestamp> {
        self.fill(now);
        let missing = wanted - self.level;
        if missing <= 0 {
            return None;
        }
        let wait =
            SignedDuration::from_millis((missing * 60 + self.per_minute - 1) / self.per_minute);
        now.saturating_add(wait).ok()
    }

    fn fill(&mut self, now: Timestamp) {
        let millis = now.as_millisecond() - self.at.as_millisecond();
        if millis <= 0 {
            // After the clock was set back nothing would fill it until it is that late again.
            self.at = now;
            return;
        }
        let millis = millis.min(120_000);
        self.level = (self.level + millis * self.per_minute / 60).min(Self::most(self.per_minute));
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::{Proof, Support, TopUpSafety};
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    fn can(lists: Support) -> Capabilities {
        Capabilities {
            list_cards: lists,
            list_all_transactions: lists,
            float: Support::No("none"),
            quote: Support::Yes,
            freeze: Support::Yes,
            unfreeze: Support::Yes,
            top_up: Support::Yes,
            close: Support::Yes,
            pin: Err("none"),
            top_up_proof: Proof::ByListing,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: TopUpSafety::Neither,
            top_up_min: None,
            top_up_decimals: None,
            names_payer: false,
            page_max: 50,
        }
    }

    fn card(rank: Rank, read: Option<i64>) -> CardPlan {
        CardPlan { rank, read: read.map(at), listed: false, feed: Some(at(0)), asked: false }
    }

    fn plan<'a>(capabilities: &'a Capabilities, cards: &'a [CardPlan], second: i64) -> Plan<'a> {
        Plan {
            now: at(second),
            poll: Poll {
                balances: Duration::from_secs(30),
                transactions: Duration::from_secs(100_000),
            },
            capabilities,
            gate: None,
            paused: false,
            looks: &[],
            list: None,
            feed: None,
            float: None,
            history: None,
            cards,
            turn: 0,
        }
    }

    #[test]
    fn an_unsettled_operation_comes_first_then_what_was_asked_then_the_selected_card() {
        let capabilities = can(Support::No("none"));
        let cards =
            [card(Rank::Other, None), card(Rank::Visible, None), card(Rank::Selected, Some(0))];
        let id = OperationId::new(at(0), 1, 1);
        let looks = [(id, at(5))];
        assert_eq!(
            next(&Plan { looks: &looks, ..plan(&capabilities, &cards, 100) }),
            Next::Read(Read::Look(id))
        );
        assert_eq!(next(&plan(&capabilities, &cards, 100)), Next::Read(Read::Card(2)));
        let mut asked = cards;
        asked[0].asked = true;
        assert_eq!(next(&plan(&capabilities, &asked, 100)), Next::Read(Read::Card(0)));
        assert_eq!(
            next(&Plan { paused: true, ..plan(&capabilities, &asked, 100) }),
            Next::Read(Read::Card(0))
        );
        assert_eq!(
            next(&Plan { paused: true, ..plan(&capabilities, &cards, 100) }),
            Next::Wait(None)
        );
    }

    #[test]
    fn nothing_is_read_before_the_gate_and_the_wait_ends_when_something_is_due() {
        let capabilities = can(Support::No("none"));
        let cards = [card(Rank::Selected, Some(0))];
        assert_eq!(next(&plan(&capabilities, &cards, 10)), Next::Wait(Some(at(30))));
        assert_eq!(
            next(&Plan { gate: Some(at(50)), ..plan(&capabilities, &cards, 40) }),
            Next::Wait(Some(at(50)))
        );
        assert_eq!(
            next(&Plan { gate: Some(at(50)), ..plan(&capabilities, &cards, 50) }),
            Next::Read(Read::Card(0))
        );
    }

    #[test]
    fn every_card_is_read_in_the_end_however_busy_the_visible_ones_keep_it() {
        let capabilities = can(Support::No("none"));
        let mut cards: Vec<CardPlan> =
            (0..40).map(|i| card(if i < 20 { Rank::Visible } else { Rank::Other }, None)).collect();
        // One read in two seconds: twenty visible cards alone want more than that.
        for turn in 0..800_u64 {
            let second = i64::try_from(turn * 2).unwrap_or(0);
            if let Next::Read(Read::Card(index)) =
                next(&Plan { turn, ..plan(&capabilities, &cards, second) })
            {
                cards[index].read = Some(at(second));
            }
        }
        let oldest = cards.iter().map(|card| card.read.map_or(0, |at| at.as_second())).min();
        assert!(oldest > Some(at(1_200).as_second()), "a card was starved");
    }

    proptest! {
        #[test]
        fn waits_grow_to_a_minute_and_never_undercut_the_provider(
            failures in 1_u32..100,
            name in "[a-z]{1,9}",
            salt: u64,
            asked in 0_u64..600,
        ) {
            let wait = back_off(failures, &name, salt, None);
            let range = SignedDuration::from_millis(500)..=SignedDuration::from_secs(60);
            prop_assert!(range.contains(&wait));
            let wait = back_off(failures, &name, salt, Some(Duration::from_secs(asked)));
            prop_assert!(wait.as_secs() >= i64::try_from(asked).unwrap_or(0));
        }

        #[test]
        fn two_cardtops_on_one_provider_do_not_come_back_in_step(failures in 7_u32..60, salt: u64) {
            let wait = |salt| back_off(failures, "artha", salt, None).as_millis();
            let waits: Vec<i128> = (0..64).map(|i| wait(salt.wrapping_add(i))).collect();
            let ends = waits.iter().max().zip(waits.iter().min());
            let spread = ends.map_or(0, |(most, least)| most - least);
            prop_assert!(spread > 20_000, "of the 30 s that may be spread over: {spread} ms");
        }

        #[test]
        fn the_budget_is_kept_over_any_hour(
            per_minute in 1_u32..600,
            steps in proptest::collection::vec((0_i64..5_000, 1_u64..4), 1..300),
        ) {
            let mut now = at(0);
            let mut budget = Budget::new(per_minute, now);
            let mut sent = 0_u64;
            for (millis, requests) in steps {
                now = now.saturating_add(SignedDuration::from_millis(millis)).expect("a time");
                if budget.ready_at(now).is_none() {
                    budget.take(requests, now);
                    sent += requests;
                }
            }
            let seconds = u64::try_from(now.as_second() - at(0).as_second()).unwrap_or(0) + 1;
            let allowed = u64::from(per_minute) * seconds / 60 + u64::from(per_minute) / 6 + 5;
            prop_assert!(sent <= allowed, "{sent} sent, {allowed} allowed");
        }
    }
}
