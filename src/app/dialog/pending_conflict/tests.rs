//! A change that waits for an earlier one, key by key.

use crate::app::dialog::Content;
use crate::app::dialog::fixture::{Operator, card, key, money};
use crate::app::{CopyRequest, Effect};
use crate::domain::operation::{ActionKind, OnConflict, Operation, OperationState, Support};
use crate::engine::{EngineEvent, Job};

#[test]
fn a_second_top_up_is_blocked_until_the_phrase_is_typed_and_then_checked_again() {
    let mut operator = Operator::new();
    operator.capabilities().quote = Support::No("no quotes here");
    let open = operator.earlier_operation(
        ActionKind::TopUp,
        "c2",
        OperationState::Unknown,
        Some(money("5000", "JPY")),
    );
    let operator = operator.open(ActionKind::TopUp, "c2");
    assert!(
        matches!(operator.content(), Content::PendingConflict(_)) && operator.effects.is_empty()
    );
    let operator = operator.keys("c");
    assert!(matches!(&operator.effects[..], [Effect::Ask(Job::Look(id))] if *id == open.id));
    let operator = operator.types("SECOND 7732").keys("enter");
    assert_eq!(operator.notice(), "type SECOND 7731 first");
    let operator = operator.keys("backspace 1 enter").pass(400);
    let operator = operator.types("5000").keys("enter y");
    assert_eq!(
        operator.notice(),
        "type 7731 first",
        "the same amount again looks like a repetition"
    );
    let operator = operator.keys("7 7 3 1 y");
    let [request] = operator.requests()[..] else { panic!("one request: {}", operator.notice()) };
    assert_eq!(request.on_conflict, OnConflict::Override);
    assert_eq!(request.action.amount(), Some(money("5000", "JPY")));
    assert_ne!(request.id, open.id);
}

#[test]
fn a_copied_question_for_support_has_the_reference_and_no_card_number() {
    let mut operator = Operator::new();
    let mut odd =
        card("4111111111111111", "1111", "Odd", money("1", "USD"), operator.portfolio.now);
    odd.key = key("4111111111111111");
    operator.portfolio.apply(&EngineEvent::Cards(vec![odd.into()]));
    let open = operator.earlier_operation(
        ActionKind::TopUp,
        "4111111111111111",
        OperationState::Unknown,
        Some(money("30", "USD")),
    );
    let operator = operator.open(ActionKind::TopUp, "4111111111111111").keys("k");
    let [Effect::Copy(CopyRequest { text, .. })] = &operator.effects[..] else {
        panic!("a copy: {:?}", operator.effects)
    };
    assert!(
        text.contains(&*open.reference) && text.contains("30.00 USD") && text.contains("..1111"),
        "{text}"
    );
    assert!(!text.contains("4111111111111111"), "{text}");
}

#[test]
fn nothing_is_sent_twice_while_the_first_is_on_its_way() {
    let mut operator = Operator::new();
    operator.earlier_operation(
        ActionKind::TopUp,
        "c1",
        OperationState::Sent,
        Some(money("30", "USD")),
    );
    let operator = operator.open(ActionKind::TopUp, "c1").types("SECOND 4242").keys("enter");
    assert_eq!(operator.notice(), "it is on its way right now: wait for its answer");
    assert!(matches!(operator.content(), Content::PendingConflict(_)));
}

#[test]
fn a_blocked_dialog_opens_up_when_the_earlier_one_is_settled() {
    let mut operator = Operator::new();
    let open = operator.earlier_operation(
        ActionKind::TopUp,
        "c1",
        OperationState::Unknown,
        Some(money("30", "USD")),
    );
    let settled = Operation { state: OperationState::Done, ..open };
    let operator = operator
        .open(ActionKind::TopUp, "c1")
        .apply(EngineEvent::Operation(settled))
        .pass(400)
        .keys("enter");
    assert!(matches!(operator.content(), Content::TopUp(_)));
}
