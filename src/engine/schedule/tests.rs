//! What is read next, beside the specification; waits and the budget.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::specification::{self, CardPlan};
use super::*;
use crate::domain::operation::{Proof, Support, TopUpSafety};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
}

fn support(yes: bool) -> Support {
    if yes { Support::Yes } else { Support::No("none") }
}

/// A provider that lists its cards, the transactions of all cards and its float, or not.
pub(super) fn can(cards: bool, transactions: bool, float: bool) -> Capabilities {
    Capabilities {
        list_cards: support(cards),
        list_all_transactions: support(transactions),
        float: support(float),
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
        calls_per_card: 2,
    }
}

pub(super) fn id(index: usize) -> Arc<str> {
    format!("c{index}").into()
}

/// A plan of cards that were never read, whose transactions were read at 0.
fn plan(cards: usize) -> Plan {
    let poll =
        Poll { balances: Duration::from_secs(30), transactions: Duration::from_secs(100_000) };
    let mut plan = Plan::new(poll);
    plan.set_capabilities(&can(false, false, false));
    for card in (0..cards).map(id) {
        plan.know(&card);
        plan.cards.note_transactions_tried(&card, at(0));
    }
    plan
}

fn moment(second: i64) -> Moment<'static> {
    Moment {
        now: at(second),
        gate: None,
        typing_until: None,
        paused: false,
        history: None,
        is_listing: false,
        lookups: &[],
    }
}

fn reads_card(index: usize) -> Next {
    Next::Read(Read::Card(id(index)))
}

#[test]
fn after_a_restart_cards_that_were_never_read_come_first_then_those_read_longest_ago() {
    let mut plan = plan(4);
    for (card, kept) in [(0, -5), (1, -900), (3, -60)] {
        plan.note_kept(&id(card), at(kept));
    }
    let read: Vec<Next> = (0..4)
        .map(|second| {
            let next = next(&plan, &moment(second));
            if let Next::Read(read) = &next {
                plan.note_tried(read, at(second));
            }
            next
        })
        .collect();
    assert_eq!(read, [2, 1, 3, 0].map(reads_card));
}

#[test]
fn an_unsettled_operation_comes_first_then_what_was_asked_then_the_selected_card() {
    let mut plan = plan(3);
    plan.note_tried(&Read::Card(id(2)), at(0));
    plan.watch(Some(&id(2)), &[id(1), id(2)]);
    let operation = OperationId::new(at(0), 1, 1);
    let lookups = [(operation, at(5))];
    assert_eq!(
        next(&plan, &Moment { lookups: &lookups, ..moment(100) }),
        Next::Read(Read::Look(operation))
    );
    assert_eq!(next(&plan, &moment(100)), reads_card(2));
    assert_eq!(next(&plan, &Moment { paused: true, ..moment(100) }), Next::Wait(None));
    plan.ask_card(&id(0));
    assert_eq!(next(&plan, &moment(100)), reads_card(0));
    assert_eq!(next(&plan, &Moment { paused: true, ..moment(100) }), reads_card(0));
    plan.note_tried(&Read::Card(id(0)), at(100));
    assert_ne!(next(&plan, &moment(100)), reads_card(0), "it was asked for once");
}

#[test]
fn nothing_is_read_before_the_gate_and_the_wait_ends_when_something_is_due() {
    let mut plan = plan(1);
    plan.note_tried(&Read::Card(id(0)), at(0));
    plan.watch(Some(&id(0)), &[]);
    assert_eq!(next(&plan, &moment(10)), Next::Wait(Some(at(30))));
    let gated = |second| Moment { gate: Some(at(50)), ..moment(second) };
    assert_eq!(next(&plan, &gated(40)), Next::Wait(Some(at(50))));
    assert_eq!(next(&plan, &gated(50)), reads_card(0));
}

#[test]
fn every_card_is_read_in_the_end_however_busy_the_visible_ones_keep_it() {
    let mut plan = plan(40);
    let visible: Vec<Arc<str>> = (0..20).map(id).collect();
    plan.watch(None, &visible);
    let mut read = std::collections::HashMap::new();
    // One read in two seconds: twenty visible cards alone want more than that.
    for turn in 0..800 {
        let second = turn * 2;
        if let Next::Read(it) = next(&plan, &moment(second)) {
            plan.note_tried(&it, at(second));
            let Read::Card(card) = it else { panic!("only cards are due: {it:?}") };
            read.insert(card, second);
        }
    }
    assert_eq!(read.len(), 40, "every card was read");
    assert!(read.values().all(|second| *second > 1_200), "a card was starved: {read:?}");
}

#[test]
fn a_card_that_is_asked_for_before_it_is_known_is_read_when_it_is() {
    let mut plan = plan(2);
    plan.ask_card(&id(7));
    plan.watch(Some(&id(8)), &[]);
    assert_eq!(next(&plan, &moment(1)), reads_card(0));
    plan.know(&id(8));
    assert_eq!(next(&plan, &moment(1)), reads_card(8));
    plan.know(&id(7));
    assert_eq!(next(&plan, &moment(1)), reads_card(7));
}

#[test]
fn only_other_cards_on_screen_are_another_plan() {
    let mut plan = plan(5);
    assert!(plan.watch(Some(&id(1)), &[id(1), id(2)]));
    assert!(!plan.watch(Some(&id(1)), &[id(2), id(1)]), "the same cards");
    assert!(plan.watch(Some(&id(2)), &[id(1), id(2)]), "another one is selected");
    assert!(plan.watch(None, &[]));
    assert!(!plan.watch(None, &[]));
}

#[test]
fn the_history_has_every_eighth_reading_and_more_where_nobody_looks_at_what_else_is_due() {
    let history = |earliest| Some(HistoryDue { earliest, spare: at(9) });
    let count = |plan: &mut Plan, moment: &Moment<'_>| {
        let reads: Vec<Read> = (0..64)
            .map(|_| {
                let Next::Read(read) = next(plan, moment) else { panic!("cards are due") };
                plan.note_tried(&read, at(1));
                read
            })
            .collect();
        reads.iter().filter(|read| **read == Read::History).count()
    };
    let due = Moment { history: history(at(0)), ..moment(1) };
    assert_eq!(count(&mut plan(100), &due), 24, "three of eight");
    let mut watched = plan(100);
    let visible: Vec<_> = (0..60).map(id).collect();
    watched.watch(Some(&id(0)), &visible);
    // As long as cards on screen are due: each of them is read before one is read again.
    let reads = (0..48).map(|_| {
        let Next::Read(read) = next(&watched, &due) else { panic!("cards are due") };
        watched.note_tried(&read, at(1));
        read
    });
    assert_eq!(reads.filter(|read| *read == Read::History).count(), 6, "one of eight");
    let later = Moment { history: history(at(2)), ..moment(1) };
    assert_eq!(count(&mut plan(100), &later), 0, "it is not to be read yet");
}

#[test]
fn while_the_operator_types_only_what_was_asked_for_is_read() {
    let mut plan = plan(100);
    plan.watch(Some(&id(3)), &[id(3), id(4)]);
    let history = Some(HistoryDue { earliest: at(0), spare: at(0) });
    let typing = Moment { typing_until: Some(at(2)), history, ..moment(1) };
    assert_eq!(next(&plan, &typing), Next::Wait(Some(at(2))), "100 cards and the history wait");
    plan.ask_card(&id(9));
    assert_eq!(next(&plan, &typing), reads_card(9));
    plan.note_tried(&Read::Card(id(9)), at(1));
    assert_eq!(next(&plan, &typing), Next::Wait(Some(at(2))));
    assert_eq!(next(&plan, &Moment { now: at(2), ..typing }), reads_card(3));
}

#[test]
fn between_two_pages_of_the_list_everything_else_has_its_turn() {
    let mut plan = Plan::new(Poll::default());
    plan.set_capabilities(&can(true, false, false));
    plan.know(&id(0));
    assert_eq!(next(&plan, &moment(1)), Next::Read(Read::List));
    let beside = Moment { is_listing: true, ..moment(1) };
    assert!(matches!(next(&plan, &beside), Next::Read(Read::Card(_))), "not the list itself");
    // Nine seconds of which others had five: it rests as long as its own pages took.
    plan.note_tried(&Read::List, at(100));
    plan.note_beside_list(SignedDuration::from_secs(50));
    plan.note_ended(&Read::List, at(190));
    for _ in 0..4 {
        let Next::Read(read) = next(&plan, &Moment { is_listing: true, ..moment(179) }) else {
            break;
        };
        plan.note_tried(&read, at(179));
    }
    assert_eq!(next(&plan, &moment(179)), Next::Wait(Some(at(180))));
    assert_eq!(next(&plan, &moment(180)), Next::Read(Read::List));
}

/// What happens to an account, of at most [`CARDS`] cards.
#[derive(Clone, Debug)]
enum Event {
    Known(usize),
    Watched(Option<usize>, Vec<usize>),
    Asked(usize),
    AskedAll,
    AskedFloat,
    Listed(usize),
    /// Time passes, and what is next is tried, as often as this.
    Reads(Vec<Reading>),
}

/// A question of what is next.
#[derive(Clone, Debug)]
struct Reading {
    millis: i64,
    /// Of the gate, from now.
    gate: Option<i64>,
    /// Of the operator's keys, from now.
    typing: Option<i64>,
    paused: bool,
    /// Of the history, from now: not before, and when the budget has room.
    history: Option<(i64, i64)>,
    is_listing: bool,
    /// Of lookups, from now.
    lookups: Vec<i64>,
}

const CARDS: usize = 12;

fn reading() -> impl Strategy<Value = Reading> {
    let gate = prop_oneof![8 => Just(None), 1 => (-2_000_i64..5_000).prop_map(Some)];
    let lookups = proptest::collection::vec(-9_000_i64..60_000, 0..3);
    let lookups = prop_oneof![4 => Just(Vec::new()), 1 => lookups];
    let paused = proptest::bool::weighted(0.1);
    let history = proptest::option::of((-20_000_i64..9_000, -20_000_i64..9_000));
    let is_listing = proptest::bool::weighted(0.2);
    let typing = prop_oneof![3 => Just(None), 1 => (-500_i64..500).prop_map(Some)];
    (0_i64..9_000, gate, typing, paused, history, is_listing, lookups).prop_map(
        |(millis, gate, typing, paused, history, is_listing, lookups)| Reading {
            millis,
            gate,
            typing,
            paused,
            history,
            is_listing,
            lookups,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let visible = proptest::collection::vec(0..CARDS, 0..5);
    let selected = proptest::option::of(0..CARDS);
    prop_oneof![
        3 => (0..CARDS).prop_map(Event::Known),
        2 => (selected, visible).prop_map(|(one, all)| Event::Watched(one, all)),
        1 => (0..CARDS).prop_map(Event::Asked),
        1 => Just(Event::AskedAll),
        1 => Just(Event::AskedFloat),
        1 => (0..CARDS).prop_map(Event::Listed),
        6 => proptest::collection::vec(reading(), 1..12).prop_map(Event::Reads),
    ]
}

/// What the specification is asked about: the same account, kept without any order.
#[derive(Default)]
struct Known {
    list: Option<Timestamp>,
    feed: Option<Timestamp>,
    float: Option<Timestamp>,
    turn: u64,
    /// Number and progress, in the order in which they became known.
    cards: Vec<(usize, CardPlan)>,
    asked: Vec<usize>,
    watched: (Option<usize>, Vec<usize>),
}

impl Known {
    fn card(&mut self, index: usize) -> Option<&mut CardPlan> {
        self.cards.iter_mut().find(|(known, _)| *known == index).map(|(_, card)| card)
    }

    fn know(&mut self, index: usize) {
        if self.card(index).is_none() {
            let card =
                CardPlan { rank: Rank::Other, read: None, listed: false, feed: None, asked: false };
            self.cards.push((index, card));
        }
    }

    fn rank(&self, index: usize) -> Rank {
        if self.watched.0 == Some(index) {
            Rank::Selected
        } else if self.watched.1.contains(&index) {
            Rank::Visible
        } else {
            Rank::Other
        }
    }

    fn note(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::Known(index) => self.know(*index),
            Event::Watched(selected, visible) => self.watched = (*selected, visible.clone()),
            Event::Asked(index) => {
                self.asked.push(*index);
                self.feed = None;
                if let Some(card) = self.card(*index) {
                    card.feed = None;
                }
            }
            Event::AskedAll => {
                (self.list, self.feed, self.float) = (None, None, None);
                for (_, card) in &mut self.cards {
                    (card.read, card.feed) = (None, None);
                }
            }
            Event::AskedFloat => self.float = None,
            Event::Listed(index) => {
                self.know(*index);
                let card = self.card(*index).expect("it is known");
                (card.listed, card.read) = (true, Some(now));
            }
            Event::Reads(_) => {}
        }
    }

    fn note_tried(&mut self, read: specification::Read, now: Timestamp) {
        self.turn += 1;
        let card = |known: &mut Self, position: usize| known.cards[position].0;
        match read {
            specification::Read::Look(_) | specification::Read::History => {}
            specification::Read::List => self.list = Some(now),
            specification::Read::Feed => self.feed = Some(now),
            specification::Read::Float => self.float = Some(now),
            specification::Read::Card(position) => {
                let index = card(self, position);
                self.cards[position].1.read = Some(now);
                self.asked.retain(|asked| *asked != index);
            }
            specification::Read::CardFeed(position) => {
                self.cards[position].1.feed = Some(now);
            }
        }
    }
}

fn note(plan: &mut Plan, event: &Event, now: Timestamp) {
    match event {
        Event::Known(index) => plan.know(&id(*index)),
        Event::Watched(selected, visible) => {
            let visible: Vec<Arc<str>> = visible.iter().copied().map(id).collect();
            plan.watch(selected.map(id).as_ref(), &visible);
        }
        Event::Asked(index) => plan.ask_card(&id(*index)),
        Event::AskedAll => plan.ask_all(),
        Event::AskedFloat => plan.ask_float(),
        Event::Listed(index) => plan.note_listed(&id(*index), now),
        Event::Reads(_) => {}
    }
}

/// What the specification chooses, in the words of the schedule.
fn specified(known: &mut Known, poll: Poll, can: &Capabilities, moment: &Moment<'_>) -> Next {
    let cards: Vec<CardPlan> = known
        .cards
        .iter()
        .map(|(index, card)| CardPlan {
            rank: known.rank(*index),
            asked: known.asked.contains(index),
            ..*card
        })
        .collect();
    let chosen = specification::next(&specification::Plan {
        now: moment.now,
        poll,
        capabilities: can,
        gate: moment.gate,
        typing_until: moment.typing_until,
        paused: moment.paused,
        looks: moment.lookups,
        list: known.list,
        feed: known.feed,
        float: known.float,
        history: moment.history,
        is_listing: moment.is_listing,
        cards: &cards,
        turn: known.turn,
    });
    let read = match chosen {
        specification::Next::Wait(until) => return Next::Wait(until),
        specification::Next::Read(read) => read,
    };
    let card = |position: usize| id(known.cards[position].0);
    let words = match read {
        specification::Read::Look(operation) => Read::Look(operation),
        specification::Read::List => Read::List,
        specification::Read::Feed => Read::Feed,
        specification::Read::Float => Read::Float,
        specification::Read::History => Read::History,
        specification::Read::Card(position) => Read::Card(card(position)),
        specification::Read::CardFeed(position) => Read::CardFeed(card(position)),
    };
    known.note_tried(read, moment.now);
    Next::Read(words)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_schedule_chooses_what_looking_at_every_card_would_choose(
        lists in (proptest::bool::ANY, proptest::bool::ANY, proptest::bool::ANY),
        balances in 1_u64..40,
        transactions in 1_u64..40,
        events in proptest::collection::vec(event(), 1..60),
    ) {
        let poll = Poll {
            balances: Duration::from_secs(balances),
            transactions: Duration::from_secs(transactions),
        };
        let can = can(lists.0, lists.1, lists.2);
        let (mut plan, mut known, mut now) = (Plan::new(poll), Known::default(), at(0));
        plan.set_capabilities(&can);
        for event in &events {
            note(&mut plan, event, now);
            known.note(event, now);
            let Event::Reads(readings) = event else { continue };
            for reading in readings {
                let after = |millis| now + SignedDuration::from_millis(millis);
                let operation = |number| OperationId::new(at(0), 1, number);
                let lookups: Vec<_> = (0..)
                    .zip(&reading.lookups)
                    .map(|(at, due)| (operation(at), after(*due)))
                    .collect();
                let (gate, typing_until) = (reading.gate.map(after), reading.typing.map(after));
                let (paused, is_listing) = (reading.paused, reading.is_listing);
                let history = reading.history.map(|(earliest, spare)| HistoryDue {
                    earliest: after(earliest),
                    spare: after(spare),
                });
                let lookups = &lookups;
                let moment =
                    Moment { now, gate, typing_until, paused, history, is_listing, lookups };
                let chosen = next(&plan, &moment);
                prop_assert_eq!(&chosen, &specified(&mut known, poll, &can, &moment));
                if let Next::Read(read) = &chosen {
                    plan.note_tried(read, now);
                }
                now = after(reading.millis);
            }
        }
    }
}

#[test]
fn a_card_that_a_push_was_about_is_read_before_cards_on_screen_and_its_transactions_with_it() {
    let mut plan = plan(3);
    plan.watch(Some(&id(0)), &[id(0)]);
    (0..3).for_each(|card| plan.note_tried(&Read::Card(id(card)), at(0)));
    for _ in 0..10_000 {
        plan.hint_card(&id(2), at(1));
    }
    let paused = next(&plan, &Moment { paused: true, ..moment(1) });
    assert_eq!(paused, Next::Wait(None), "a push is no reason to read what was paused");
    let typing = next(&plan, &Moment { typing_until: Some(at(2)), ..moment(1) });
    assert_eq!(typing, Next::Wait(Some(at(2))), "the operator types");
    let mut read = Vec::new();
    while let Next::Read(what) = next(&plan, &moment(1)) {
        plan.note_tried(&what, at(1));
        read.push(what);
    }
    assert_eq!(read, [Read::CardFeed(id(2)), Read::Card(id(2))], "once, whatever was pushed");
    plan.hint_card(&id(2), at(1));
    let again = Next::Read(Read::CardFeed(id(2)));
    assert_eq!(next(&plan, &moment(2)), again, "a later push is about something else");
}

#[test]
fn a_push_that_waits_is_due_when_the_clock_was_set_back() {
    let mut plan = plan(3);
    plan.note_tried(&Read::List, at(5_000));
    plan.hint_card(&id(2), at(5_000));
    // What is done when the clock goes back.
    plan.ask_all();
    let mut read = Vec::new();
    while let Next::Read(what) = next(&plan, &moment(10)) {
        plan.note_tried(&what, at(10));
        read.push(what);
    }
    for what in [Read::CardFeed(id(2)), Read::Card(id(2))] {
        assert_eq!(read.iter().filter(|read| **read == what).count(), 1, "{what:?} of {read:?}");
    }
    assert_eq!(read.first(), Some(&Read::CardFeed(id(2))), "before what nobody was told of");
}

#[test]
fn a_push_about_an_unknown_card_makes_the_lists_due_that_may_have_it() {
    let mut plan = Plan::new(Poll::default());
    plan.set_capabilities(&can(true, true, false));
    plan.note_tried(&Read::List, at(0));
    plan.note_tried(&Read::Feed, at(0));
    assert_eq!(next(&plan, &moment(1)), Next::Wait(Some(at(15))));
    plan.hint_card(&id(9), at(1));
    assert_eq!(next(&plan, &moment(1)), Next::Read(Read::Feed));
    plan.note_tried(&Read::Feed, at(1));
    assert!(!matches!(next(&plan, &moment(7)), Next::Read(_)), "lists rest from each other");
    assert_eq!(next(&plan, &moment(8)), Next::Read(Read::List));
}

#[test]
fn a_flood_of_pushes_leaves_every_fourth_reading_to_what_waits_longest() {
    let mut plan = plan(40);
    plan.watch(Some(&id(39)), &[id(39)]);
    let (mut read, mut longest) = (BTreeMap::new(), 0);
    for second in 0..2_000 {
        // Cards 0 to 29 are pushed about all the time.
        (0..30).for_each(|card| plan.hint_card(&id(card), at(second)));
        if let Next::Read(what) = next(&plan, &moment(second)) {
            plan.note_tried(&what, at(second));
            if let Some(before) = read.insert(format!("{what:?}"), second) {
                longest = longest.max(second - before);
            }
        }
    }
    for card in 0..40 {
        let name = format!("{:?}", Read::Card(id(card)));
        assert!(read.get(&name).is_some_and(|last| *last > 1_500), "{name} waits for ever");
    }
    assert!(longest < 500, "{longest}");
}

/// Reads for so long as the plan says; gives this answer for each card, and tells when each
/// was read.
fn read_for(plan: &mut Plan, seconds: std::ops::Range<i64>, answer: CardAnswer) -> Vec<i64> {
    let mut read = Vec::new();
    for second in seconds {
        while let Next::Read(next) = next(plan, &moment(second)) {
            plan.note_tried(&next, at(second));
            if let Read::Card(id) = &next {
                plan.note_answer(id, answer, at(second));
                read.push(second);
            }
        }
    }
    read
}

#[test]
fn a_card_that_the_provider_does_not_know_rests_for_as_long_again_as_that_is_so() {
    let mut plan = plan(1);
    let read = read_for(&mut plan, 0..12_000, CardAnswer::Unknown);
    assert_eq!(read, [0, 240, 600, 1_320, 2_760, 5_640, 9_360]);
    // It is on screen, it is under the cursor, or a push is about it.
    plan.watch(None, &[id(0)]);
    assert_eq!(read_for(&mut plan, 12_000..12_130, CardAnswer::Unknown), [12_000, 12_120]);
    plan.watch(Some(&id(0)), &[id(0)]);
    assert_eq!(read_for(&mut plan, 12_130..12_190, CardAnswer::Unknown), [12_150, 12_180]);
    plan.watch(None, &[]);
    assert_eq!(read_for(&mut plan, 12_190..12_200, CardAnswer::Unknown), [0_i64; 0]);
    plan.hint_card(&id(0), at(12_200));
    assert_eq!(read_for(&mut plan, 12_200..12_210, CardAnswer::Unknown), [12_200]);
    plan.ask_card(&id(0));
    assert_eq!(
        read_for(&mut plan, 12_210..12_220, CardAnswer::Known),
        [12_210],
        "the provider has it again"
    );
    assert_eq!(read_for(&mut plan, 12_220..12_600, CardAnswer::Known), [12_330, 12_450, 12_570]);
    // A refusal may end.
    let refused = read_for(&mut plan, 12_600..16_200, CardAnswer::Refused);
    assert_eq!(refused, [12_690, 12_930, 13_290, 14_010, 14_730, 15_450, 16_170]);
}

#[test]
fn a_refused_card_that_a_change_read_is_polled_as_any_other_again() {
    let mut plan = plan(1);
    assert_eq!(read_for(&mut plan, 0..1_000, CardAnswer::Unknown), [0, 240, 600]);
    // Read beside the plan, while it would rest for minutes.
    plan.watch(Some(&id(0)), &[id(0)]);
    plan.note_answer(&id(0), CardAnswer::Known, at(610));
    assert_eq!(plan.refused_cards(), 0);
    assert_eq!(read_for(&mut plan, 610..700, CardAnswer::Known), [630, 660, 690]);
}
