//! A larger window only ever adds: every width and every height is walked, over what is hard to
//! fit, and nothing that was whole may be cut, hidden or gone one step further.

mod seen;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::board_after;
use crate::app::fixture::{ago, card, key, money, operation, press, transaction};
use crate::app::present::header;
use crate::app::{Model, Msg, update};
use crate::domain::card::CardState;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::engine::EngineEvent;
use crate::ui::theme::Theme;
use crate::ui::view;
use seen::{Direction, Seen};

/// Widths and heights that are walked, and at which sizes the other way.
const WIDTHS: std::ops::RangeInclusive<u16> = 60..=240;
const HEIGHTS: std::ops::RangeInclusive<u16> = 16..=60;
const AT_HEIGHTS: [u16; 4] = [16, 24, 40, 60];
const AT_WIDTHS: [u16; 7] = [60, 80, 100, 120, 160, 200, 240];

/// Keys to each view, with the filter and the explanation among them.
const VIEWS: [&str; 8] = [
    "",
    "/ s t a t e : a c t i v e enter j j j",
    "2",
    "2 i",
    "3 j",
    "4 j j",
    "/ 4 2 4 2 enter enter",
    "z",
];

/// Long names, large and small amounts, debts, declines, times of other days and years.
fn hard_to_fit(keys: &str) -> Model {
    let mut model = board_after((60, 16), "");
    let (long, rich, debt) = (key("artha", "9001"), key("banana", "9002"), key("ibanera", "9003"));
    let declined = |row: Transaction| Transaction {
        state: TransactionState::Declined,
        provider_state: "DECLINED".into(),
        decline_reason: Some("INSUFFICIENT_FUNDS".into()),
        ..row
    };
    let top_up = Operation {
        amount: Some(money("2500000 JPY")),
        detail: Some("nothing like it in 4 pages of the list, looked at 12 times".into()),
        ..operation(40, ActionKind::TopUp, &rich, OperationState::Unknown, 90_000)
    };
    let rows = vec![
        declined(transaction(&long, "h-1", 100, "1448.50 USD", "BARTHOLOMEW & SONS HARDWARE")),
        declined(transaction(&rich, "h-2", 200, "9448500 JPY", "TOKYO STATION")),
        declined(transaction(&debt, "h-3", 300, "123456.789 KWD", "LULU")),
        transaction(&long, "h-4", 100_000, "12.00 USD", "YESTERDAY SHOP"),
        transaction(&long, "h-5", 40_000_000, "13.00 USD", "SHOP OF LAST YEAR"),
        Transaction {
            kind: TransactionKind::Refund,
            ..transaction(&rich, "h-6", 250_000, "77000 JPY", "RETURN")
        },
    ];
    let cards = vec![
        card(
            CardState::Active,
            "Bartholomew Featherstonehaugh-Smythe",
            "9001",
            "artha",
            "7.25 USD",
            4,
        ),
        card(CardState::Active, "Takahashi Ryunosuke", "9002", "banana", "9123456 JPY", 21),
        card(CardState::Frozen, "Debt", "9003", "ibanera", "-98765.432 KWD", 18),
    ];
    for event in [
        EngineEvent::Cards(cards.into_iter().map(Into::into).collect()),
        EngineEvent::Transactions(rows.into()),
        EngineEvent::Operation(top_up),
        EngineEvent::Float {
            provider: crate::domain::card::ProviderId::new("banana"),
            float: vec![money("1234567 JPY"), money("98.765 KWD"), money("4400.00 USD")],
            at: ago(50),
        },
    ] {
        _ = update(&mut model, Msg::EngineEvent(event));
    }
    press(&mut model, keys);
    model
}

/// What is seen of the board at this size.
fn seen(model: &mut Model, size: (u16, u16), buffer: &mut Buffer, direction: Direction) -> Seen {
    _ = update(model, Msg::Resized(size.0, size.1));
    buffer.resize(Rect::new(0, 0, size.0, size.1));
    buffer.reset();
    let cells = crate::ui::table::recorded(|| _ = view(model, &Theme::default(), buffer));
    Seen::of(model, buffer, &cells, direction)
}

/// Everything that a walk over these sizes loses.
fn lost_on_the_way(
    model: &mut Model,
    sizes: impl Iterator<Item = (u16, u16)>,
    direction: Direction,
) -> Vec<String> {
    let mut lost = Vec::new();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 0, 0));
    let mut before: Option<((u16, u16), Seen)> = None;
    for size in sizes {
        let now = seen(model, size, &mut buffer, direction);
        if let Some((from, before)) = &before {
            let lines = before.lost_in(&now, direction);
            lost.extend(lines.into_iter().map(|line| format!("{from:?} -> {size:?}: {line}")));
        }
        before = Some((size, now));
    }
    lost
}

#[test]
fn a_wider_window_only_ever_adds() {
    let mut lost = Vec::new();
    for keys in VIEWS {
        let mut model = hard_to_fit(keys);
        for height in AT_HEIGHTS {
            let sizes = WIDTHS.map(|width| (width, height));
            let more = lost_on_the_way(&mut model, sizes, Direction::Wider);
            lost.extend(more.into_iter().map(|line| format!("{keys:?} {line}")));
        }
    }
    assert_eq!(lost.len(), 0, "{} of them:\n{}", lost.len(), seen::first(&lost));
}

#[test]
fn a_taller_window_only_ever_adds() {
    let mut lost = Vec::new();
    for keys in VIEWS {
        let mut model = hard_to_fit(keys);
        for width in AT_WIDTHS {
            let sizes = HEIGHTS.map(|height| (width, height));
            let more = lost_on_the_way(&mut model, sizes, Direction::Taller);
            lost.extend(more.into_iter().map(|line| format!("{keys:?} {line}")));
        }
    }
    assert_eq!(lost.len(), 0, "{} of them:\n{}", lost.len(), seen::first(&lost));
}

#[test]
fn what_is_lost_on_the_way_is_found() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 0, 0));
    let mut lost = |from, to, direction| {
        let mut model = hard_to_fit("");
        let before = seen(&mut model, from, &mut buffer, direction);
        let after = seen(&mut model, to, &mut buffer, direction);
        before.lost_in(&after, direction).join("\n")
    };
    let narrower = lost((130, 30), (70, 30), Direction::Wider);
    for loss in [
        "no pane Detail",
        "Cards has no column Provider",
        "Feed has no column Holder",
        "Cards: Holder|Who is cut in ACTIVE Mara Lindqvist",
        "above there is no 2026-04-03",
    ] {
        assert!(narrower.contains(loss), "{loss} is not among\n{narrower}");
    }
    let lower = lost((130, 40), (130, 24), Direction::Taller);
    for loss in ["Cards has no row ACTIVE", "Feed has no row", "Detail has no line"] {
        assert!(lower.contains(loss), "{loss} is not among\n{lower}");
    }
    assert_eq!(lost((130, 30), (130, 30), Direction::Wider), "");
}

#[test]
fn whether_changes_go_through_and_to_real_money_is_shown_in_the_narrowest_window() {
    let mut model = hard_to_fit("p");
    for columns in [30, 40, 60] {
        let (left, right) = header::first(&model, columns);
        let line: String = left.iter().chain(&right).map(|(_, text)| text.as_str()).collect();
        assert!(line.contains("PROD") && line.contains("WRITE"), "{columns}: {line}");
        assert!(columns < 40 || line.contains("2 UNKNOWN"), "{columns}: {line}");
    }
    _ = update(&mut model, Msg::EngineEvent(EngineEvent::ReadOnly(true)));
    _ = update(&mut model, Msg::Resized(60, 16));
    let screen = super::text(&model);
    assert!(screen.contains("PROD") && screen.contains("READ"), "{screen}");
}

#[test]
fn nothing_is_drawn_across_a_frame_at_any_size_and_with_either_glyphs() {
    for keys in VIEWS {
        let mut model = hard_to_fit(keys);
        for width in [60, 61, 80, 99, 100, 120, 137, 160, 200, 240] {
            for height in [16, 17, 18, 19, 24, 40, 60] {
                _ = update(&mut model, Msg::Resized(width, height));
                for ascii in [false, true] {
                    let theme = Theme { ascii, ..Theme::default() };
                    let buffer = super::drawn_with(&model, &theme);
                    let side = if ascii { "|" } else { "│" };
                    for (pane, area) in model.layout().panes {
                        let below = area.y + 1..area.bottom().max(1) - 1;
                        for y in below {
                            for x in [area.x, area.right() - 1] {
                                let symbol = buffer[(x, y)].symbol();
                                assert_eq!(symbol, side, "{keys:?} {pane:?} {width}x{height}");
                            }
                        }
                    }
                    let all = buffer.content().iter();
                    let foreign = all.map(ratatui::buffer::Cell::symbol).find(|it| !it.is_ascii());
                    assert!(!ascii || foreign.is_none(), "{keys:?} {width}x{height}: {foreign:?}");
                }
            }
        }
    }
}

#[test]
fn a_window_of_no_size_is_drawn_whole_again_once_it_is_larger() {
    let mut model = hard_to_fit("");
    let before = super::text(&model);
    for size in [(0, 0), (1, 1), (0, 40), (200, 0), (59, 15), (3, 16)] {
        _ = update(&mut model, Msg::Resized(size.0, size.1));
        let small = super::text(&model);
        assert!(size.0 < 11 || size.1 == 0 || small.contains("60x16"), "{size:?}: {small}");
        _ = update(&mut model, Msg::Resized(60, 16));
        assert_eq!(super::text(&model), before, "after {size:?}");
    }
}
