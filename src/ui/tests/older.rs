//! Transactions that are older than those in memory: what is said of them, and what a search in the
//! data file finds.

use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::{Config, TestRunner};

use super::history::{event, line, paste, rows};
use super::*;
use crate::app::entry::Known;
use crate::app::fixture::{declined, key, large_board, transaction};
use crate::app::has_more_work;
use crate::app::list::Rows as _;
use crate::config::InMemory;
use crate::domain::transaction::{RowName, RowNews, Transaction, TransactionState};
use crate::engine::{OlderPage, PageKey};
use crate::ledger::{Ledger, RowKey};

/// Rows of one page.
const PAGE: usize = 500;

/// The data file, as far as the board asks it.
struct DataFile {
    /// All rows, the newest first.
    rows: Vec<Transaction>,
    /// How many pages it has read.
    pages: usize,
}

impl DataFile {
    fn of(rows: impl IntoIterator<Item = Transaction>) -> Self {
        let mut rows: Vec<Transaction> = rows.into_iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(RowKey::from(row)));
        Self { rows, pages: 0 }
    }

    /// A page as the engine reads it: a row's number is its place from the oldest on.
    fn read(&mut self, effects: &[Effect]) -> Option<EngineEvent> {
        let asked = effects.iter().rev().find_map(|effect| match effect {
            Effect::Ask(Job::OlderRows { asked, before, since, .. }) => {
                Some((*asked, *before, *since))
            }
            _ => None,
        });
        let (asked, before, since) = asked?;
        self.pages += 1;
        let last = i64::try_from(self.rows.len()).expect("a small number");
        let keys = (0..last).rev().map(|change| change + 1);
        let of_page = keys.zip(&self.rows).filter(|(change, row)| {
            row.at >= since && PageKey { at: row.at, change: *change } < before
        });
        let of_page: Vec<(i64, &Transaction)> = of_page.take(PAGE).collect();
        let next = of_page.last().filter(|_| of_page.len() == PAGE);
        let next = next.map(|(change, row)| PageKey { at: row.at, change: *change });
        let rows = Ledger::from_rows(of_page.into_iter().map(|(_, row)| row.clone()));
        let rows = Box::new(rows);
        Some(EngineEvent::OlderRows { asked, page: Ok(OlderPage { rows, next }) })
    }

    /// Answers until nothing is asked and nothing is to be done any more.
    fn serve(&mut self, model: &mut Model, mut effects: Vec<Effect>) {
        for _ in 0..200 {
            while has_more_work(model) {
                effects.extend(update(model, Msg::Continue));
            }
            match self.read(&effects) {
                Some(page) => effects = update(model, Msg::EngineEvent(page)),
                None => return,
            }
        }
        panic!("the search does not end");
    }

    /// A board with the newest `held` rows in memory, in the view of the feed, showing all time.
    fn board(&self, held: usize, size: (u16, u16)) -> Model {
        let mut model = large_board(size, 50, 0);
        let (newest, older) = self.rows.split_at(held);
        if let Some(last) = newest.last().filter(|_| !older.is_empty()) {
            event(&mut model, EngineEvent::Horizon { from: last.at, older: older.len() as u64 });
        }
        let history = Ledger::from_rows(newest.iter().cloned());
        event(&mut model, EngineEvent::History(Box::new(history)));
        press(&mut model, "2 ] ] ] ]");
        while has_more_work(&model) {
            _ = update(&mut model, Msg::Continue);
        }
        model
    }
}

/// 4,000 rows, of which the newest 1,000 are in memory.
fn mostly_older(size: (u16, u16)) -> (DataFile, Model) {
    let file = DataFile::of(rows(4_000));
    let model = file.board(1_000, size);
    (file, model)
}

/// Types a filter and keeps it; what is asked of the engine then.
fn filtered(model: &mut Model, words: &str) -> Vec<Effect> {
    press(model, "/ ctrl-u");
    paste(model, words);
    press(model, "enter")
}

fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Ask(Job::OlderRows { .. })))
}

/// The ids of all rows of the feed.
fn ids(model: &Model) -> Vec<String> {
    let list = model.panes.feed.list.rows();
    let id = |index| match list.nth(index)?.known(&model.portfolio)? {
        Known::Transaction(row) => Some(row.id.to_string()),
        Known::Operation(_) => None,
    };
    (0..list.len()).filter_map(id).collect()
}

#[test]
fn what_is_older_than_the_memory_is_counted_and_nothing_is_read_before_it_is_asked_for() {
    let (mut file, mut model) = mostly_older((120, 40));
    let screen = text(&model);
    assert!(line(&screen, "Feed ").contains("3,000 older in the data file"), "{screen}");
    assert!(screen.contains("Totals of the rows in memory"), "{screen}");
    press(&mut model, "/");
    paste(&mut model, "bakery");
    let screen = text(&model);
    assert!(screen.contains("▐bakery▌ 10 so far"), "{screen}");
    assert!(screen.contains("3,000 older in the data file"), "{screen}");
    let asked = press(&mut model, "enter");
    assert!(asks(&asked), "{asked:?}");
    file.serve(&mut model, asked);
    let screen = text(&model);
    let title = line(&screen, "Feed ");
    assert!(title.contains("▐bakery▌ 40/4,000"), "{screen}");
    assert!(title.contains("data file searched") && !title.contains("so far"), "{screen}");
    assert!(screen.contains("Totals of this list"), "{screen}");
    assert_eq!(file.pages, 3_000 / PAGE + 1);
    press(&mut model, "G");
    let screen = text(&model);
    assert!(line(&screen, ">").contains("BAKERY"), "{screen}");
    press(&mut model, "y");
    let copied = press(&mut model, "i");
    let is_oldest = |effect: &Effect| matches!(effect, Effect::Copy(it) if it.text == "t-3900");
    assert!(copied.iter().any(is_oldest), "{copied:?}");
}

#[test]
fn beyond_the_last_row_the_data_file_is_read_without_a_filter_too() {
    let (mut file, mut model) = mostly_older((120, 40));
    assert!(!asks(&press(&mut model, "j pgdn k")));
    let asked = press(&mut model, "G");
    assert!(asks(&asked));
    file.serve(&mut model, asked);
    let screen = text(&model);
    // More than are held here.
    assert!(line(&screen, "Feed ").contains("cut at 1,500 found"), "{screen}");
    assert_eq!(model.panes.feed.list.len(), 2_500);
    assert!(screen.contains("without those of the data file"), "{screen}");
    // The cursor stays where it was: on the row before those that were found.
    assert_eq!(model.panes.feed.list.at(), 999);
    let asked = filtered(&mut model, "merchant:bakery");
    file.serve(&mut model, asked);
    assert!(text(&model).contains("▐merchant:bakery▌ 40/4,000"), "{}", text(&model));
}

#[test]
fn a_search_in_the_data_file_says_how_far_it_is_and_esc_stops_it_until_the_operator_goes_on() {
    let (mut file, mut model) = mostly_older((200, 60));
    let asked = filtered(&mut model, "bakery");
    let page = file.read(&asked).expect("a page");
    let asked = update(&mut model, Msg::EngineEvent(page));
    let screen = text(&model);
    let title = line(&screen, "Feed ");
    assert!(title.contains("searched 500 of 3,000 in the data file, back to"), "{screen}");
    assert!(title.contains("15 so far"), "{screen}");
    assert!(screen.contains("Totals of the rows in memory, without"), "{screen}");
    let late = file.read(&asked).expect("the next page");
    press(&mut model, "esc");
    let screen = text(&model);
    assert!(line(&screen, "Feed ").contains("stopped at 500 of 3,000"), "{screen}");
    assert!(!asks(&update(&mut model, Msg::EngineEvent(late))));
    assert_eq!(model.panes.feed.list.len(), 15, "what comes late is not shown");
    let asked = press(&mut model, "G");
    file.serve(&mut model, asked);
    assert!(text(&model).contains("▐bakery▌ 40/4,000"), "{}", text(&model));
    // The next Esc clears the filter.
    press(&mut model, "esc");
    assert!(line(&text(&model), "Feed ").contains("3,000 older"), "{}", text(&model));
    assert_eq!(model.panes.feed.list.len(), 1_000);
}

#[test]
fn another_filter_ends_the_search_and_shows_nothing_of_it() {
    let (mut file, mut model) = mostly_older((120, 40));
    let asked = filtered(&mut model, "bakery");
    let page = file.read(&asked).expect("a page");
    let asked = update(&mut model, Msg::EngineEvent(page));
    let late = file.read(&asked).expect("the next page");
    press(&mut model, "/");
    paste(&mut model, "state:declined");
    assert!(!asks(&update(&mut model, Msg::EngineEvent(late.clone()))));
    let asked = press(&mut model, "enter");
    // It does not answer the new question either.
    assert!(!asks(&update(&mut model, Msg::EngineEvent(late))));
    assert_eq!(ids(&model), ["t-999"]);
    file.serve(&mut model, asked);
    assert_eq!(ids(&model), ["t-999", "t-1999", "t-2999", "t-3999"]);
    let screen = text(&model);
    assert!(screen.contains("▐state:declined▌ 4/4,000"), "{screen}");
}

#[test]
fn a_range_within_the_memory_asks_for_nothing_and_one_beyond_it_for_its_time_alone() {
    let file = DataFile::of(rows(4_000));
    let mut model = file.board(2_000, (120, 40));
    press(&mut model, "[ [ [ [ [ [ [");
    let screen = text(&model);
    assert!(!screen.contains(" older "), "15 minutes are 840 rows: {screen}");
    assert!(!asks(&filtered(&mut model, "bakery")));
    assert!(!asks(&press(&mut model, "G")));
    let asked = press(&mut model, "]");
    let since = asked.iter().find_map(|effect| match effect {
        Effect::Ask(Job::OlderRows { since, .. }) => Some(*since),
        _ => None,
    });
    assert_eq!(since, Some(model.portfolio.now - SignedDuration::from_hours(1)), "{asked:?}");
    let mut file = file;
    file.serve(&mut model, asked);
    assert!(text(&model).contains("▐bakery▌ 36/3,541"), "{}", text(&model));
}

#[test]
fn a_pause_and_an_open_dialog_leave_the_older_rows_where_they_are() {
    let (mut file, mut model) = mostly_older((120, 40));
    let asked = filtered(&mut model, "bakery");
    let page = file.read(&asked).expect("a page");
    let asked = update(&mut model, Msg::EngineEvent(page));
    let page = file.read(&asked).expect("the next page");
    press(&mut model, "f");
    assert!(model.dialog.is_some(), "{}", text(&model));
    let asked = update(&mut model, Msg::EngineEvent(page));
    assert!(asks(&asked) && !has_more_work(&model), "nothing spins behind a dialog");
    press(&mut model, "esc p");
    file.serve(&mut model, asked);
    assert_eq!(model.panes.feed.list.len(), 40);
    let of = key("artha", "0003");
    let late = transaction(&of, "l-1", 3_000, "1.00 USD", "BAKERY");
    let later = model.portfolio.now + SignedDuration::from_secs(9);
    _ = update(&mut model, Msg::Tick(later));
    let late = Transaction { seen_at: model.portfolio.now, ..late };
    event(&mut model, EngineEvent::Transactions(RowNews::kept(vec![late])));
    assert_eq!(model.panes.feed.list.len(), 40, "what is paused stays as it was");
    press(&mut model, "p");
    assert_eq!(model.panes.feed.list.len(), 41);
}

#[test]
fn a_hold_that_changes_while_it_is_older_changes_where_it_is_shown() {
    let of = key("artha", "0003");
    let hold = Transaction {
        state: TransactionState::Hold,
        ..transaction(&of, "h-1", 2_500, "20.00 USD", "SHELL")
    };
    let cleared = Transaction { state: TransactionState::Cleared, ..hold.clone() };
    let news = |row: &Transaction| EngineEvent::Transactions(RowNews::kept(vec![row.clone()]));
    let file = || DataFile::of(rows(4_000).chain([hold.clone()]));
    // After it was found, while its page is on its way, and before it was asked for.
    for step in 0..3 {
        let mut file = file();
        let mut model = file.board(1_000, (120, 40));
        if step == 2 {
            event(&mut model, news(&cleared));
            assert_eq!(model.portfolio.transactions.len(), 1_000, "it stays out of memory");
            file = DataFile::of(rows(4_000).chain([cleared.clone()]));
        }
        let asked = filtered(&mut model, "shell");
        if step == 0 {
            file.serve(&mut model, asked);
            assert!(text(&model).contains("HOLD"), "{}", text(&model));
            event(&mut model, news(&cleared));
        } else {
            let mut asked = asked;
            while let Some(page) = file.read(&asked) {
                if step == 1 {
                    event(&mut model, news(&cleared));
                }
                asked = update(&mut model, Msg::EngineEvent(page));
            }
        }
        let screen = text(&model);
        assert!(screen.contains("▐shell▌ 1/4,001"), "{step}: {screen}");
        assert!(screen.contains("CLEARED") && !screen.contains("HOLD"), "{step}: {screen}");
    }
}

#[test]
fn an_older_row_that_gets_another_name_stands_once() {
    let of = key("artha", "0003");
    let by_task = transaction(&of, "task-9", 2_500, "20.00 USD", "SHELL");
    let own = Transaction { id: "a-1".into(), task: Some("task-9".into()), ..by_task.clone() };
    let mut file = DataFile::of(rows(4_000).chain([by_task.clone()]));
    let mut model = file.board(1_000, (120, 40));
    let asked = filtered(&mut model, "shell");
    file.serve(&mut model, asked);
    let gone = Some(vec![RowName::from(&by_task)]);
    let renamed = RowNews { rows: vec![own], gone };
    event(&mut model, EngineEvent::Transactions(renamed));
    assert_eq!(ids(&model), ["a-1"]);
}

#[test]
fn rows_that_leave_the_memory_while_the_board_runs_are_counted_and_found_again() {
    let file = DataFile::of(rows(50_000));
    let mut model = large_board((120, 40), 50, 0);
    model.portfolio.in_memory = InMemory { rows: 20_000, age: None };
    let history = Ledger::from_rows(file.rows.iter().cloned());
    event(&mut model, EngineEvent::History(Box::new(history)));
    let held = model.portfolio.transactions.len();
    assert!((20_000..40_000).contains(&held), "whole chunks leave: {held}");
    press(&mut model, "2 ] ] ] ]");
    let screen = text(&model);
    let older = crate::domain::text::thousands(50_000 - held);
    assert!(line(&screen, "Feed ").contains(&format!("{older} older")), "{screen}");
    let mut file = file;
    let asked = filtered(&mut model, "state:declined");
    file.serve(&mut model, asked);
    assert!(text(&model).contains("▐state:declined▌ 50/50,000"), "{}", text(&model));
    // And by their age: the board's time goes on.
    model.portfolio.in_memory =
        InMemory { rows: 20_000, age: Some(std::time::Duration::from_secs(10_000)) };
    let new = transaction(&key("artha", "0003"), "new", 0, "1.00 USD", "SHOP");
    event(&mut model, EngineEvent::Transactions(RowNews::kept(vec![new])));
    assert!(model.portfolio.transactions.len() < held, "{held}");
}

#[test]
fn the_next_decline_may_be_an_older_one() {
    let (mut file, mut model) = mostly_older((120, 40));
    let asked = filtered(&mut model, "mcc:5411");
    file.serve(&mut model, asked);
    // The list is cut: 1,500 of the older ones are shown, with one decline.
    press(&mut model, "e");
    assert!(line(&text(&model), ">").contains("DECLINE"), "{}", text(&model));
    assert_eq!(model.panes.feed.list.at(), 999);
    press(&mut model, "e");
    assert_eq!(model.panes.feed.list.at(), 1_999);
    press(&mut model, "E");
    assert_eq!(model.panes.feed.list.at(), 999);
    press(&mut model, "G e");
    assert!(text(&model).contains("no other decline"), "{}", text(&model));
}

#[test]
fn cards_with_such_a_transaction_are_those_in_memory_and_it_is_said() {
    let file = DataFile::of(rows(4_000));
    let mut model = file.board(1_000, (120, 40));
    press(&mut model, "1 /");
    paste(&mut model, "merchant:bakery");
    let screen = text(&model);
    assert!(screen.contains("(1 so far); transactions in memory from "), "{screen}");
    press(&mut model, "enter z");
    let screen = text(&model);
    assert!(screen.contains("▐merchant:bakery▌ 1 so far"), "{screen}");
    assert!(screen.contains("such a transaction, 3,000 older not searched"), "{screen}");
}

#[test]
fn where_the_data_file_cannot_be_read_it_is_said_and_the_operator_may_ask_again() {
    let (mut file, mut model) = mostly_older((200, 60));
    let asked = filtered(&mut model, "bakery");
    let Some(EngineEvent::OlderRows { asked, .. }) = file.read(&asked) else { panic!("no page") };
    let page = Err("the data file is locked".to_owned());
    event(&mut model, EngineEvent::OlderRows { asked, page });
    let screen = text(&model);
    assert!(screen.contains("3,000 older not searched: the data file is locked"), "{screen}");
    let asked = press(&mut model, "G");
    file.serve(&mut model, asked);
    assert!(text(&model).contains("▐bakery▌ 40/4,000"), "{}", text(&model));
}

/// Rows of several kinds, some of them at one moment.
fn mixed(count: usize) -> impl Iterator<Item = Transaction> {
    (0..count).map(|number| {
        let age = 60 + i64::try_from(number - number % 3).expect("a small number");
        let of =
            key(if number % 7 == 0 { "banana" } else { "artha" }, &format!("{:04}", number % 5));
        let merchant = ["BAKERY", "SHOP", "CAFÉ", "SHELL"][number * 31 % 4];
        let amount = if number % 5 == 0 { "3.50 EUR" } else { "1.25 USD" };
        let row = transaction(&of, &format!("t-{number}"), age, amount, merchant);
        if number % 11 == 0 { declined(row, "51") } else { row }
    })
}

#[test]
fn memory_and_data_file_together_find_what_a_search_of_everything_finds() {
    let words = ["bakery", "cafe", "state:declined", "-shop", "amount>2", "eur", "provider:banana"];
    let word = proptest::sample::select(words.to_vec());
    let filters = proptest::collection::vec(word, 1..3);
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let cases = (filters, 1..1_400_usize, 0..4_usize, any::<bool>());
    let everything = DataFile::of(mixed(1_400));
    let checked = runner.run(&cases, |(filter, held, shorter, is_reversed)| {
        // Rows of one moment are on one side.
        let at = everything.rows[held - 1].at;
        let held = everything.rows.iter().filter(|row| row.at >= at).count();
        let filter = filter.join(if held % 2 == 0 { " " } else { " or " });
        let found = |held: usize| {
            let mut file = DataFile::of(mixed(1_400));
            let mut model = file.board(held, (120, 40));
            press(&mut model, &"[ ".repeat(shorter * 2));
            if is_reversed {
                press(&mut model, "S");
            }
            let asked = filtered(&mut model, &filter);
            file.serve(&mut model, asked);
            let feed = &model.panes.feed;
            let totals = feed.totals(&model.portfolio).into_owned();
            (ids(&model), totals, feed.hidden())
        };
        prop_assert_eq!(found(held), found(1_400), "{} {}", filter, held);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_feed_with_older_rows_at_three_sizes() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    let _here = settings.bind_to_scope();
    for size in [(80, 24), (120, 40), (200, 60)] {
        let (mut file, mut model) = mostly_older(size);
        insta::assert_snapshot!(format!("older_{}", size.0), text(&model));
        let asked = filtered(&mut model, "bakery");
        let page = file.read(&asked).expect("a page");
        _ = update(&mut model, Msg::EngineEvent(page));
        insta::assert_snapshot!(format!("older_searched_{}", size.0), text(&model));
    }
}

#[test]
fn a_row_that_the_data_file_did_not_take_is_in_memory_whenever_it_happened() {
    let (mut file, mut model) = mostly_older((120, 40));
    let row = transaction(&key("artha", "0003"), "u-1", 3_000, "20.00 USD", "SHELL");
    let from: Option<Timestamp> = model.portfolio.older.from();
    assert!(from.is_some_and(|from| row.at < from));
    event(&mut model, EngineEvent::Transactions(vec![row.clone()].into()));
    let asked = filtered(&mut model, "shell");
    file.serve(&mut model, asked);
    assert_eq!(ids(&model), ["u-1"]);
    // The data file takes it: it is found there from then on.
    event(&mut model, EngineEvent::Transactions(RowNews::kept(vec![row])));
    assert_eq!(ids(&model), ["u-1"]);
    assert_eq!(model.portfolio.transactions.len(), 1_000);
}
