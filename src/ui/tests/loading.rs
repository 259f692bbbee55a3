//! The first frame has the first cards; all others get their places behind it.

use std::sync::Arc;

use jiff::SignedDuration;

use super::history::{event, line, paste};
use super::*;
use crate::app::fixture::{bare, card, health, idle, key, transaction};
use crate::app::work::{Work, counted};
use crate::domain::card::{Balance, CardKey, CardRecord, CardState, Reading};
use crate::engine::{FIRST_CARDS, Health};
use crate::ledger::Ledger;

/// Cards of the data file, in the order of their keys.
fn cards() -> Vec<Arc<CardRecord>> {
    let of = |number: u32| {
        let last4 = format!("{number:04}");
        let holder = format!("Holder {number:04}");
        card(CardState::Active, &holder, &last4, "artha", "12.40 USD", 400).into()
    };
    (0..1_000).map(of).collect()
}

fn known(model: &mut Model, cards: &[Arc<CardRecord>], is_last: bool) {
    event(model, EngineEvent::KnownCards { cards: cards.to_vec(), is_last });
}

/// A board that shows the first of many cards, and the others.
fn first_frame() -> (Model, Vec<Arc<CardRecord>>) {
    let mut model = bare((120, 40));
    let all = cards();
    known(&mut model, &all[700..800], false);
    (model, all)
}

/// The cards that an update asks to note for the next first frame.
fn noted(effects: &[Effect]) -> Option<&[CardKey]> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(Job::NoteFirstCards(keys)) => Some(keys.as_slice()),
        _ => None,
    })
}

#[test]
fn the_first_frame_says_that_it_has_not_all_cards_and_the_list_stays_until_all_are_there() {
    let (mut model, all) = first_frame();
    let title = line(&text(&model), "Cards");
    assert!(title.contains("100, others are being loaded"), "{title}");
    press(&mut model, "j j");
    let before = text(&model);
    known(&mut model, &all[..600], false);
    assert_eq!(text(&model), before);
    known(&mut model, &all[600..], false);
    known(&mut model, &[], true);
    let screen = text(&model);
    let title = line(&screen, "Cards");
    assert!(title.contains("1,000") && !title.contains("loaded"), "{title}");
    let cursor = model.panes.cards.list.selected().cloned();
    assert_eq!(cursor, Some(key("artha", "0702")), "the cursor is on its card");
}

#[test]
fn a_filter_that_finds_none_of_the_first_cards_says_that_others_come_and_finds_them_then() {
    let (mut model, all) = first_frame();
    press(&mut model, "/");
    paste(&mut model, "0042");
    let screen = text(&model);
    assert!(screen.contains("No such card so far: others are being loaded."), "{screen}");
    known(&mut model, &all, false);
    known(&mut model, &[], true);
    let screen = text(&model);
    assert!(screen.contains("Holder 0042") && !screen.contains("being loaded"), "{screen}");
}

#[test]
fn what_the_feed_found_stays_while_cards_are_loaded_and_is_searched_by_their_names_at_the_end() {
    let (mut model, all) = first_frame();
    let of = |card: &str| transaction(&key("artha", card), card, 60, "9.00 USD", "Bakery");
    let rows = ["0001", "0701"].map(of);
    event(&mut model, EngineEvent::History(Box::new(Ledger::from_rows(rows))));
    press(&mut model, "2 z / h o l d e r enter");
    let found = |model: &Model| line(&text(model), "Feed");
    let before = found(&model);
    assert!(before.contains("holder▌ 1"), "{before}");
    for page in all[..600].chunks(100) {
        let work = counted(|| known(&mut model, page, false));
        assert_eq!(work.of(Work::TransactionAsked) + work.of(Work::HolderAsked), 0);
        assert_eq!(found(&model), before);
    }
    known(&mut model, &[], true);
    idle(&mut model);
    let after = found(&model);
    assert!(after.contains("holder▌ 2"), "{after}");
}

#[test]
fn the_first_cards_are_noted_for_the_next_start_once_all_are_there_and_then_when_they_are_others() {
    let (mut model, all) = first_frame();
    let tell = |model: &mut Model, event| update(model, Msg::EngineEvent(event));
    let effects = tell(&mut model, EngineEvent::KnownCards { cards: all.clone(), is_last: false });
    assert!(noted(&effects).is_none());
    let last = EngineEvent::KnownCards { cards: Vec::new(), is_last: true };
    let effects = tell(&mut model, last);
    let first = noted(&effects).expect("they are noted");
    let count = usize::try_from(FIRST_CARDS).expect("a count");
    assert_eq!((first.len(), &first[0]), (count, &key("artha", "0000")));
    let later = |model: &Model| Msg::Tick(model.portfolio.now + SignedDuration::from_secs(61));
    let message = later(&model);
    assert!(noted(&update(&mut model, message)).is_none(), "they are the same");
    let other = card(CardState::Active, "Aaron", "0999", "artha", "-1.00 USD", 0);
    let effects = tell(&mut model, EngineEvent::Cards(vec![other.into()]));
    assert!(noted(&effects).is_none(), "at most once a minute");
    let message = later(&model);
    let effects = update(&mut model, message);
    let first = noted(&effects).expect("others are first");
    assert_eq!(first[0], key("artha", "0999"));
}

#[test]
fn a_provider_that_was_not_read_yet_is_not_called_ok() {
    let mut model = bare((120, 40));
    let read = health("artha", HealthState::Ok, 0, None);
    let EngineEvent::Health(known) = read.clone() else { panic!("the health of a provider") };
    let unread = Health { last_good: None, ..*known };
    event(&mut model, EngineEvent::Health(Box::new(unread)));
    let screen = text(&model);
    assert!(screen.contains("artha ...") && !screen.contains("artha OK"), "{screen}");
    press(&mut model, "4");
    let screen = text(&model);
    assert!(screen.contains("not read yet; cardtop was started at"), "{screen}");
    event(&mut model, read);
    assert!(text(&model).contains("artha OK"));
}

#[test]
fn cards_that_their_provider_refuses_are_said_to_be_asked_for_less_often() {
    let mut model = bare((120, 40));
    press(&mut model, "4");
    let EngineEvent::Health(known) = health("artha", HealthState::Ok, 0, None) else {
        panic!("the health of a provider")
    };
    for (refused_cards, words) in [
        (0, None),
        (1, Some("1 card that it refuses or does not know: less and less often")),
        (1_032, Some("1,032 cards that it refuses or does not know: less and less often")),
    ] {
        let health = Health { refused_cards, cards: Some(4_000), ..(*known).clone() };
        event(&mut model, EngineEvent::Health(Box::new(health)));
        let screen = text(&model).replace(['│', '\n'], " ");
        let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(screen.contains("that it refuses"), words.is_some(), "{screen}");
        assert!(words.is_none_or(|words| screen.contains(words)), "{screen}");
    }
}

#[test]
fn the_providers_view_does_not_call_cards_read_that_were_not() {
    let mut model = bare((120, 40));
    press(&mut model, "4");
    for state in [HealthState::Ok, HealthState::Slow] {
        let EngineEvent::Health(known) = health("artha", state, 0, None) else {
            panic!("the health of a provider")
        };
        let health = Health { cards: Some(2), ..*known };
        event(&mut model, EngineEvent::Health(Box::new(health)));
        let unread = ["0001", "0002"].map(|digits| Card::unread(key("artha", digits)));
        event(&mut model, EngineEvent::Cards(unread.clone().map(Into::into).to_vec()));
        assert!(text(&model).contains("2 cards, 2 of them not read yet"), "{}", text(&model));
        for (read, words) in unread.into_iter().zip(["1 of them not read yet", "2 cards read"]) {
            let balance = Reading::At { value: Balance::default(), at: ago(0) };
            let read = Card { state: CardState::Active, balance, ..read };
            event(&mut model, EngineEvent::Cards(vec![read.into()]));
            assert!(text(&model).contains(words), "{words}: {}", text(&model));
        }
    }
}

#[test]
fn more_calls_than_the_limit_of_a_minute_are_explained() {
    let mut model = bare((120, 40));
    press(&mut model, "4");
    let read = health("artha", HealthState::Ok, 0, None);
    let EngineEvent::Health(known) = read else { panic!("the health of a provider") };
    for (calls, is_said) in [(120, false), (134, true)] {
        let health = Health { calls_last_minute: calls, ..(*known).clone() };
        event(&mut model, EngineEvent::Health(Box::new(health)));
        let screen = text(&model);
        let words = "14 more in the last minute than 120 a minute";
        assert_eq!(screen.contains(words), is_said, "{calls}: {screen}");
    }
}
