//! What every form of a change keeps to when the card or the rules change under it.

use crate::app::Effect;
use crate::app::dialog::Content;
use crate::app::dialog::fixture::{Operator, key, money};
use crate::app::fixture::health;
use crate::domain::card::{Balance, CardState, Reading};
use crate::domain::operation::{ActionKind, OperationState};
use crate::engine::{EngineEvent, HealthState, Job};

#[test]
fn a_change_of_the_card_is_shown_and_keys_on_their_way_are_dropped() {
    let operator =
        Operator::new().open(ActionKind::TopUp, "c1").types("30").keys("enter").quoted_fee("0.30");
    let event = operator.reading("c1", |card| {
        card.balance = Reading::At {
            value: Balance { available: Some(money("42.40", "USD")), ..Balance::default() },
            at: card.balance.at().expect("a reading"),
        };
    });
    let operator = operator.apply(event).keys("y");
    assert!(operator.requests().is_empty());
    let Content::TopUp(form) = operator.content() else { panic!("a top-up") };
    assert_eq!(form.target.changes, ["available was 12.40 USD, is 42.40 USD"]);
    let operator = operator.pass(300).keys("y");
    assert_eq!(operator.requests()[0].shown.available, Some(money("42.40", "USD")));
}

#[test]
fn a_change_of_the_card_disarms() {
    let mut operator = Operator::new();
    operator.change_card("c1", |card| card.state = CardState::Frozen);
    let operator = operator.open(ActionKind::Unfreeze, "c1").keys("1 4 2 4 2");
    let event = operator.reading("c1", |card| card.state = CardState::Pending);
    let operator = operator.apply(event).pass(400).keys("y");
    assert!(operator.requests().is_empty());
    assert_eq!(operator.notice(), "type 4242 first");
    assert_eq!(operator.keys("4 2 4 2 y").requests()[0].shown.state, Some(CardState::Pending));
}

#[test]
fn a_card_that_was_frozen_meanwhile_cannot_be_frozen_again() {
    let operator = Operator::new().open(ActionKind::Freeze, "c1").keys("1");
    let event = operator.reading("c1", |card| card.state = CardState::Frozen);
    let operator = operator.apply(event).pass(400).keys("y");
    assert!(operator.requests().is_empty());
    assert_eq!(operator.notice(), "the card is FROZEN");
}

#[test]
fn read_only_refuses_with_its_reason_even_in_an_open_dialog() {
    let operator = Operator::new()
        .open(ActionKind::Freeze, "c1")
        .apply(EngineEvent::ReadOnly(true))
        .pass(400)
        .keys("1 y");
    assert!(operator.requests().is_empty());
    assert_eq!(operator.notice(), "read-only: cardtop was told to refuse every change");
}

#[test]
fn a_top_up_asked_elsewhere_meanwhile_stops_this_one() {
    let mut operator =
        Operator::new().open(ActionKind::TopUp, "c1").types("30").keys("enter").quoted_fee("0.30");
    let theirs = operator.earlier_operation(
        ActionKind::TopUp,
        "c1",
        OperationState::Accepted,
        Some(money("30", "USD")),
    );
    let operator = operator.apply(EngineEvent::Operation(theirs)).pass(400).keys("y");
    assert!(operator.requests().is_empty());
    assert!(matches!(operator.content(), Content::PendingConflict(_)));
}

fn down() -> EngineEvent {
    health("acme", HealthState::Down, 1, Some("no connection"))
}

fn answers() -> EngineEvent {
    health("acme", HealthState::Ok, 0, None)
}

#[test]
fn a_dialog_says_at_once_that_its_provider_went_down_and_sends_nothing_until_it_is_back() {
    let top_up = Operator::new().open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let pin = Operator::new().open(ActionKind::SetPin, "c1").types("9078");
    for (operator, confirms) in [
        (top_up.quoted_fee("0.30"), "y"),
        (Operator::new().open(ActionKind::Close, "c1"), "C L O S E space 4 2 4 2 enter"),
        (pin.keys("tab 9 0 7 8 tab tab"), "4 2 4 2 y"),
    ] {
        let operator = operator.apply(down()).pass(400).keys(confirms);
        assert!(operator.requests().is_empty(), "nothing is sent, so nothing is journalled");
        let said = operator.notice();
        assert!(said.starts_with("not sent: acme is DOWN since 14:08, next try in"), "{said}");
        assert!(said.ends_with("no connection; trying one reading now"), "{said}");
        let tries = |effect: &Effect| matches!(effect, Effect::Ask(Job::TryCard(_)));
        assert!(operator.effects.iter().any(tries));
        let operator = operator.apply(answers()).pass(400).keys(confirms);
        assert_eq!(operator.requests().len(), 1, "it goes on where it stood");
    }
}

#[test]
fn what_could_not_be_asked_while_the_provider_was_down_is_asked_again() {
    let mut operator = Operator::new();
    operator.recent = None;
    let operator = operator.open(ActionKind::TopUp, "c1").types("30").keys("enter");
    let question = operator.quote_question();
    let failed = crate::engine::Error::new(
        &key("c1").provider,
        crate::engine::ErrorKind::Unreachable,
        "no connection",
    );
    let asked = question.expect("a fee is asked");
    let operator = operator
        .apply(down())
        .apply(EngineEvent::Quote { asked, quote: Err(std::sync::Arc::new(failed)) });
    let operator = operator.apply(answers());
    assert_ne!(operator.quote_question(), question, "the fee is asked once more");
}
