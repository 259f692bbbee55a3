//! Freezing and unfreezing, key by key.

use crate::app::dialog::Content;
use crate::app::dialog::fixture::{Operator, card, money};
use crate::domain::card::CardState;
use crate::domain::operation::{Action, ActionKind, OnConflict};
use crate::engine::EngineEvent;

#[test]
fn a_freeze_takes_a_reason_and_y() {
    let operator = Operator::new().open(ActionKind::Freeze, "c1");
    assert!(operator.asked_to_read("c1"));
    let operator = operator.keys("1 y");
    let [request] = operator.requests()[..] else { panic!("one request: {:?}", operator.effects) };
    assert!(matches!(request.action, Action::Freeze));
    assert_eq!(
        (request.reason.as_deref(), request.on_conflict),
        (Some("lost"), OnConflict::Refuse)
    );
    assert_eq!((request.shown.state, request.shown.available), (Some(CardState::Active), None));
    assert!(matches!(operator.content(), Content::Progress(_)));
}

#[test]
fn enter_never_freezes_and_y_wants_a_reason() {
    let operator = Operator::new().open(ActionKind::Freeze, "c1").keys("y");
    assert_eq!(operator.notice(), "choose a reason first: 1 to 5");
    let operator = operator.keys("2 enter enter");
    assert!(operator.requests().is_empty());
    assert_eq!(operator.notice(), "Enter never confirms here: press y");
}

#[test]
fn a_reason_in_own_words_may_hold_any_letter() {
    let operator =
        Operator::new().open(ActionKind::Freeze, "c1").keys("5").types("dog ate y").keys("enter y");
    assert_eq!(operator.requests()[0].reason.as_deref(), Some("dog ate y"));
    let operator = Operator::new()
        .open(ActionKind::Freeze, "c1")
        .keys("5")
        .types("found 4111111111111111")
        .keys("enter y");
    assert_eq!(
        operator.requests()[0].reason.as_deref(),
        Some("found ..1111"),
        "no card number reaches the journal"
    );
    let operator = Operator::new().open(ActionKind::Freeze, "c1").keys("5 enter y");
    assert_eq!(operator.requests()[0].reason.as_deref(), Some("other"));
}

#[test]
fn unfreezing_real_money_takes_the_last_four_and_in_the_sandbox_only_y() {
    let frozen = |mut operator: Operator| {
        operator.change_card("c1", |card| card.state = CardState::Frozen);
        operator.open(ActionKind::Unfreeze, "c1")
    };
    let operator = frozen(Operator::new()).keys("1 y");
    assert_eq!(operator.notice(), "type 4242 first");
    let operator = operator.keys("4 2 4 1 y");
    assert!(operator.requests().is_empty());
    let operator = operator.keys("backspace 2 y");
    assert_eq!(operator.requests().len(), 1);
    let operator = frozen(Operator::new().sandbox()).keys("3 y");
    assert_eq!(operator.requests()[0].reason.as_deref(), Some("mistake"));
}

#[test]
fn without_last_four_the_end_of_the_id_arms() {
    let mut operator = Operator::new();
    let mut card = card("card-77xy", "", "Nobody", money("5", "USD"), operator.portfolio.now);
    card.state = CardState::Frozen;
    operator.portfolio.apply(&EngineEvent::Cards(vec![card.into()]));
    let operator = operator.open(ActionKind::Unfreeze, "card-77xy").keys("1 7 7 x y");
    assert!(operator.requests().is_empty(), "the y belongs to the id");
    assert_eq!(operator.keys("y").requests().len(), 1);
}
