//! What happens while a long history is looked at: news, time that goes by, and a paused screen.

use super::history::{event, feed_of, line, paste, rows};
use super::*;
use crate::app::fixture::{card, declined, idle, key, large_board, now, operation, transaction};
use crate::app::has_more_work;
use crate::app::work::{Work, counted};
use crate::domain::operation::{ActionKind, OperationId};
use crate::domain::transaction::Transaction;
use crate::ledger::Ledger;
use jiff::SignedDuration;

/// Shows rows one second apart, the newest a minute old, of which one is a decline.
fn feed_with_decline(count: i64, decline: i64) -> Model {
    let mut model = large_board((120, 40), 50, 0);
    let rows = (0..count).map(|number| {
        let of = key("artha", &format!("{:04}", number % 50));
        let row = transaction(&of, &format!("t-{number}"), 60 + number, "1.00 USD", "SHOP");
        if number == decline { declined(row, "51") } else { row }
    });
    event(&mut model, EngineEvent::History(Box::new(Ledger::from_rows(rows))));
    idle(&mut model);
    press(&mut model, "2 ] ] ] ]");
    idle(&mut model);
    model
}

fn new_row(id: &str) -> Transaction {
    transaction(&key("artha", "0001"), id, 1, "2.00 USD", "SHOP")
}

#[test]
fn a_word_and_an_age_are_answered_without_making_rows() {
    let mut model = feed_of(15_000, (120, 40));
    for filter in ["bakery", "age>2m", "-action:freeze", "operator:nobody or state:declined"] {
        press(&mut model, "/");
        let work = counted(|| {
            paste(&mut model, filter);
            idle(&mut model);
        });
        assert_eq!(work.of(Work::TransactionAsked), 0, "{filter}: {work:?}");
        press(&mut model, "enter");
    }
    let screen = text(&model);
    assert!(screen.contains("state:declined▌ 15/15,000"), "{screen}");
    press(&mut model, "/");
    paste(&mut model, "age>2m");
    // The newest of them is a minute old, and one more is older with each second.
    assert!(text(&model).contains("▐age>2m▌ 14,939/15,000"), "{}", text(&model));
}

#[test]
fn the_first_letter_of_a_filter_waits_for_no_name() {
    let mut model = feed_of(15_000, (120, 40));
    press(&mut model, "/");
    idle(&mut model);
    for letters in ["bak", "ery"] {
        let work = counted(|| paste(&mut model, letters));
        assert_eq!(work.of(Work::HolderAsked), 0, "{letters}: {work:?}");
    }
    assert!(text(&model).contains("bakery"), "{}", text(&model));
    // Names that came meanwhile are asked for when the line is opened again.
    press(&mut model, "esc");
    let new = card(CardState::Active, "Nova Nováková", "9999", "artha", "1.00 EUR", 5);
    event(&mut model, EngineEvent::Cards(vec![new.into()]));
    let work = counted(|| {
        press(&mut model, "/");
        idle(&mut model);
    });
    assert!(work.of(Work::HolderAsked) > 0, "{work:?}");
    let work = counted(|| paste(&mut model, "bak"));
    assert_eq!(work.of(Work::HolderAsked), 0, "{work:?}");
}

#[test]
fn a_paused_screen_with_a_relative_time_stays_paused_when_the_minute_is_over() {
    for (keys, filter) in [("2", "since:90d"), ("4", "since:90d")] {
        let mut model = feed_of(60_000, (120, 40));
        press(&mut model, keys);
        press(&mut model, "/");
        paste(&mut model, filter);
        press(&mut model, "enter");
        idle(&mut model);
        press(&mut model, "p");
        idle(&mut model);
        let revision = model.panes.feed.search.revision + model.panes.activity.search.revision;
        for seconds in [61, 122] {
            let now = now() + SignedDuration::from_secs(seconds);
            _ = update(&mut model, Msg::Tick(now));
            assert!(!has_more_work(&model), "{keys}");
        }
        let after = model.panes.feed.search.revision + model.panes.activity.search.revision;
        assert_eq!(after, revision, "{keys}");
    }
}

#[test]
fn the_next_decline_is_one_whatever_rows_come_while_it_is_looked_for() {
    let mut model = feed_with_decline(60_000, 45_000);
    press(&mut model, "g e");
    assert!(has_more_work(&model));
    event(&mut model, EngineEvent::Transactions(vec![new_row("new-1"), new_row("new-2")].into()));
    idle(&mut model);
    let screen = text(&model);
    assert!(line(&screen, ">").contains("DECLINE"), "{screen}");
    assert_eq!(model.panes.feed.list.at(), 45_002);
}

#[test]
fn a_decline_goes_before_an_older_operation_that_failed() {
    let mut model = feed_with_decline(60_000, 35_000);
    let of = key("artha", "0003");
    let failed = operation(7, ActionKind::Freeze, &of, OperationState::Failed, 60 + 45_000);
    let created_at = now() - SignedDuration::from_secs(60 + 45_000);
    let id = OperationId::new(created_at, 7, 7);
    let failed = Operation { id, created_at, updated_at: created_at, ..failed };
    event(&mut model, EngineEvent::Operation(failed));
    idle(&mut model);
    press(&mut model, "g e");
    idle(&mut model);
    let screen = text(&model);
    assert!(line(&screen, ">").contains("DECLINE"), "{screen}");
    press(&mut model, "e");
    idle(&mut model);
    assert!(line(&text(&model), ">").contains("FREEZE"), "{}", text(&model));
}

#[test]
fn what_a_paused_screen_shows_is_not_called_whole_when_the_history_is_loaded_behind_it() {
    let mut model = bare((120, 40));
    let of = card(CardState::Active, "Holder 3", "0003", "artha", "99.00 USD", 0);
    event(&mut model, EngineEvent::Cards(vec![of.into()]));
    event(&mut model, EngineEvent::Transactions(rows(20).collect::<Vec<_>>().into()));
    press(&mut model, "2 / s h o p enter p");
    event(&mut model, EngineEvent::History(Box::new(Ledger::from_rows(rows(5_000)))));
    event(&mut model, EngineEvent::Journal { page: operations(), is_last: true });
    idle(&mut model);
    let screen = text(&model);
    let title = line(&screen, "Feed ▐shop▌ 19 so far");
    assert!(title.contains("older ones not loaded yet"), "{screen}");
    assert!(screen.contains("Totals so far"), "{screen}");
    press(&mut model, "3");
    assert!(text(&model).contains("older ones not loaded yet"), "{}", text(&model));
    press(&mut model, "2 p");
    idle(&mut model);
    let screen = text(&model);
    assert!(screen.contains("▐shop▌ 4,950/") && !screen.contains("not loaded"), "{screen}");
}

#[test]
fn the_name_of_a_holder_moves_no_cursor_where_no_name_is_asked_for() {
    let mut model = feed_of(60_000, (120, 40));
    press(&mut model, "/");
    paste(&mut model, "state:cleared");
    press(&mut model, "enter");
    idle(&mut model);
    press(&mut model, "G");
    let before = (model.panes.feed.list.at(), line(&text(&model), ">"));
    let named = card(CardState::Active, "New Name", "9999", "artha", "99.00 USD", 0);
    event(&mut model, EngineEvent::Cards(vec![named.into()]));
    assert!(!has_more_work(&model));
    assert_eq!((model.panes.feed.list.at(), line(&text(&model), ">")), before);
    // A word may be a name: it is looked for again.
    press(&mut model, "/");
    paste(&mut model, "renamed");
    press(&mut model, "enter");
    idle(&mut model);
    let renamed = card(CardState::Active, "Renamed", "0003", "artha", "99.00 USD", 0);
    event(&mut model, EngineEvent::Cards(vec![renamed.into()]));
    idle(&mut model);
    assert!(text(&model).contains("▐renamed▌ 1,200/60,000"), "{}", text(&model));
}

#[test]
fn a_sorted_feed_keeps_its_rows_and_its_cursor_while_news_is_put_in_order() {
    let mut model = feed_of(60_000, (120, 40));
    press(&mut model, "s s");
    idle(&mut model);
    press(&mut model, "pgdn pgdn pgdn");
    let before = (model.panes.feed.list.at(), line(&text(&model), ">"));
    assert!(before.0 > 0 && !before.1.is_empty());
    event(&mut model, EngineEvent::Transactions(vec![new_row("new-1")].into()));
    assert!(has_more_work(&model));
    let screen = text(&model);
    assert_eq!((model.panes.feed.list.at(), line(&screen, ">")), before, "{screen}");
    idle(&mut model);
    let screen = text(&model);
    assert_eq!(line(&screen, ">"), before.1, "{screen}");
    assert!(screen.contains(" of 60,001 "), "{screen}");
    // What another choice shows does not begin with the rows of the one before.
    press(&mut model, "/");
    paste(&mut model, "bakery");
    let screen = text(&model);
    assert!(!line(&screen, ">").contains("SHOP"), "{screen}");
}

#[test]
fn a_frame_makes_no_row_of_a_card_to_count_its_holds_and_find_its_last_decline() {
    let mut model = large_board((120, 40), 50, 0);
    let of = key("artha", "0003");
    // Those of the last day are looked at for a decline that can be covered.
    let row = |n: i64| transaction(&of, &format!("t-{n}"), 90_000 + n, "1.00 USD", "SHOP");
    event(&mut model, EngineEvent::History(Box::new(Ledger::from_rows((0..20_000).map(row)))));
    press(&mut model, "2 ] ] ] ] enter");
    assert_eq!(model.panes.detail.list.len(), 20_000);
    let work = counted(|| _ = text(&model));
    assert!(work.of(Work::HistoryVisited) < 100, "{work:?}");
}
