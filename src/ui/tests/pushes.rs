//! What was pushed, as the board says it.

use super::*;
use crate::app::fixture::{key, operation};
use crate::domain::operation::{ActionKind, Proof};
use crate::domain::proof::ProvenBy;

#[test]
fn a_card_says_that_a_one_time_code_was_sent_and_when_and_other_cards_do_not() {
    let mut model = board_after((120, 40), "");
    let card = model.subject().expect("a selected card");
    assert!(!text(&model).contains("one-time code"));
    let at = ago(120);
    update(&mut model, Msg::EngineEvent(EngineEvent::CodeSent { card: card.clone(), at }));
    assert!(text(&model).contains("one-time code sent at 14:06, 2m ago"), "{}", text(&model));
    // One that came before is no later one, however it was delivered.
    let before = ago(600);
    update(&mut model, Msg::EngineEvent(EngineEvent::CodeSent { card, at: before }));
    assert!(text(&model).contains("sent at 14:06"), "{}", text(&model));
    press(&mut model, "j");
    assert!(!text(&model).contains("one-time code"));
}

#[test]
fn an_operation_that_only_a_push_proves_says_so_and_when() {
    let of = key("artha", "4242");
    let pushed = |number, state| Operation {
        proof: Proof::AnswerOnly,
        proven_by: Some(ProvenBy::Push),
        updated_at: ago(3),
        detail: Some("pushed: card.pin succeeded, t1".into()),
        ..operation(number, ActionKind::SetPin, &of, state, 9)
    };
    for (state, story) in [
        (OperationState::Done, "done, pushed 14:08:"),
        (OperationState::Failed, "failed: pushed 14:08:"),
    ] {
        let mut model = bare((120, 40));
        let told = pushed(40, state);
        update(&mut model, Msg::EngineEvent(EngineEvent::Operation(told)));
        press(&mut model, "3");
        let screen = text(&model);
        assert!(screen.contains("  pushed 14:08:"), "the last step: {screen}");
        let proof = "a signed event of the provider";
        assert!(screen.contains("proof: pushed 14:08:") && screen.contains(proof), "{screen}");
        press(&mut model, "2");
        assert!(text(&model).contains(story), "{}", text(&model));
    }
}
