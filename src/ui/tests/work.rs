//! How much work a key, an event and a frame are, in rows and cards rather than in time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::fixture::{card, key, large_board, operation, press, transaction};
use crate::app::work::{Counts, Work, counted};
use crate::app::{Model, Msg, update};
use crate::domain::card::CardState;
use crate::domain::operation::{ActionKind, OperationState};
use crate::engine::EngineEvent;
use crate::ui::theme::Theme;
use crate::ui::view;

const SIZE: (u16, u16) = (120, 40);

fn frame(model: &Model) -> Counts {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    counted(|| _ = view(model, &Theme::default(), &mut buffer))
}

fn event(model: &mut Model, event: EngineEvent) -> Counts {
    counted(|| _ = update(model, Msg::EngineEvent(event)))
}

#[test]
fn a_frame_formats_the_rows_on_screen_whatever_there_is_to_show() {
    for keys in ["", "2", "3", "enter", "tab z", "2 i"] {
        let formatted = |cards, transactions| {
            let mut model = large_board(SIZE, cards, transactions);
            press(&mut model, keys);
            let rows: usize = model
                .layout()
                .panes
                .iter()
                .map(|(pane, area)| model.parts(*pane, *area).rows())
                .sum();
            let formatted = frame(&model).of(Work::RowFormatted);
            assert!(formatted <= rows, "{keys}: {formatted} of {rows}");
            formatted
        };
        assert_eq!(formatted(200, 2_000), formatted(1_000, 10_000), "{keys}");
    }
}

#[test]
fn a_frame_walks_through_no_list() {
    for keys in ["", "2", "3", "4"] {
        let mut model = large_board(SIZE, 500, 5_000);
        press(&mut model, keys);
        let work = frame(&model);
        // The card beside the list counts its own holds and looks for its own last decline, and the
        // footer asks whether one can be covered.
        assert!(work.of(Work::HistoryVisited) <= 4 * 5_000 / 500, "{keys}: {work:?}");
        assert_eq!(work.of(Work::CardRated) + work.of(Work::CardCompared), 0, "{keys}: {work:?}");
        assert_eq!(work.of(Work::CardVisited), 0, "{keys}: {work:?}");
    }
}

#[test]
fn operations_are_walked_through_a_few_times_for_a_frame_and_a_key() {
    let mut model = large_board(SIZE, 50, 0);
    for number in 0..300 {
        let of = key("artha", "0003");
        let age = i64::from(number) * 10;
        let frozen = operation(number, ActionKind::Freeze, &of, OperationState::Done, age);
        event(&mut model, EngineEvent::Operation(frozen));
    }
    // Three states are counted in the top line, the card beside the list looks for its own, and the
    // footer for one that is not settled.
    let work = frame(&model);
    assert!(work.of(Work::HistoryVisited) <= 6 * 300, "{work:?}");
    let work = counted(|| _ = press(&mut model, "j"));
    assert!(work.of(Work::HistoryVisited) <= 2 * 300, "{work:?}");
}

#[test]
fn a_balance_that_was_read_filters_no_operation_of_the_activity() {
    let mut model = large_board(SIZE, 50, 0);
    for number in 0..300 {
        let of = key("artha", "0003");
        let age = i64::from(number) * 10;
        let frozen = operation(number, ActionKind::Freeze, &of, OperationState::Done, age);
        event(&mut model, EngineEvent::Operation(frozen));
    }
    press(&mut model, "3");
    let holder = model.portfolio.holder(&key("artha", "0009")).to_owned();
    let read = card(CardState::Active, &holder, "0009", "artha", "99.00 USD", 0);
    let work = event(&mut model, EngineEvent::Cards(vec![read.into()]));
    assert!(work.of(Work::HistoryVisited) < 300, "{work:?}");
}

#[test]
fn a_key_that_moves_the_cursor_costs_the_rows_of_one_card() {
    let mut model = large_board(SIZE, 500, 5_000);
    for keys in ["j", "j", "G", "g", "ctrl-d", "pgdn"] {
        let work = counted(|| _ = press(&mut model, keys));
        // The timeline is made, its holds are counted, and its last decline is looked for.
        assert!(work.of(Work::HistoryVisited) <= 3 * 5_000 / 500, "{keys}: {work:?}");
        assert_eq!(work.of(Work::CardVisited), 0, "{keys}: {work:?}");
        assert_eq!(work.of(Work::CardRated) + work.of(Work::CardCompared), 0, "{keys}: {work:?}");
    }
    // To the next urgent card, of which there is none.
    let work = counted(|| _ = press(&mut model, "e"));
    assert_eq!(work.of(Work::CardVisited), 0, "{work:?}");
}

#[test]
fn one_card_that_was_read_costs_no_walk_through_what_happened() {
    let mut model = large_board(SIZE, 500, 5_000);
    let read = card(CardState::Active, "Holder 3", "0003", "artha", "99.00 USD", 0);
    let work = event(&mut model, EngineEvent::Cards(vec![read.into()]));
    assert_eq!((work.of(Work::CardRated), work.of(Work::CardVisited)), (1, 0), "{work:?}");
    assert!(work.of(Work::HistoryVisited) <= 2 * 5_000 / 500 + 1, "{work:?}");
}

#[test]
fn one_new_transaction_costs_no_walk() {
    let mut model = large_board(SIZE, 500, 5_000);
    let new = transaction(&key("artha", "0003"), "new", 0, "5.00 USD", "SHOP");
    let work = event(&mut model, EngineEvent::Transactions(vec![new].into()));
    assert_eq!((work.of(Work::CardRated), work.of(Work::CardVisited)), (1, 0), "{work:?}");
    assert!(work.of(Work::HistoryVisited) <= 4 * 5_000 / 500 + 4, "{work:?}");
    assert_eq!(work.of(Work::TransactionAsked), 0, "{work:?}");
}

#[test]
fn events_that_come_together_cost_as_much_as_one() {
    let mut model = large_board(SIZE, 500, 5_000);
    let new = |number: usize| {
        let of = key("artha", "0003");
        let row = transaction(&of, &format!("n-{number}"), 0, "5.00 USD", "SHOP");
        Msg::EngineEvent(EngineEvent::Transactions(vec![row].into()))
    };
    let work = counted(|| _ = crate::app::update_all(&mut model, (0..64).map(new)));
    assert_eq!(work.of(Work::CardRated), 1, "{work:?}");
    assert!(work.of(Work::HistoryVisited) <= 64 + 4 * (64 + 10), "{work:?}");
}

#[test]
fn time_that_passes_costs_nothing_until_the_minute_is_over() {
    let mut model = large_board(SIZE, 500, 5_000);
    let second = jiff::SignedDuration::from_secs(1);
    let soon = model.portfolio.now + second;
    let work = counted(|| _ = update(&mut model, Msg::Tick(soon)));
    assert_eq!(work.of(Work::CardRated) + work.of(Work::CardVisited), 0, "{work:?}");
    assert!(work.of(Work::HistoryVisited) <= 2 * 5_000 / 500, "{work:?}");
    let next = model.portfolio.now + jiff::SignedDuration::from_mins(1);
    let work = counted(|| _ = update(&mut model, Msg::Tick(next)));
    assert_eq!(work.of(Work::CardRated) + work.of(Work::CardVisited), 0, "{work:?}");
}

#[test]
fn a_merchant_typed_into_cards_costs_one_walk_through_the_transactions_a_key() {
    let mut model = large_board(SIZE, 500, 5_000);
    // The values to be offered are counted in their column.
    press(&mut model, "/ m e r c h a n t :");
    for keys in ["~", "z", "z", "space", "m", "c", "c", "enter"] {
        let work = counted(|| _ = press(&mut model, keys));
        let cards = 3 * 5_000 / 500;
        assert!(work.of(Work::HistoryVisited) <= cards, "{keys}: {work:?}");
        assert!(work.of(Work::TransactionAsked) <= 2 * 5_000, "{keys}: {work:?}");
        assert!(work.of(Work::CardVisited) <= 2 * 500, "{keys}: {work:?}");
    }
    let work = counted(|| _ = press(&mut model, "j"));
    assert!(work.of(Work::HistoryVisited) <= 3 * 5_000 / 500, "{work:?}");
    // Conditions that one transaction has to satisfy are asked of each once.
    press(&mut model, "/");
    let paste = |text: &str| Msg::Paste(text.to_owned());
    let two = paste("merchant:~zz mcc:5411 or merchant:~yy state:active");
    let work = counted(|| _ = update(&mut model, two));
    assert!(work.of(Work::HistoryVisited) <= 3 * 10, "{work:?}");
    assert!(work.of(Work::TransactionAsked) <= 2 * 5_000, "{work:?}");
}
