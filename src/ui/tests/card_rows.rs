//! That the number of rows of one card makes no difference to a frame, to its news and to a key.

use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::fixture::{card, declined, key, large_board, now, operation, press, transaction};
use crate::app::list::Rows as _;
use crate::app::work::{Counts, Work, counted};
use crate::app::{Model, Msg, update};
use crate::domain::card::{CardKey, CardState};
use crate::domain::operation::{ActionKind, OperationState};
use crate::domain::transaction::{RowNews, Transaction, TransactionState};
use crate::engine::EngineEvent;
use crate::ui::theme::Theme;
use crate::ui::view;

const SIZE: (u16, u16) = (120, 40);

fn of() -> CardKey {
    key("artha", "0003")
}

/// A row of the card, the first one two minutes ago. Every tenth is a hold, some are declines.
fn row(number: i64) -> Transaction {
    let shop = format!("SHOP {}", number % 7);
    let row = transaction(&of(), &format!("r{number}"), 120 + number, "5.00 USD", &shop);
    match number {
        400 | 1_400 => declined(row, "51"),
        _ if number % 10 == 0 => Transaction { state: TransactionState::Hold, ..row },
        _ => row,
    }
}

/// The board with the cursor on a card of so many rows.
fn board(rows: i64) -> Model {
    let mut model = large_board(SIZE, 50, 0);
    tell(&mut model, EngineEvent::Transactions(RowNews::kept((0..rows).map(row).collect())));
    model.panes.cards.list.select(&of());
    press(&mut model, "2 1");
    assert_eq!(model.panes.detail.card, Some(of()));
    model
}

fn tell(model: &mut Model, event: EngineEvent) -> Counts {
    counted(|| _ = update(model, Msg::EngineEvent(event)))
}

fn frame(model: &Model) -> Counts {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    counted(|| _ = view(model, &Theme::default(), &mut buffer))
}

fn looked_at(work: &Counts) -> usize {
    work.of(Work::HistoryVisited) + work.of(Work::CardRowRead)
}

#[test]
fn a_frame_makes_the_rows_that_it_shows_of_a_card_with_many() {
    for keys in ["", "enter", "G", "g esc"] {
        let [few, many] = [2_000, 20_000].map(|rows| {
            let mut model = board(rows);
            press(&mut model, keys);
            let work = frame(&model);
            (looked_at(&work), work.of(Work::RowFormatted))
        });
        assert!(many.0 <= few.0.max(40) && many.1 <= 40, "{keys}: {few:?}, {many:?}");
    }
}

#[test]
fn news_of_other_cards_looks_at_no_row_of_the_card_that_is_shown() {
    let mut model = board(20_000);
    for number in 0..3 {
        let other = key("artha", "0007");
        let row = transaction(&other, &format!("o{number}"), 0, "5.00 USD", "SHOP");
        let work = tell(&mut model, EngineEvent::Transactions(vec![declined(row, "51")].into()));
        assert!(looked_at(&work) <= 8, "{work:?}");
    }
    assert_eq!(model.panes.detail.list.len(), 20_000);
}

#[test]
fn news_of_the_card_that_is_shown_reads_the_columns_of_what_has_changed() {
    // A hundred thousand rows in a debug build take long; chunks have 14,336 rows at most.
    let [few, many] = [20_000, 40_000].map(|rows| {
        let mut model = board(rows);
        let mut most = 0;
        for number in 0..3 {
            let row = transaction(&of(), &format!("n{number}"), 0, "5.00 USD", "SHOP");
            let work = tell(&mut model, EngineEvent::Transactions(RowNews::kept(vec![row])));
            assert!(work.of(Work::CardRowRead) <= 14_336, "{work:?}");
            most = most.max(work.of(Work::HistoryVisited));
        }
        let rows = usize::try_from(rows).expect("few");
        assert_eq!(model.panes.detail.list.len(), rows + 3);
        most
    });
    assert_eq!(few, many);
}

#[test]
fn a_second_and_a_key_look_at_no_row_of_the_card_that_is_shown() {
    let mut model = board(20_000);
    let work = counted(|| {
        let at = model.portfolio.now + SignedDuration::from_secs(1);
        _ = update(&mut model, Msg::Tick(at));
    });
    assert_eq!(looked_at(&work), 0, "{work:?}");
    press(&mut model, "enter");
    for keys in ["j", "k", "pgdn", "G", "g"] {
        let work = counted(|| _ = press(&mut model, keys));
        assert!(looked_at(&work) <= 8, "{keys}: {work:?}");
    }
}

#[test]
fn the_timeline_is_the_rows_and_operations_by_time_in_every_tab() {
    let mut model = board(300);
    for (number, age) in [(1, 0), (2, 125), (3, 125), (4, 9_000)] {
        let kind = if number == 3 { ActionKind::TopUp } else { ActionKind::Freeze };
        let state = if number == 2 { OperationState::Failed } else { OperationState::Done };
        tell(&mut model, EngineEvent::Operation(operation(number, kind, &of(), state, age)));
    }
    press(&mut model, "enter");
    for tab in ["all", "holds", "declines", "top-ups", "audit"] {
        assert_eq!(model.panes.detail.tab.as_str(), tab);
        let rows = model.panes.detail.list.rows();
        let all: Vec<_> = (0..rows.len()).filter_map(|index| rows.nth(index)).collect();
        assert_eq!(all.len(), rows.len());
        let times: Vec<_> =
            all.iter().filter_map(|entry| Some(entry.known(&model.portfolio)?.at())).collect();
        assert!(times.is_sorted_by(|a, b| a >= b) && times.len() == all.len(), "{tab}");
        for (index, entry) in all.iter().enumerate() {
            assert_eq!(rows.position(entry), Some(index), "{tab}");
        }
        let wanted = match tab {
            "all" => 304,
            "holds" => 30,
            "declines" => 0,
            "top-ups" => 1,
            _ => 4,
        };
        assert_eq!(rows.len(), wanted, "{tab}");
        assert_eq!(model.panes.detail.hidden + rows.len(), 304, "{tab}");
        press(&mut model, "l");
    }
}

#[test]
fn what_stands_above_the_timeline_follows_news_of_the_card() {
    let mut model = board(100);
    let read = card(CardState::Active, "Holder 3", "0003", "artha", "1.00 USD", 0);
    tell(&mut model, EngineEvent::Cards(vec![read.into()]));
    assert_eq!(model.portfolio.last_decline(&of()), None);
    let new = declined(transaction(&of(), "d", 0, "5.00 USD", "SHOP 1"), "51");
    tell(&mut model, EngineEvent::Transactions(RowNews::kept(vec![new.clone()])));
    assert_eq!(model.portfolio.last_decline(&of()), Some(new.clone()));
    assert_eq!(model.portfolio.declines_to_cover(&of()), std::slice::from_ref(&new));
    assert_eq!(model.portfolio.count_holds(&of()), 10);
    let passed = transaction(&of(), "p", -2, "5.00 USD", "SHOP 1");
    tell(&mut model, EngineEvent::Transactions(RowNews::kept(vec![passed.clone()])));
    assert_eq!(model.portfolio.passed_later(&new), Some(passed));
    assert!(model.portfolio.declines_to_cover(&of()).is_empty());
    assert!(model.portfolio.now >= now());
}

#[test]
fn what_can_be_covered_of_a_card_that_spends_all_day_is_found_in_one_pass() {
    const ROWS: i64 = 900;
    let row = |number: i64| {
        let amount = ["5.00 USD", "5.0 USD", "7.00 USD", "-5.00 USD"][(number % 4) as usize];
        let shop = format!("SHOP {}", number * 7 % 23);
        // Two rows of each time.
        let age = 20 * (number / 2);
        let row = transaction(&of(), &format!("m{number}"), 60 + age, amount, &shop);
        match number % 5 {
            0 | 1 => declined(row, "51"),
            2 => Transaction { state: TransactionState::Hold, ..row },
            _ => row,
        }
    };
    let rows = || EngineEvent::Transactions(RowNews::kept((0..ROWS).map(row).collect()));
    let mut model = board(0);
    tell(&mut model, rows());
    let mut beside_another = large_board(SIZE, 50, 0);
    tell(&mut beside_another, rows());
    press(&mut beside_another, "j");
    assert_ne!(beside_another.panes.detail.card, Some(of()));
    let one_by_one = beside_another.portfolio.declines_to_cover(&of());
    assert!(one_by_one.len() > 20 && one_by_one.len() < 340, "{}", one_by_one.len());
    assert_eq!(model.portfolio.declines_to_cover(&of()), one_by_one);
    let work = tell(&mut model, EngineEvent::Transactions(RowNews::kept(vec![row(ROWS)])));
    let made = work.of(Work::HistoryVisited);
    assert!(made < 400, "no more are made than there are declines: {work:?}");
    let work = counted(|| {
        let at = model.portfolio.now + SignedDuration::from_secs(1);
        _ = update(&mut model, Msg::Tick(at));
    });
    assert_eq!(looked_at(&work), 0, "{work:?}");
    let work = frame(&model);
    assert!(looked_at(&work) <= 8, "a frame looks at what it shows: {work:?}");
}
