//! What was pushed, as the board says it.

use super::*;
use crate::app::fixture::{key, operation, transaction};
use crate::domain::card::Reading;
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
    let tell = |model: &mut Model, event| _ = update(model, Msg::EngineEvent(event));
    let read = |model: &mut Model, at| {
        let balance = Reading::At { value: *known.balance.value().expect("figures"), at };
        tell(model, EngineEvent::Cards(vec![Card { balance, ..known.clone() }.into()]));
    };
    let order = |model: &Model| model.panes.cards.list.window().collect::<Vec<_>>();
    read(&mut model, ago(5));
    let (before, rows) = (text(&model), order(&model));
    assert!(!before.contains("not read yet") && !before.contains("LAST KNOWN, read"), "{before}");
    let not_live = |model: &Model| model.portfolio.not_live(&known.key.provider).last_known;
    assert_eq!(not_live(&model), 0);
    // Of a card that nobody knows: nothing is said of it.
    tell(&mut model, EngineEvent::Pushed(key("artha", "nobody")));
    assert_eq!(text(&model), before);
    let old = format!("~{}", known.available().expect("a sum").grouped());
    for second in [5, 4] {
        tell(&mut model, EngineEvent::Pushed(known.key.clone()));
        // What was asked for before the push says nothing of it.
        read(&mut model, ago(second));
        let screen = text(&model);
        assert!(screen.contains("a push not read yet") && screen.contains(&old), "{screen}");
        let why = format!("LAST KNOWN, read {second}s ago: something");
        assert!(screen.contains(&why), "{screen}");
        assert_eq!((order(&model), not_live(&model)), (rows.clone(), 1), "it keeps its place");
    }
    // One that is not urgent is no more so when its row is read before its figures are.
    let calm = key("artha", "8810");
    tell(&mut model, EngineEvent::Pushed(calm.clone()));
    let row = transaction(&calm, "t-push", 4, "1.00 EUR", "SHOP");
    tell(&mut model, EngineEvent::Transactions(vec![row].into()));
    let screen = text(&model);
    assert!(screen.contains("pushes of 2 cards not read yet"), "{screen}");
    assert!(screen.contains("~77.00"), "{screen}");
    assert_eq!(order(&model), rows);
    tell(&mut model, EngineEvent::PushRead(calm));
    assert!(text(&model).contains("a push not read yet"), "{}", text(&model));
    // It was read, or cannot be: what was told of it last is shown as it is.
    read(&mut model, ago(3));
    tell(&mut model, EngineEvent::PushRead(known.key.clone()));
    let screen = text(&model);
    assert!(!screen.contains("not read yet") && !screen.contains("LAST KNOWN, read"), "{screen}");
    assert!(!screen.contains(&old) && not_live(&model) == 0, "{screen}");
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
