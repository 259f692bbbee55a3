//! A long history: what is found while it is searched, what is said of the rest, and that the
//! cursor keeps its row.

use super::*;
use crate::app::fixture::{declined, idle, key, large_board, transaction};
use crate::app::has_more_work;
use crate::app::work::{Work, counted};
use crate::domain::transaction::{RowName, RowNews, Transaction, TransactionState};
use crate::ledger::Ledger;

/// Rows one second apart, the newest a minute old. Every thousandth is a decline, every hundredth
/// was spent at a bakery.
pub(super) fn rows(count: usize) -> impl Iterator<Item = Transaction> {
    (0..count).map(|number| {
        let age = 60 + i64::try_from(number).expect("a small number");
        let merchant = if number % 100 == 0 { "BAKERY" } else { "SHOP" };
        let of = key("artha", &format!("{:04}", number % 50));
        let row = transaction(&of, &format!("t-{number}"), age, "1.00 USD", merchant);
        if number % 1_000 == 999 { declined(row, "51") } else { row }
    })
}

/// A board with so many rows, in the view of the feed, showing all time.
pub(super) fn feed_of(count: usize, size: (u16, u16)) -> Model {
    let mut model = large_board(size, 50, 0);
    let history = EngineEvent::History(Box::new(Ledger::from_rows(rows(count))));
    _ = update(&mut model, Msg::EngineEvent(history));
    idle(&mut model);
    press(&mut model, "2 ] ] ] ]");
    idle(&mut model);
    model
}

fn hold(row: Transaction) -> Transaction {
    Transaction { state: TransactionState::Hold, ..row }
}

pub(super) fn paste(model: &mut Model, words: &str) {
    _ = update(model, Msg::Paste(words.to_owned()));
}

pub(super) fn event(model: &mut Model, event: EngineEvent) {
    _ = update(model, Msg::EngineEvent(event));
}

/// The line that has these words.
pub(super) fn line(screen: &str, words: &str) -> String {
    screen.lines().find(|line| line.contains(words)).unwrap_or_default().to_owned()
}

#[test]
fn ever_shows_every_row_however_many_there_are() {
    let model = feed_of(60_000, (120, 40));
    let screen = text(&model);
    assert!(screen.contains(" of 60,000 "), "{screen}");
    assert!(screen.contains("Totals of this list"), "{screen}");
    let mut model = model;
    press(&mut model, "G");
    let screen = text(&model);
    assert!(screen.contains("-60,000 of 60,000 "), "{screen}");
    assert!(line(&screen, ">").contains("02 Apr"), "{screen}");
    press(&mut model, "y");
    let copied = press(&mut model, "i");
    let is_oldest = |effect: &Effect| matches!(effect, Effect::Copy(it) if it.text == "t-59999");
    assert!(copied.iter().any(is_oldest), "{copied:?}");
}

#[test]
fn a_search_that_goes_on_says_how_far_it_is_and_sums_nothing_up() {
    let mut model = feed_of(60_000, (120, 40));
    press(&mut model, "/");
    paste(&mut model, "bakery");
    let screen = text(&model);
    let title = line(&screen, "Feed ▐bakery▌");
    assert!(has_more_work(&model), "{screen}");
    assert!(title.contains(" so far") && title.contains("searched "), "{screen}");
    assert!(title.contains(" of 60,000"), "{title}");
    assert!(screen.contains("Totals so far, more rows follow"), "{screen}");
    idle(&mut model);
    let screen = text(&model);
    let title = line(&screen, "Feed ▐bakery▌");
    assert!(title.contains("▌ 600/60,000") && !title.contains("searched"), "{screen}");
    assert!(screen.contains("Totals of this list"), "{screen}");
}

#[test]
fn what_is_typed_while_a_search_goes_on_is_answered_and_nothing_before_it() {
    let mut model = feed_of(60_000, (120, 40));
    press(&mut model, "/");
    paste(&mut model, "bakery");
    assert!(has_more_work(&model));
    press(&mut model, "space s t a t e : d e c l i n e d ctrl-u");
    paste(&mut model, "shop state:declined");
    assert!(has_more_work(&model));
    idle(&mut model);
    let screen = text(&model);
    assert!(screen.contains("▐shop state:declined▌ 60/60,000"), "{screen}");
    // A word that no row has is left out while it is half-written, once that is known of all rows.
    press(&mut model, "space m e r c h");
    idle(&mut model);
    let screen = text(&model);
    assert!(screen.contains("no row has merch yet") && screen.contains("60/60,000"), "{screen}");
}

#[test]
fn a_list_keeps_its_cursor_when_100_000_older_rows_arrive() {
    let mut model = large_board((120, 40), 50, 0);
    let newest: Vec<Transaction> = rows(200).collect();
    event(&mut model, EngineEvent::Transactions(newest.into()));
    press(&mut model, "2 ] ] ] ] j j j");
    let before = line(&text(&model), ">");
    event(&mut model, EngineEvent::History(Box::new(Ledger::from_rows(rows(100_200)))));
    idle(&mut model);
    let screen = text(&model);
    assert_eq!(line(&screen, ">"), before, "{screen}");
    assert!(screen.contains(" of 100,200 "), "{screen}");
}

#[test]
fn rows_that_came_before_the_history_was_read_are_newer_than_it() {
    let mut model = large_board((120, 40), 50, 0);
    let old = hold(transaction(&key("artha", "0003"), "a-1", 90, "20.00 USD", "SHELL"));
    let new = Transaction { state: TransactionState::Cleared, ..old.clone() };
    event(&mut model, EngineEvent::Transactions(vec![new].into()));
    event(&mut model, EngineEvent::History(Box::new(Ledger::from_rows([old]))));
    press(&mut model, "2");
    let screen = text(&model);
    assert!(screen.contains("CLEARED") && !screen.contains("HOLD"), "{screen}");
}

#[test]
fn a_hold_that_clears_changes_in_place_under_the_cursor() {
    let mut model = feed_of(1_000, (120, 40));
    let row = hold(transaction(&key("artha", "0003"), "a-1", 62, "20.00 USD", "SHELL"));
    event(&mut model, EngineEvent::Transactions(vec![row.clone()].into()));
    press(&mut model, "j j j");
    let cursor = line(&text(&model), ">");
    assert!(cursor.contains("HOLD") && cursor.contains("SHELL"), "{}", text(&model));
    let above = text(&model).lines().position(|line| line.contains('>'));
    let cleared = Transaction { state: TransactionState::Cleared, ..row };
    event(&mut model, EngineEvent::Transactions(vec![cleared].into()));
    let screen = text(&model);
    let cursor = line(&screen, ">");
    assert!(cursor.contains("CLEARED") && cursor.contains("SHELL"), "{screen}");
    assert_eq!(screen.lines().position(|line| line.contains('>')), above);
}

#[test]
fn until_the_older_rows_are_loaded_no_count_is_of_all() {
    let mut model = loading();
    event(&mut model, EngineEvent::Transactions(rows(20).collect::<Vec<_>>().into()));
    press(&mut model, "2 / s h o p enter");
    let screen = text(&model);
    let title = line(&screen, "Feed ▐shop▌ 19 so far");
    assert!(title.contains("older ones not loaded yet"), "{screen}");
    assert!(screen.contains("Totals so far"), "{screen}");
    press(&mut model, "1 / m e r c h a n t : b a k e r y");
    let screen = text(&model);
    assert!(screen.contains("known in part, older ones not loaded yet"), "{screen}");
    press(&mut model, "esc enter");
    assert!(text(&model).contains("older ones not loaded yet"), "{}", text(&model));
    event(&mut model, EngineEvent::History(Box::default()));
    press(&mut model, "2");
    let screen = text(&model);
    assert!(screen.contains("▐shop▌ 19/20") && !screen.contains("not loaded"), "{screen}");
}

#[test]
fn the_next_decline_of_a_long_history_is_found_without_looking_at_the_rows_before_it() {
    let mut model = feed_of(60_000, (120, 40));
    for wanted in [1_000, 2_000] {
        let work = counted(|| {
            press(&mut model, "e");
            idle(&mut model);
        });
        let screen = text(&model);
        assert!(line(&screen, ">").contains("DECLINE"), "{screen}");
        assert_eq!(model.panes.feed.list.at() + 1, wanted);
        // The timeline of its card is made, its holds are counted, its last decline is looked for.
        assert!(work.of(Work::HistoryVisited) <= 3 * 60_000 / 50, "{work:?}");
    }
    press(&mut model, "G E");
    idle(&mut model);
    assert_eq!(model.panes.feed.list.at() + 1, 60_000 - 1_000);
    press(&mut model, "G e");
    idle(&mut model);
    let screen = text(&model);
    assert!(screen.contains("no other decline or unknown operation that way"), "{screen}");
}

#[test]
fn a_key_ends_the_search_for_the_next_decline() {
    let mut model = feed_of(60_000, (120, 40));
    press(&mut model, "G E");
    assert!(has_more_work(&model));
    press(&mut model, "k");
    assert!(!has_more_work(&model));
    assert_eq!(model.panes.feed.list.at() + 1, 59_999);
}

#[test]
fn the_feed_is_sorted_by_the_same_keys_as_the_cards_with_the_cursor_on_the_first_row() {
    let mut model = board_after((120, 40), "2 j j s s");
    let screen = text(&model);
    let title = line(&screen, "Feed ");
    assert!(title.contains("sort amount") && title.contains("without operations"), "{screen}");
    assert!(!title.contains("follow"), "{title}");
    let first = line(&screen, ">");
    // The largest amount of the first currency: 1,499.00 INR are no more than 22.10 EUR.
    assert!(first.contains("22.10 EUR"), "{screen}");
    press(&mut model, "S");
    let screen = text(&model);
    assert!(line(&screen, "Feed ").contains("sort amount reversed"), "{screen}");
    assert!(line(&screen, ">").contains("12.00 EUR"), "{screen}");
    press(&mut model, "s s s s s");
    let screen = text(&model);
    let title = line(&screen, "Feed ");
    assert!(title.contains("sort time") && !title.contains("without operations"), "{screen}");
    press(&mut model, "S G");
    let screen = text(&model);
    assert!(line(&screen, "Feed ").contains("sort time reversed"), "{screen}");
}

#[test]
fn cards_with_such_a_transaction_are_found_while_the_list_says_how_far_the_search_is() {
    let mut model = feed_of(60_000, (120, 40));
    press(&mut model, "1 /");
    paste(&mut model, "merchant:bakery");
    let screen = text(&model);
    let title = line(&screen, "Cards ▐merchant:bakery▌");
    assert!(title.contains("so far") && title.contains("searched "), "{screen}");
    idle(&mut model);
    let screen = text(&model);
    assert!(screen.contains("Cards ▐merchant:bakery▌ 1/50"), "{screen}");
    let work = counted(|| {
        let row = transaction(&key("artha", "0007"), "b-1", 0, "3.00 USD", "BAKERY");
        event(&mut model, EngineEvent::Transactions(vec![row].into()));
    });
    idle(&mut model);
    assert!(text(&model).contains("Cards ▐merchant:bakery▌ 2/50"), "{}", text(&model));
    // Of the card beside the list, as above.
    assert!(work.of(Work::HistoryVisited) <= 3 * (60_000 / 50 + 1), "{work:?}");
    assert!(work.of(Work::TransactionAsked) <= 10, "{work:?}");
}

/// A row that is listed under its task, and the same under its own id.
fn by_task_and_own() -> (Transaction, Transaction) {
    let by_task = hold(transaction(&key("artha", "0003"), "task-9", 90, "20.00 USD", "SHELL"));
    let own = Transaction {
        id: "a-1".into(),
        task: Some("task-9".into()),
        state: TransactionState::Cleared,
        ..by_task.clone()
    };
    (by_task, own)
}

/// What is told of a row that has another name than this one had.
fn renamed(from: &Transaction, to: &Transaction) -> EngineEvent {
    let gone = Some(vec![RowName::from(from)]);
    EngineEvent::Transactions(RowNews { rows: vec![to.clone()], gone })
}

fn kept(row: &Transaction) -> EngineEvent {
    EngineEvent::Transactions(RowNews::kept(vec![row.clone()]))
}

fn history(rows: &[Transaction]) -> EngineEvent {
    EngineEvent::History(Box::new(Ledger::from_rows(rows.iter().cloned())))
}

/// A board whose history is still loading.
fn loading() -> Model {
    let mut model = bare((120, 40));
    let of = card(CardState::Active, "Holder 3", "0003", "artha", "99.00 USD", 0);
    event(&mut model, EngineEvent::Cards(vec![of.into()]));
    event(&mut model, EngineEvent::Journal { page: Vec::new(), is_last: true });
    model
}

/// The row stands once in the feed, and once in its sums.
fn assert_once(mut model: Model) {
    press(&mut model, "2 ] ] ] ] / s h e l l enter");
    idle(&mut model);
    let screen = text(&model);
    assert!(screen.contains("▐shell▌ 1/1"), "{screen}");
    assert!(screen.contains("CLEARED") && !screen.contains("HOLD"), "{screen}");
    assert_eq!(model.portfolio.transactions.len(), 1);
}

#[test]
fn a_row_listed_under_its_task_and_later_under_its_own_id_stands_once() {
    let (by_task, own) = by_task_and_own();
    let after = |events: &[EngineEvent]| {
        let mut model = loading();
        events.iter().for_each(|one| event(&mut model, one.clone()));
        assert_once(model);
    };
    // At once.
    after(&[history(&[]), kept(&by_task), renamed(&by_task, &own)]);
    after(&[history(std::slice::from_ref(&by_task)), renamed(&by_task, &own)]);
    // While the history is loading, which was read before or after.
    for read in [&by_task, &own] {
        after(&[kept(&by_task), renamed(&by_task, &own), history(std::slice::from_ref(read))]);
        after(&[renamed(&by_task, &own), history(std::slice::from_ref(read))]);
        after(&[kept(&by_task), history(std::slice::from_ref(read)), renamed(&by_task, &own)]);
    }
}

#[test]
fn a_row_that_the_data_file_did_not_take_stands_once_when_it_takes_it_again() {
    let (by_task, own) = by_task_and_own();
    let without_card = Transaction { card_id: None, ..own.clone() };
    let unsaved = |row: &Transaction| EngineEvent::Transactions(vec![row.clone()].into());
    for first in [&by_task, &without_card, &own] {
        for is_late in [false, true] {
            let mut events = vec![unsaved(first), kept(&own)];
            events.insert(usize::from(is_late), history(&[]));
            let mut model = loading();
            events.into_iter().for_each(|one| event(&mut model, one));
            assert_once(model);
        }
    }
    let mut model = loading();
    event(&mut model, unsaved(&own));
    event(&mut model, history(&[by_task]));
    assert_once(model);
}
