//! A key is meant for what was drawn under the cursor, and nothing moves under a dialog.

use crate::app::fixture::{ago, declined, health, key, large_board, press, transaction};
use crate::app::{Model, Msg, drawn, present, update};
use crate::domain::card::{Card, CardKey, CardState};
use crate::domain::coverage::{Covered, Stretch};
use crate::domain::transaction::RowNews;
use crate::engine::{EngineEvent, HealthState};
use crate::ledger::Ledger;

const SIZE: (u16, u16) = (120, 40);

fn tell(model: &mut Model, event: EngineEvent) {
    _ = update(model, Msg::EngineEvent(event));
}

fn decline(of: &CardKey, id: &str) -> EngineEvent {
    let row = declined(transaction(of, id, 0, "5.00 USD", "SHOP"), "51");
    EngineEvent::Transactions(RowNews::kept(vec![row]))
}

fn card_of_dialog(model: &Model) -> Option<CardKey> {
    model.dialog.as_ref().and_then(|dialog| dialog.card().cloned())
}

#[test]
fn a_key_is_for_the_card_that_was_drawn_although_another_one_is_first_since() {
    let mut model = large_board(SIZE, 50, 0);
    drawn(&mut model);
    let first = model.subject().expect("a card");
    let other = key("artha", "0007");
    assert_ne!(first, other);
    tell(&mut model, decline(&other, "d1"));
    assert_eq!(model.subject(), Some(other.clone()), "the cursor was never moved");
    press(&mut model, "f");
    assert_eq!(card_of_dialog(&model), Some(first.clone()));
    press(&mut model, "esc");
    assert_eq!(model.subject(), Some(first.clone()));

    let mut model = large_board(SIZE, 50, 0);
    drawn(&mut model);
    tell(&mut model, decline(&other, "d1"));
    drawn(&mut model);
    press(&mut model, "f");
    assert_eq!(card_of_dialog(&model), Some(other), "it was drawn meanwhile");
}

#[test]
fn a_key_is_for_the_card_that_was_drawn_although_the_filter_hides_it_since() {
    let mut model = large_board(SIZE, 50, 0);
    press(&mut model, "/ s t a t e : a c t i v e enter j j");
    drawn(&mut model);
    let chosen = model.subject().expect("a card");
    let known = model.portfolio.cards.get(&chosen).expect("it is known");
    let frozen = Card { state: CardState::Frozen, ..known };
    tell(&mut model, EngineEvent::Cards(vec![frozen.into()]));
    assert_ne!(model.subject(), Some(chosen.clone()), "it is not among the rows any more");
    press(&mut model, "x");
    assert_eq!(card_of_dialog(&model), Some(chosen));
}

#[test]
fn a_key_is_for_the_row_of_the_feed_that_was_drawn_although_a_newer_one_came() {
    let mut model = large_board(SIZE, 50, 500);
    press(&mut model, "2");
    drawn(&mut model);
    let chosen = model.subject().expect("a row with a card");
    let other = key("artha", "0021");
    assert_ne!(chosen, other);
    tell(&mut model, decline(&other, "new"));
    press(&mut model, "f");
    assert_eq!(card_of_dialog(&model), Some(chosen));
}

#[test]
fn after_a_key_the_cursor_is_where_the_key_left_it() {
    let mut model = large_board(SIZE, 50, 0);
    drawn(&mut model);
    press(&mut model, "j");
    let second = model.subject();
    tell(&mut model, decline(&key("artha", "0007"), "d1"));
    press(&mut model, "f");
    assert_eq!(card_of_dialog(&model), second);
}

#[test]
fn a_search_that_ends_under_a_dialog_moves_the_cards_when_it_is_closed() {
    let mut model = large_board(SIZE, 50, 0);
    // The oldest rows are looked at last, and three keys look at 60,000.
    let rows = (0..90_000_u32).map(|number| {
        let is_wanted = number % 50 == 7 || number >= 89_000;
        let merchant = if is_wanted { "BAKERY" } else { "SHOP" };
        let of = key("artha", &format!("{:04}", number % 50));
        transaction(&of, &format!("t-{number}"), i64::from(number), "1.00 USD", merchant)
    });
    tell(&mut model, EngineEvent::History(Box::new(Ledger::from_rows(rows))));
    press(&mut model, "/");
    _ = update(&mut model, Msg::Paste("merchant:~bakery".to_owned()));
    press(&mut model, "enter");
    assert_eq!(model.panes.cards.list.len(), 1);
    press(&mut model, "f");
    assert!(model.dialog.is_some() && model.panes.cards.left().is_some());
    let shown: Vec<CardKey> = model.panes.cards.list.rows().keys().collect();
    for _ in 0..9 {
        _ = update(&mut model, Msg::Continue);
    }
    assert!(model.panes.cards.left().is_none(), "it has ended");
    let held: Vec<CardKey> = model.panes.cards.list.rows().keys().collect();
    assert_eq!(shown, held);
    press(&mut model, "esc");
    assert_eq!(model.panes.cards.list.len(), 50);
}

#[test]
fn a_paused_feed_says_since_when_its_rows_were_complete() {
    let mut model = large_board(SIZE, 50, 500);
    let told = |model: &mut Model, age: i64| {
        let EngineEvent::Health(mut told) = health("artha", HealthState::Ok, 4, None) else {
            panic!("it is a health")
        };
        let complete = Some(Stretch { from: ago(age), to: ago(0) });
        told.covered = Covered { complete, ..Covered::default() };
        tell(model, EngineEvent::Health(told));
    };
    model.portfolio.accounts.providers.retain(|info| info.id.name() == "artha");
    told(&mut model, 3_600);
    press(&mut model, "2 ] ] ] ] ]");
    let title = |model: &Model| format!("{:?}", present::feed::title(model).fitted(200));
    let before = title(&model);
    assert!(before.contains("complete from"), "{before}");
    press(&mut model, "p");
    let paused = model.panes.feed.complete_from();
    told(&mut model, 7_200);
    assert_eq!(model.panes.feed.complete_from(), paused);
    press(&mut model, "p");
    assert_eq!(model.panes.feed.complete_from(), Some(ago(7_200)));
}
