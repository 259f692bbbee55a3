//! What was pushed, as the board says it.

use super::*;
use crate::app::fixture::{key, operation, transaction};
use crate::domain::card::{CardKey, Reading};
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
fn a_figure_is_not_live_while_something_was_pushed_that_was_not_read() {
    let mut model = board_after((120, 40), "");
    let known = model.portfolio.cards.get(&model.subject().expect("a card")).expect("it is known");
    let pushed = |card: CardKey, at| Msg::EngineEvent(EngineEvent::Pushed { card, at });
    let read = |model: &mut Model, at| {
        let balance = known.balance.value().copied().expect("figures");
        let card = Card { balance: Reading::At { value: balance, at }, ..known.clone() };
        update(model, Msg::EngineEvent(EngineEvent::Cards(vec![card.into()])));
    };
    let order = |model: &Model| model.panes.cards.list.window().collect::<Vec<_>>();
    read(&mut model, ago(5));
    let (before, rows) = (text(&model), order(&model));
    assert!(!before.contains("not read yet") && !before.contains("LAST KNOWN, read"), "{before}");
    // Of a card that nobody knows: nothing is said of it.
    update(&mut model, pushed(key("artha", "nobody"), ago(3)));
    // One that was read since.
    update(&mut model, pushed(known.key.clone(), ago(6)));
    assert_eq!(text(&model), before);
    update(&mut model, pushed(known.key.clone(), ago(3)));
    // One that is not urgent is no more so when its row is read before its figures are.
    let calm = key("artha", "8810");
    update(&mut model, pushed(calm.clone(), ago(3)));
    let row = transaction(&calm, "t-push", 4, "1.00 EUR", "SHOP");
    update(&mut model, Msg::EngineEvent(EngineEvent::Transactions(vec![row].into())));
    assert!(text(&model).contains("pushes of 2 cards not read yet"), "{}", text(&model));
    assert!(text(&model).contains("~77.00"), "{}", text(&model));
    let known_calm = model.portfolio.cards.get(&calm).expect("a card");
    let live = Reading::At { value: *known_calm.balance.value().expect("figures"), at: ago(2) };
    let card = Card { balance: live, ..known_calm };
    assert_eq!(order(&model), rows, "it keeps its place");
    update(&mut model, Msg::EngineEvent(EngineEvent::Cards(vec![card.into()])));
    let old = format!("~{}", known.available().expect("a sum").grouped());
    for _ in 0..2 {
        let screen = text(&model);
        assert!(screen.contains("a push not read yet") && screen.contains(&old), "{screen}");
        assert!(screen.contains("LAST KNOWN, read 5s ago: something"), "{screen}");
        assert_eq!(order(&model), rows, "it keeps its place");
        // Told again, and read before the push.
        read(&mut model, ago(4));
        read(&mut model, ago(5));
    }
    read(&mut model, ago(3));
    let screen = text(&model);
    assert!(!screen.contains("not read yet") && !screen.contains("LAST KNOWN, read"), "{screen}");
    assert_eq!(model.portfolio.not_live(&known.key.provider).last_known, 0);
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
