//! Stories of events, without an engine.

use jiff::SignedDuration;

use super::*;
use crate::config::{Environment, Poll};
use crate::contract::samples::{at, card, money, operation, transaction};
use crate::domain::card::{CardState, IdForm, Ids, ProviderId};
use crate::domain::completeness::Completeness;
use crate::domain::coverage::Covered;
use crate::domain::transaction::{RowName, TransactionState};
use crate::domain::unmapped::UnmappedWords;
use crate::engine::Health;

/// When the feed began.
fn start() -> Timestamp {
    at("2026-04-03T12:00:00Z")
}

fn minutes(count: i64) -> Timestamp {
    start().saturating_add(SignedDuration::from_mins(count)).expect("a time of the test")
}

fn feed(from: i64) -> Feed {
    let account = ProviderInfo {
        id: ProviderId::new("acme"),
        kind: "artha",
        ids: Ids { cards: IdForm::Opaque, transactions: IdForm::Opaque },
        environment: Environment::Sandbox,
        read_only: false,
        capabilities: None,
        rate_limit: 120,
        poll: Poll::default(),
        proxy: None,
    };
    Feed::new(minutes(from), start(), vec![account])
}

/// The account is read from the one minute to the other.
fn health(state: HealthState, read: Option<(i64, i64)>) -> Health {
    let complete = read.map(|(from, to)| Stretch { from: minutes(from), to: minutes(to) });
    Health {
        provider: ProviderId::new("acme"),
        state,
        since: start(),
        last_good: None,
        next_try: None,
        asked_to_wait: None,
        why: (state != HealthState::Ok).then(|| "no answer".into()),
        calls_last_minute: 0,
        errors_5m: 0,
        cards: Some(1),
        completeness: Completeness::default(),
        covered: Covered { complete, ..Covered::default() },
        unmapped: UnmappedWords::default(),
        refused_cards: 0,
        roster: Vec::new(),
        skew: None,
        latency_ms: None,
        pushes: None,
    }
}

fn is_read(feed: &mut Feed, from: i64, to: i64) {
    let health = health(HealthState::Ok, Some((from, to)));
    assert!(feed.take(EngineEvent::Health(Box::new(health))).is_empty());
}

/// A row that happened at the one minute and was first seen at the other.
fn row(id: &str, state: TransactionState, happened: i64, seen: i64) -> Transaction {
    let (at, seen_at) = (minutes(happened), minutes(seen));
    Transaction { id: id.into(), state, at, seen_at, ..transaction() }
}

/// What is told of rows: id, and the state before.
fn told(feed: &mut Feed, rows: &[Transaction]) -> Vec<(String, Option<&'static str>)> {
    let news = feed.take(EngineEvent::Transactions(RowNews::kept(rows.to_vec())));
    let told = news.into_iter().map(|news| match news {
        News::Transaction(row, before) => (row.id.to_string(), before.was),
        other => panic!("{other:?}"),
    });
    told.collect()
}

fn new(id: &str) -> (String, Option<&'static str>) {
    (id.to_owned(), None)
}

#[test]
fn the_first_reading_of_an_empty_data_file_tells_what_happened_since_the_start_alone() {
    let mut feed = feed(0);
    let rows =
        [row("old", TransactionState::Cleared, -600, 1), row("new", TransactionState::Hold, 1, 1)];
    assert_eq!(told(&mut feed, &rows), [new("new")]);
    is_read(&mut feed, -60, 1);
    let history = [row("older", TransactionState::Cleared, -9_000, 2)];
    assert_eq!(told(&mut feed, &history), [], "the history is read behind it");
    let late = [row("late", TransactionState::Cleared, -5, 2)];
    assert_eq!(told(&mut feed, &late), [new("late")], "it was not there when that was read");
    assert_eq!(told(&mut feed, &late), [], "once");
}

#[test]
fn a_row_is_told_again_when_its_state_or_amount_changed_and_not_else() {
    let mut feed = feed(0);
    let hold = row("t", TransactionState::Hold, 1, 1);
    assert_eq!(told(&mut feed, std::slice::from_ref(&hold)), [new("t")]);
    let described = Transaction { description: Some("at the till".into()), ..hold.clone() };
    assert_eq!(told(&mut feed, &[described]), []);
    let cleared = Transaction { state: TransactionState::Cleared, ..hold };
    let changed = ("t".to_owned(), Some("HOLD"));
    assert_eq!(told(&mut feed, std::slice::from_ref(&cleared)), [changed]);
    let more = Transaction { amount: money("5100", "JPY"), ..cleared.clone() };
    let news = feed.take(EngineEvent::Transactions(RowNews::kept(vec![more])));
    let [News::Transaction(_, before)] = news.as_slice() else { panic!("{news:?}") };
    assert_eq!((before.was, before.amount), (Some("CLEARED"), Some(cleared.amount)));
}

#[test]
fn what_changed_while_nobody_watched_is_news_as_far_back_as_was_asked_for() {
    for (from, is_told) in [(0, false), (-30, true)] {
        let mut feed = feed(from);
        let hold = row("t", TransactionState::Hold, -300, -299);
        assert!(feed.remember(&hold));
        // Read to its end ten minutes ago.
        is_read(&mut feed, -9_000, -10);
        let cleared = Transaction { state: TransactionState::Cleared, ..hold };
        let changed = vec![("t".to_owned(), Some("HOLD"))];
        let wanted = if is_told { changed } else { Vec::new() };
        assert_eq!(told(&mut feed, &[cleared]), wanted, "{from}");
    }
}

#[test]
fn a_row_that_gains_its_card_is_no_new_one() {
    let mut feed = feed(0);
    let bare = Transaction { card_id: None, ..row("t", TransactionState::Hold, 1, 1) };
    assert_eq!(told(&mut feed, std::slice::from_ref(&bare)), [new("t")]);
    let named = row("t", TransactionState::Hold, 1, 1);
    let gone = Some(vec![RowName::from(&bare)]);
    let news = EngineEvent::Transactions(RowNews { rows: vec![named.clone()], gone });
    assert!(feed.take(news).is_empty());
    let cleared = Transaction { state: TransactionState::Cleared, ..named };
    assert_eq!(told(&mut feed, &[cleared]), [("t".to_owned(), Some("HOLD"))]);
}

#[test]
fn a_row_that_nobody_remembers_says_so() {
    let mut feed = feed(0);
    is_read(&mut feed, -9_000, 1);
    let forgotten = row("t", TransactionState::Cleared, -8_000, -7_999);
    assert_eq!(told(&mut feed, &[forgotten]), [("t".to_owned(), Some("UNKNOWN"))]);
}

#[test]
fn a_provider_whose_clock_is_behind_is_understood() {
    let mut feed = feed(0);
    let behind = Health { skew: Some(-300), ..health(HealthState::Ok, None) };
    feed.take(EngineEvent::Health(Box::new(behind)));
    assert_eq!(told(&mut feed, &[row("t", TransactionState::Hold, -4, 1)]), [new("t")]);
}

#[test]
fn a_card_is_told_when_its_state_changed_after_it_was_read() {
    let mut feed = feed(0);
    let card = |state, minute| {
        let card = Card { state, state_at: Some(minutes(minute)), ..card() };
        vec![Arc::new(CardRecord::from(card))]
    };
    let known = EngineEvent::KnownCards { cards: card(CardState::Active, -600), is_last: true };
    assert!(matches!(feed.take(known).as_slice(), [News::Begun]));
    let told = |news: Vec<News>| match news.as_slice() {
        [] => None,
        [News::Card(card, before)] => Some((card.state, before.was)),
        other => panic!("{other:?}"),
    };
    let read = |state, minute| EngineEvent::Cards(card(state, minute));
    assert_eq!(told(feed.take(read(CardState::Frozen, 1))), None, "nobody knows since when");
    assert_eq!(told(feed.take(read(CardState::Frozen, 2))), None);
    let changed = Some((CardState::Active, Some("FROZEN")));
    assert_eq!(told(feed.take(read(CardState::Active, 3))), changed);
}

#[test]
fn an_operation_is_told_at_each_step_and_an_old_one_is_not() {
    let mut feed = feed(0);
    let moved = |state, minute| Operation { state, updated_at: minutes(minute), ..operation() };
    let page = vec![moved(OperationState::Unknown, -60)];
    assert!(feed.take(EngineEvent::Journal { page, is_last: false }).is_empty());
    let told = |news: Vec<News>| match news.as_slice() {
        [] => None,
        [News::Operation(operation, before)] => Some((operation.state, before.was)),
        other => panic!("{other:?}"),
    };
    let done = EngineEvent::Operation(moved(OperationState::Done, 1));
    assert_eq!(told(feed.take(done.clone())), Some((OperationState::Done, Some("UNKNOWN"))));
    assert_eq!(told(feed.take(done)), None);
    let id = OperationId::new(minutes(2), 42, 9);
    let sent = Operation { id, ..moved(OperationState::Sent, 2) };
    assert_eq!(told(feed.take(EngineEvent::Operation(sent))), Some((OperationState::Sent, None)));
}

#[test]
fn a_provider_that_goes_down_is_told_and_in_every_heartbeat() {
    let mut feed = feed(0);
    let told = |news: Vec<News>| match news.as_slice() {
        [] => None,
        [News::Health(health, before)] => Some((health.state, before.was)),
        other => panic!("{other:?}"),
    };
    let note = |feed: &mut Feed, health| told(feed.take(EngineEvent::Health(Box::new(health))));
    assert_eq!(note(&mut feed, health(HealthState::Waiting, None)), None);
    assert_eq!(note(&mut feed, health(HealthState::Ok, None)), None);
    let pulse = feed.accounts.heartbeat(minutes(1), false);
    assert_eq!((pulse.is_complete(), pulse.as_of), (false, None), "nothing was read yet");
    assert_eq!(note(&mut feed, health(HealthState::Ok, Some((-60, 1)))), None);
    let pulse = feed.accounts.heartbeat(minutes(1), false);
    assert_eq!((pulse.is_complete(), pulse.as_of), (true, Some(minutes(1))));
    let pulse = feed.accounts.heartbeat(minutes(5), false);
    assert!(!pulse.is_complete(), "nothing was read for four minutes, whatever the state says");
    let down = health(HealthState::Down, Some((-60, 1)));
    assert_eq!(note(&mut feed, down), Some(("DOWN", Some("OK"))));
    let pulse = feed.accounts.heartbeat(minutes(1), false);
    let account = pulse.accounts.first().expect("one account");
    assert_eq!((account.state, account.stale), ("DOWN", true));
    assert_eq!(account.error.as_deref(), Some("no answer"));
}
