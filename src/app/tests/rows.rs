//! Which rows are shown, in which order, and that the cursor keeps its row.

use super::*;
use crate::app::feed::Range;

#[test]
fn the_most_urgent_cards_come_first() {
    let model = board((120, 40));
    assert_eq!(
        order(&model).iter().take(9).map(String::as_str).collect::<Vec<_>>(),
        ["c-7731", "c-1200", "c-4242", "c-0917", "c-3020", "c-5560", "c-4471", "c-3318", "c-2075"]
    );
    assert_eq!(selected(&model), "c-7731");
}

#[test]
fn rows_that_move_take_the_cursor_with_them() {
    let mut model = board((120, 40));
    press(&mut model, "j j");
    assert_eq!(selected(&model), "c-4242");
    apply(
        &mut model,
        EngineEvent::Cards(vec![
            card(CardState::Active, "Abe", "1111", "artha", "-1.00 USD", 1).into(),
        ]),
    );
    assert_eq!(selected(&model), "c-4242", "a more urgent card came in above it");
    press(&mut model, "k");
    assert_ne!(selected(&model), "c-4242");
}

#[test]
fn rows_stand_still_under_an_open_dialog_and_the_dialog_keeps_its_card() {
    let mut model = board((120, 40));
    press(&mut model, "j j t");
    let before = order(&model);
    apply(
        &mut model,
        EngineEvent::Cards(vec![
            card(CardState::Active, "Nora Haugen", "8810", "artha", "-99.00 EUR", 0).into(),
        ]),
    );
    assert_eq!(order(&model), before);
    assert_eq!(model.dialog.as_ref().and_then(Dialog::card), Some(&key("artha", "4242")));
    press(&mut model, "esc");
    assert_ne!(order(&model), before, "the order goes on once the dialog is closed");
    assert_eq!(selected(&model), "c-4242");
}

#[test]
fn a_feed_that_follows_goes_on_following_under_the_dialog_of_another_pane() {
    let mut model = board((120, 40));
    press(&mut model, "f esc");
    let fresh = transaction(&key("artha", "1455"), "a-1", 0, "5.00 EUR", "LIDL");
    apply(&mut model, EngineEvent::Transactions(vec![fresh].into()));
    assert_eq!((model.panes.feed.follow, model.panes.feed.list.range().0), (true, 0));
    press(&mut model, "2 j f esc");
    assert!(!model.panes.feed.follow, "a dialog of its own row holds it");
}

#[test]
fn a_paused_screen_counts_what_waits_and_loses_nothing() {
    let mut model = board((120, 40));
    press(&mut model, "2 p");
    let rows = model.panes.feed.list.len();
    tick(&mut model, 5);
    let fresh = declined(transaction(&key("artha", "1455"), "a-1", -3, "5.00 EUR", "LIDL"), "51");
    apply(&mut model, EngineEvent::Transactions(vec![fresh].into()));
    assert_eq!((model.panes.feed.list.len(), model.panes.feed.waiting), (rows, 1));
    press(&mut model, "p");
    assert_eq!((model.panes.feed.list.len(), model.panes.feed.waiting), (rows + 1, 0));
}

#[test]
fn the_filter_applies_while_typing_and_escape_shows_everything_again() {
    let mut model = board((120, 40));
    press(&mut model, "/ c c y : K W D");
    assert_eq!(order(&model), ["c-5560"]);
    press(&mut model, "enter");
    assert_eq!(model.panes.cards.hidden, 15);
    press(&mut model, "esc");
    assert_eq!(model.panes.cards.list.len(), 16);
    press(&mut model, "/ q q");
    assert_eq!(model.panes.cards.search.text(), "qq", "letters are typed, not commands");
    assert_eq!(
        jobs(press(&mut model, "ctrl-c")).len(),
        0,
        "an operation is in flight, so it asks first"
    );
    assert!(model.dialog.is_some());
}

#[test]
fn a_mark_that_the_filter_hides_is_counted() {
    let mut model = board((120, 40));
    press(&mut model, "space j space / l a s t 4 : 4 2 4 2 enter");
    assert_eq!((model.panes.cards.marks().len(), model.panes.cards.hidden_marks()), (2, 2));
    press(&mut model, "U");
    assert_eq!(model.panes.cards.marks().len(), 0);
}

#[test]
fn sorting_compares_amounts_only_within_a_currency() {
    let mut model = board((120, 40));
    press(&mut model, "s s s s s");
    assert_eq!(model.panes.cards.order.sort.as_str(), "available");
    let amounts: Vec<_> =
        keys(&model).iter().filter_map(|key| model.portfolio.cards.get(key)?.available()).collect();
    let codes: Vec<String> =
        amounts.iter().map(|money| money.currency().code().to_owned()).collect();
    let mut grouped = codes.clone();
    grouped.sort();
    assert_eq!(codes, grouped, "cards of one currency stand together");
    assert!(amounts.windows(2).all(|pair| match pair {
        [a, b] => a.currency() != b.currency() || a.amount() <= b.amount(),
        _ => true,
    }));
    press(&mut model, "S");
    assert!(model.panes.cards.order.reversed);
}

#[test]
fn the_next_decline_is_one_key_away() {
    let mut model = board((120, 40));
    press(&mut model, "2 g e");
    let first = selected(&model);
    press(&mut model, "e");
    assert_ne!(selected(&model), first);
    assert!(!model.panes.feed.follow, "looking at an old row is not following");
    press(&mut model, "F");
    assert!(model.panes.feed.follow && model.panes.feed.list.at() == 0);
}

#[test]
fn the_activity_shows_what_a_tab_names() {
    let mut model = board((120, 40));
    press(&mut model, "3 l l");
    let states: Vec<OperationState> = model
        .panes
        .activity
        .list
        .keys()
        .iter()
        .filter_map(|id| model.portfolio.operation(*id))
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [OperationState::Sent, OperationState::Unknown]);
    assert_eq!(model.panes.activity.hidden, 4);
}

#[test]
fn the_feed_steps_through_stretches_of_time() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    let day = model.panes.feed.list.len();
    press(&mut model, "[ [ [");
    assert!(model.panes.feed.list.len() < day && model.panes.feed.range() == Range::Last("15m"));
    press(&mut model, "] ] ] ]");
    assert_eq!(
        (model.panes.feed.range(), model.panes.feed.list.len()),
        (Range::Last("2d"), day + 1)
    );
}

#[test]
fn balances_that_change_do_not_make_the_feed_anew() {
    let mut model = board((120, 40));
    let before = model.portfolio.revisions.history;
    apply(
        &mut model,
        EngineEvent::Cards(vec![
            card(CardState::Active, "Ivo Petrov", "1455", "artha", "1.00 EUR", 0).into(),
        ]),
    );
    assert_eq!(model.portfolio.revisions.history, before);
    assert_eq!(why(&model, &key("artha", "1455")), "LOW under 20.00");
}

#[test]
fn a_proven_top_up_is_one_row_and_names_its_operation() {
    let mut model = board((120, 40));
    press(&mut model, "2");
    let rows = model.panes.feed.list.len();
    let done = operation(9, ActionKind::TopUp, &key("artha", "1455"), OperationState::Done, 20);
    let proof = crate::domain::transaction::Transaction {
        kind: crate::domain::transaction::TransactionKind::TopUp,
        operation: Some(done.id),
        merchant: None,
        ..transaction(&key("artha", "1455"), "a-9", 19, "30.00 EUR", "")
    };
    apply(&mut model, EngineEvent::Operation(done));
    apply(&mut model, EngineEvent::Transactions(vec![proof].into()));
    assert_eq!(model.panes.feed.list.len(), rows + 1);
}

#[test]
fn attention_fades_with_time_by_itself() {
    let mut model = board((120, 40));
    let jonas = key("artha", "0917");
    assert_eq!(why(&model, &jonas), "DECLINED 9m 22.10");
    tick(&mut model, 16 * 60);
    assert_eq!(
        why(&model, &jonas),
        "frozen 27m by anay",
        "a decline of a quarter of an hour ago is old"
    );
}

#[test]
fn fifty_declines_of_one_card_are_one_row_of_the_board() {
    let mut model = board((120, 40));
    let ivo = key("artha", "1455");
    let rows: Vec<_> = (0..50)
        .map(|n| declined(transaction(&ivo, &format!("x-{n}"), 10 + n, "9.00 EUR", "LIDL"), "51"))
        .collect();
    apply(&mut model, EngineEvent::Transactions(rows.into()));
    assert_eq!(why(&model, &ivo), "DECLINED 10s 9.00");
}
