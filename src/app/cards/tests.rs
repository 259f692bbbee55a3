//! That rows which are kept card by card are those of looking through all cards and sorting them.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;

use crate::app::fixture::{bare, card, declined, idle, key, operation, outage, press, transaction};
use crate::app::portfolio::NotLive;
use crate::app::work::{Work, counted};
use crate::app::{Model, Msg, update};
use crate::contract::{CardRow, Membership};
use crate::domain::attention::{Attention, Signals};
use crate::domain::card::{Card, CardKey, CardRecord, CardState, Reading};
use crate::domain::filter::fold;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::transaction::Transaction;
use crate::engine::EngineEvent;

/// The slow way: every card is rated, filtered and compared with the others.
fn slow(model: &Model) -> Vec<CardKey> {
    let (portfolio, cards) = (&model.portfolio, &model.panes.cards);
    let now = portfolio.now;
    let operations = |card: &Card| {
        let of_card = |operation: &&Operation| operation.card == card.key;
        portfolio.operations.iter().filter(of_card).cloned().collect::<Vec<_>>()
    };
    let attention = |card: &Card| {
        let rows =
            portfolio.transactions.iter().filter(|row| row.card().as_ref() == Some(&card.key));
        let watched = portfolio.watched.contains(&card.key);
        Signals::of(rows, operations(card), now).attention(&card.standing(), watched, now)
    };
    let cards_known: Vec<Card> = portfolio.cards.values().map(|card| card.card()).collect();
    let mut rows: Vec<(&Card, Attention)> =
        cards_known.iter().map(|card| (card, attention(card))).collect();
    rows.retain(|(card, attention)| {
        cards.search.filter().matches(&CardRow {
            card: (*card).into(),
            now,
            watched: Membership::Known(portfolio.watched.contains(&card.key)),
            marked: Membership::Of(cards.marks()),
            unknown: matches!(attention, Attention::Unknown { .. }),
            history: portfolio,
            searched: None,
        })
    });
    let digits = cards.search.last_digits();
    rows.sort_by(|a, b| {
        let named = |card: &Card| card.last4.is_some_and(|last4| digits.contains(&last4));
        let order = compare(cards.order.sort.as_str(), a, b);
        named(b.0)
            .cmp(&named(a.0))
            .then(if cards.order.reversed { order.reverse() } else { order })
            .then_with(|| a.0.key.cmp(&b.0.key))
    });
    rows.into_iter().map(|(card, _)| card.key.clone()).collect()
}

fn compare(sort: &str, a: &(&Card, Attention), b: &(&Card, Attention)) -> std::cmp::Ordering {
    let urgency = |row: &(&Card, Attention)| (row.1.rank(), Reverse(row.1.at()));
    let name = |card: &Card| (card.holder.is_empty(), fold(&card.holder));
    let state = |card: &Card| CardState::ALL.iter().position(|state| *state == card.state);
    let money = |card: &Card| {
        let money = card.available();
        (money.is_none(), money.map(|it| it.currency()), money.map(|it| it.amount()))
    };
    let currency = |card: &Card| {
        let currency = card.available().map(|it| it.currency()).or(card.currency);
        (currency.is_none(), currency)
    };
    let by_urgency = urgency(a).cmp(&urgency(b));
    let (card, other) = (a.0, b.0);
    match sort {
        "attention" => by_urgency.then(name(card).cmp(&name(other))),
        "state" => state(card).cmp(&state(other)).then(by_urgency),
        "holder" => name(card).cmp(&name(other)),
        "card" => (card.last4.is_none(), card.last4).cmp(&(other.last4.is_none(), other.last4)),
        "provider" => card.key.provider.cmp(&other.key.provider).then(by_urgency),
        "available" => money(card).cmp(&money(other)),
        "currency" => currency(card).cmp(&currency(other)).then(by_urgency),
        "age" => Reverse(card.balance.at()).cmp(&Reverse(other.balance.at())),
        other => panic!("{other} is no order"),
    }
}

fn shown(model: &Model) -> Vec<CardKey> {
    model.panes.cards.list.rows().keys().collect()
}

/// What happens to a board.
#[derive(Clone, Debug)]
enum Step {
    /// Cards are read, the first of which has this number.
    Read(u8, u8, i8),
    Declined(u8, u16),
    /// A transaction comes whose card is not known.
    Unassigned(u8),
    Changed(u8, u8, u16),
    ProviderDown(u8),
    Time(u16),
    SetBack,
    Keys(&'static str),
}

const KEYS: [&str; 23] = [
    "s",
    "S",
    "space",
    "A",
    "U",
    "w",
    "j",
    "G",
    "e",
    "E",
    "esc",
    "p",
    "/ h o l",
    "/ 0 0 0 3 enter",
    "/ h o l d e r space 1 enter",
    "/ s t a t e : f enter",
    "/ i s : m a r k e d enter",
    "/ - i s : m a r k e d enter",
    "/ m e r c h a n t : ~ s h enter",
    "/ a g e > 5 m enter",
    "/ i s : l o w",
    "t",
    "backspace",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<u8>(), 1_u8..4, any::<i8>())
            .prop_map(|(first, count, amount)| Step::Read(first, count, amount)),
        2 => (any::<u8>(), 0_u16..1_200).prop_map(|(card, age)| Step::Declined(card, age)),
        1 => any::<u8>().prop_map(Step::Unassigned),
        2 => (any::<u8>(), any::<u8>(), 0_u16..1_200)
            .prop_map(|(card, kind, age)| Step::Changed(card, kind, age)),
        1 => any::<u8>().prop_map(Step::ProviderDown),
        2 => (0_u16..700).prop_map(Step::Time),
        1 => Just(Step::SetBack),
        8 => proptest::sample::select(KEYS.to_vec()).prop_map(Step::Keys),
    ]
}

fn name(number: u8) -> &'static str {
    if number.is_multiple_of(3) { "artha" } else { "banana" }
}

fn read(number: u8, amount: i8) -> Card {
    let states = CardState::ALL;
    let state = states[usize::from(number) % states.len()];
    let code = ["USD", "EUR", "JPY"][usize::from(number) % 3];
    let holder = match amount.rem_euclid(5) {
        0 => String::new(),
        1 => "ÅSA Holder".to_owned(),
        _ => format!("Holder {}", number % 7),
    };
    let last4 = format!("{:04}", number % 40);
    let read = card(state, &holder, &last4, name(number), &format!("{amount}.00 {code}"), 4);
    match amount.rem_euclid(7) {
        // Only its state is told, which grows old by itself.
        0 => Card { balance: Reading::Never, ..read },
        1 => Card { last4: None, currency: None, balance: Reading::Never, ..read },
        _ => read,
    }
}

fn of(number: u8) -> CardKey {
    key(name(number), &format!("{:04}", number % 40))
}

fn apply(model: &mut Model, step: &Step, count: usize) {
    if let Step::Keys(keys) = step {
        _ = press(model, keys);
        return;
    }
    for message in messages(model, step, count) {
        _ = update(model, message);
    }
}

fn messages(model: &Model, step: &Step, count: usize) -> Vec<Msg> {
    let later = |time: SignedDuration| vec![Msg::Tick(model.portfolio.now + time)];
    let ago = |model: &Model, seconds: u16| {
        model.portfolio.now - SignedDuration::from_secs(i64::from(seconds))
    };
    let event = match *step {
        Step::Read(first, count, amount) => EngineEvent::Cards(
            (0..count).map(|n| read(first.wrapping_add(n), amount).into()).collect(),
        ),
        Step::Declined(card, age) => {
            let row = transaction(&of(card), &format!("d-{count}"), 0, "3.00 USD", "SHOP");
            let row = Transaction { at: ago(model, age), ..row };
            EngineEvent::Transactions(vec![declined(row, "51")].into())
        }
        Step::Unassigned(back) => {
            // It stands for a row that had a card.
            let id = format!("d-{}", count.saturating_sub(usize::from(back % 8)));
            let row = transaction(&of(0), &id, 0, "3.00 USD", "SHOP");
            let card_id = None;
            EngineEvent::Transactions(vec![Transaction { card_id, ..row }].into())
        }
        Step::Changed(card, kind, age) => {
            let kinds = [ActionKind::Freeze, ActionKind::TopUp, ActionKind::Unfreeze];
            let states = OperationState::ALL;
            let action_kind = kinds[usize::from(kind) % kinds.len()];
            let state = states[usize::from(kind / 3) % states.len()];
            let number = u16::try_from(count).expect("few steps");
            let changed = operation(number, action_kind, &of(card), state, i64::from(age));
            EngineEvent::Operation(Operation { updated_at: ago(model, age), ..changed })
        }
        Step::ProviderDown(number) => {
            let provider = of(number).provider;
            let cards: Vec<_> = model.portfolio.cards.values().cloned().collect();
            let events = outage(cards, &provider, "HTTP 503");
            return events.into_iter().map(Msg::EngineEvent).collect();
        }
        Step::Time(seconds) => {
            return later(SignedDuration::from_secs(i64::from(seconds)));
        }
        Step::SetBack => return later(SignedDuration::from_mins(-5)),
        Step::Keys(keys) => return vec![Msg::Key(keys.parse().expect("one key"))],
    };
    vec![Msg::EngineEvent(event)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rows_kept_card_by_card_are_those_of_looking_through_all_cards(
        first in 0_usize..40,
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let mut model = bare((120, 40));
        let cards = (0..first).map(|n| read(u8::try_from(n).expect("few"), 9).into()).collect();
        _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(cards)));
        for (count, step) in steps.iter().enumerate() {
            apply(&mut model, step, count);
            // Rows of the past are held while a dialog is open or the screen is paused.
            if model.dialog.is_none() && model.paused.is_none() {
                let held_back = model.panes.cards.search.depends_on_time();
                if !held_back {
                    prop_assert_eq!(shown(&model), slow(&model), "after step {}", count);
                }
                let known = shown(&model);
                let marks = model.panes.cards.marks();
                let hidden = marks.iter().filter(|key| !known.contains(key)).count();
                prop_assert_eq!(model.panes.cards.hidden_marks(), hidden);
                let all = model.portfolio.cards.len();
                prop_assert_eq!(model.panes.cards.hidden, all - known.len());
            }
        }
        for name in ["artha", "banana"] {
            let provider = key(name, "0000").provider;
            let of_provider = |card: &&Arc<CardRecord>| *card.provider() == provider;
            let cards = || model.portfolio.cards.values().filter(of_provider);
            let last_known = cards().filter(|card| card.why_stale().is_some()).count();
            let unread = cards().filter(|card| card.standing().is_unread()).count();
            let expected = NotLive { last_known, unread };
            prop_assert_eq!(model.portfolio.not_live(&provider), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_happens_while_cards_are_loaded_each_has_its_place_in_the_end(
        first in 0_u8..20,
        steps in proptest::collection::vec(step(), 1..30),
        page in 1_usize..40,
    ) {
        let known = |from: u8, until: u8| (from..until).map(|n| read(n, 9).into()).collect();
        let loaded = |cards, is_last| Msg::EngineEvent(EngineEvent::KnownCards { cards, is_last });
        let mut model = bare((120, 40));
        _ = update(&mut model, loaded(known(0, first), false));
        let others: Vec<Arc<CardRecord>> = known(0, 100);
        let mut pages = others.chunks(page);
        for (count, step) in steps.iter().enumerate() {
            apply(&mut model, step, count);
            if let Some(cards) = pages.next() {
                let before = shown(&model);
                _ = update(&mut model, loaded(cards.to_vec(), false));
                prop_assert_eq!(shown(&model), before, "they come together in the end");
            }
        }
        for cards in pages {
            _ = update(&mut model, loaded(cards.to_vec(), false));
        }
        _ = update(&mut model, loaded(Vec::new(), true));
        let held_back = model.panes.cards.search.depends_on_time();
        if model.dialog.is_none() && model.paused.is_none() && !held_back {
            prop_assert_eq!(shown(&model), slow(&model));
        }
    }
}

/// A board with more cards than a filter is asked about at once.
fn many() -> Model {
    let mut model = bare((120, 40));
    _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(many_cards(50_000, "12.40 USD"))));
    idle(&mut model);
    model
}

fn many_cards(count: u32, available: &str) -> Vec<Arc<CardRecord>> {
    let cards = (0..count).map(|number| {
        let holder = format!("Holder {}", number.wrapping_mul(7_919) % count);
        let last4 = format!("{:04}", number % 10_000);
        let read = card(CardState::Active, &holder, &last4, "artha", available, 4);
        let key = CardKey::new(&read.key.provider, &format!("n-{number}"));
        Card { key, ..read }.into()
    });
    cards.collect()
}

/// Goes on until all is done; how many cards were rated or looked at at once, at most.
fn most_at_once(model: &mut Model) -> usize {
    let mut most = 0;
    while crate::app::has_more_work(model) {
        let work = counted(|| _ = update(model, Msg::Continue));
        most = most.max(work.of(Work::CardRated) + work.of(Work::CardVisited));
    }
    most
}

#[test]
fn a_long_list_that_was_read_moves_its_cards_in_slices_and_keys_go_between() {
    let mut model = bare((120, 40));
    let read = |available| Msg::EngineEvent(EngineEvent::Cards(many_cards(8_000, available)));
    _ = update(&mut model, read("12.40 USD"));
    idle(&mut model);
    let work = counted(|| _ = update(&mut model, read("-3.00 USD")));
    assert!((1..=2_048).contains(&work.of(Work::CardRated)), "{work:?}");
    _ = press(&mut model, "s s S");
    let most = most_at_once(&mut model);
    assert!((1..=5_000).contains(&most), "{most} at once");
    assert_eq!(shown(&model), slow(&model));
    _ = press(&mut model, "s s s s s s");
    idle(&mut model);
    assert_eq!(shown(&model), slow(&model));
}

#[test]
fn many_cards_of_the_data_file_get_their_places_in_slices_and_the_first_stay_until_then() {
    let mut model = bare((120, 40));
    let loaded = |cards, is_last| Msg::EngineEvent(EngineEvent::KnownCards { cards, is_last });
    let cards = many_cards(12_000, "12.40 USD");
    let (first, others) = cards.split_at(100);
    _ = update(&mut model, loaded(first.to_vec(), false));
    let before = shown(&model);
    for page in others.chunks(5_000) {
        _ = update(&mut model, loaded(page.to_vec(), false));
    }
    let work = counted(|| _ = update(&mut model, loaded(Vec::new(), true)));
    assert!((1..=5_000).contains(&work.of(Work::CardRated)), "{work:?}");
    // A card is read meanwhile, and another order is chosen.
    let read = card(CardState::Active, "Zoe", "0003", "artha", "-5.00 USD", 0);
    let read = Card { key: others[7].key(), ..read };
    _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(vec![read.into()])));
    assert_eq!(shown(&model), before);
    _ = press(&mut model, "s");
    let most = most_at_once(&mut model);
    assert!((1..=5_000).contains(&most), "{most} at once");
    assert_eq!(shown(&model), slow(&model));
}

#[test]
fn a_filter_of_many_cards_is_asked_in_slices_the_first_rows_first() {
    let mut model = many();
    _ = press(&mut model, "/");
    let work = counted(|| _ = update(&mut model, Msg::Paste("77".to_owned())));
    assert_eq!(work.of(Work::CardVisited), 20_000);
    assert_eq!(model.panes.cards.cards_left(), Some((20_000, 50_000)));
    let so_far: Vec<CardKey> = model.panes.cards.list.rows().keys().collect();
    let wanted = slow(&model);
    assert!(wanted.starts_with(&so_far) && so_far.len() > 100);
    let title = format!("{:?}", crate::app::present::cards::title(&model).fitted(100));
    assert!(title.contains("so far") && title.contains("searched 20,000 of 50,000"), "{title}");
    idle(&mut model);
    assert_eq!(shown(&model), wanted);
    assert!(model.panes.cards.cards_left().is_none());
}

#[test]
fn another_letter_ends_the_search_before_it_and_news_loses_no_card() {
    let mut model = many();
    _ = press(&mut model, "/ 7");
    let work = counted(|| _ = press(&mut model, "1"));
    assert!(work.of(Work::CardVisited) <= 20_000, "{work:?}");
    // Cards that were asked go behind, and others come before those that are asked next.
    for (number, amount) in [("0003", "-1.00 USD"), ("9999", "-2.00 USD"), ("0004", "-3.00 USD")] {
        let holder = format!("Holder 71{number}");
        let read = card(CardState::Active, &holder, number, "artha", amount, 0);
        _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(vec![read.into()])));
        let back = card(CardState::Active, "Zoe", "0003", "artha", "5.00 USD", 0);
        _ = update(&mut model, Msg::EngineEvent(EngineEvent::Cards(vec![back.into()])));
    }
    _ = press(&mut model, "enter s s");
    idle(&mut model);
    assert_eq!(shown(&model), slow(&model));
    let all = model.portfolio.cards.len();
    assert_eq!(model.panes.cards.hidden, all - shown(&model).len());
}
