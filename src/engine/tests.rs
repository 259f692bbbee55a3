//! How much work a reading and a lookup are: what is counted does not depend on the machine, so
//! growth is seen at once.

mod columns;
mod older;
mod others;
mod outbox;
mod pushes;
mod saved;
mod start;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::config::InMemory;
use crate::domain::card::{Card, CardKey, CardRecord, ProviderId};
use crate::domain::coverage::{Coverage, Stretch};
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Before, OnConflict, Operation, OperationId, OperationState, Proof,
};
use crate::domain::transaction::Transaction;
use crate::engine::account::{Account, Depth, PartRead, Wire};
use crate::engine::lists::Patience;
use crate::engine::schedule::{Next, Read};
use crate::engine::{ChangeRequest, Engine, EngineEvent, Expected, Purpose, Setup};
use crate::provider::http::InProcess;
use crate::provider::pages::ListRead;
use crate::provider::{Config, Error, ErrorKind};
use crate::sandbox::{Dialect, Options, Sandbox};
use crate::store::Intent;

/// An engine over a sandbox whose accounts have so many cards, after everything was read once.
struct Bench {
    engine: Engine,
    events: tokio::sync::mpsc::Receiver<EngineEvent>,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new(cards: usize) -> Self {
        Self::open(tempfile::tempdir().expect("a folder"), cards, InMemory::default()).await
    }

    /// With the data file of an earlier one, and limits of the memory.
    async fn open(folder: tempfile::TempDir, cards: usize, in_memory: InMemory) -> Self {
        let bench = Self::over(folder, cards, in_memory, false).await;
        bench.engine.list_cards().await;
        bench
    }

    /// One that reads in the background.
    async fn polling(folder: tempfile::TempDir) -> Self {
        Self::over(folder, 5, InMemory::default(), true).await
    }

    async fn over(
        folder: tempfile::TempDir,
        cards: usize,
        in_memory: InMemory,
        polling: bool,
    ) -> Self {
        let bench = Self::opened(folder, cards, in_memory, polling).await;
        bench.engine.begin();
        bench
    }

    /// One that has not begun with what the first frame does not need.
    async fn opened(
        folder: tempfile::TempDir,
        cards: usize,
        in_memory: InMemory,
        polling: bool,
    ) -> Self {
        let clock = Clock::from("2026-04-03T12:08:12Z".parse().expect("a time"));
        let options = Options { cards, transactions: 40, busy: false, ..Options::default() };
        let sandbox = Sandbox::new(options, clock.clone());
        let path = folder.path().join("cardtop.toml");
        let nowhere = |_: Dialect| "http://127.0.0.1:9".to_owned();
        sandbox.write_config(&nowhere, &path).expect("a configuration");
        let mut config = Config::load(Some(&path)).expect("a good configuration");
        config.board.in_memory = in_memory;
        let setup = Setup {
            config,
            data: folder.path().to_owned(),
            notes: None,
            read_only: false,
            only: None,
            operator: "anay".into(),
            clock,
            purpose: if polling { Purpose::Board } else { Purpose::Cards },
            transport: Some(Arc::new(move |provider| {
                let dialect = Dialect::ALL.into_iter().find(|each| each.name() == provider.kind());
                Box::new(InProcess(sandbox.router(dialect.expect("a wire of the sandbox"))))
            })),
        };
        let (engine, events) = Engine::open(setup).await.expect("an engine");
        Self { engine, events, _folder: folder }
    }

    /// A freeze of a card of its own, which was asked for that many seconds after the first.
    fn operation(&self, count: u16) -> Operation {
        let at = self.engine.0.clock.now() + SignedDuration::from_secs(i64::from(count));
        let id = OperationId::new(at, 7, count);
        Operation {
            id,
            action_kind: ActionKind::Freeze,
            card: CardKey::new(&ProviderId::new("banana"), &format!("journal-{count}")),
            last4: None,
            amount: None,
            state: OperationState::Sent,
            reason: None,
            reference: id.reference(),
            provider_reference: None,
            operator: "anay".into(),
            created_at: at,
            updated_at: at,
            detail: None,
            before: Before { owner: None, state: None, balance: None },
            proof: Proof::ByState,
            looks: 0,
            next_look: Some(at),
            baseline: None,
            proven_by: None,
            watched_until: None,
            alarm: None,
        }
    }

    async fn save(&self, operation: &Operation) {
        let card = Card::unread(operation.card.clone());
        let (store, operation) = (&self.engine.0.store, operation.clone());
        let intent = store.intend(operation, card, Action::Freeze, OnConflict::Refuse).await;
        assert!(matches!(intent, Ok(Intent::Saved(_))), "{intent:?}");
    }

    fn account(&self) -> Arc<Account> {
        self.engine.account(&ProviderId::new("banana")).expect("it is configured")
    }

    /// Cards copied and SQL statements run by a piece of work.
    async fn count<T>(&self, work: impl Future<Output = T>) -> (usize, u64) {
        let (cards, statements) = (self.engine.0.cards.copied(), self.engine.0.store.statements());
        work.await;
        (self.engine.0.cards.copied() - cards, self.engine.0.store.statements() - statements)
    }

    /// The work of one reading of one card.
    async fn one_card(&self) -> (usize, u64) {
        let account = self.account();
        let card = self.engine.0.cards.of_provider(&account.info.id).remove(0).card();
        self.count(self.engine.read_one(&account, &card)).await
    }

    /// The work of one reading of the transactions of all cards.
    async fn transactions(&self) -> (usize, u64) {
        let account = self.account();
        self.count(self.engine.read_transaction_list(&account, None)).await
    }

    /// The work of one change, and of one lookup of it.
    async fn change_and_lookup(&self) -> [(usize, u64); 2] {
        let account = self.account();
        let card = self.engine.0.cards.of_provider(&account.info.id);
        let active = |card: &&Arc<CardRecord>| {
            card.state() == crate::domain::card::CardState::Active
                && card.available().is_some_and(|sum| !sum.is_negative())
        };
        let card = card.iter().find(active).expect("an active card");
        let currency = card.currency().expect("its currency");
        let request = ChangeRequest {
            id: self.engine.new_operation_id(),
            card: card.key(),
            action: Action::TopUp(Money::parse_input("30", currency).expect("an amount")),
            reason: None,
            shown: Expected::default(),
            on_conflict: OnConflict::Refuse,
            recent_credit: None,
            payer: None,
        };
        let id = request.id;
        let change = self.count(self.engine.change(request, std::time::Duration::ZERO)).await;
        let lookup = self.count(self.engine.lookup(id)).await;
        assert!(self.engine.operation(id).await.is_ok(), "it is in the journal");
        [change, lookup]
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_that_is_asked_for_is_read_between_two_pages_of_a_long_list() {
    let bench = Bench::new(60).await;
    let account = bench.engine.account(&ProviderId::new("ibanera")).expect("it is configured");
    let cards = bench.engine.0.cards.of_provider(&account.info.id);
    let next = || {
        let next = bench.engine.next_reading(&account, bench.engine.0.clock.now(), false);
        let Next::Read(Read::Card(id)) = next else { return None };
        Some(id)
    };
    let asked = [&cards[7], &cards[55]];
    asked.iter().for_each(|card| account.ask_card(&card.key()));
    assert_eq!(next(), Some(Arc::clone(asked[0].id())));
    bench.engine.read_list(&account, Patience::Board).await.expect("a list of many pages");
    assert_eq!(next(), None, "the other one was read meanwhile");
}

#[tokio::test]
async fn an_engine_that_ends_lets_go_of_its_adapters_and_so_of_their_secrets() {
    let Bench { engine, .. } = Bench::new(2).await;
    let adapters: Vec<_> = engine
        .0
        .accounts
        .iter()
        .filter_map(|account| account.adapter.borrow().provider().map(Arc::downgrade))
        .collect();
    assert_eq!(adapters.len(), 4);
    engine.stop().await;
    engine.leave();
    assert!(adapters.iter().all(|adapter| adapter.upgrade().is_none()));
}

#[tokio::test(start_paused = true)]
async fn one_reading_of_a_card_is_the_same_work_however_many_cards_there_are() {
    let (few, many) = (Bench::new(6).await, Bench::new(60).await);
    let work = many.one_card().await;
    assert_eq!(few.one_card().await, work);
    assert_eq!(work, (0, 0), "cards copied; figures that did not change are not saved");
}

#[tokio::test]
async fn a_journal_of_many_pages_is_read_to_its_oldest_operation() {
    let mut bench = Bench::new(1).await;
    let open = bench.operation(0);
    bench.save(&open).await;
    for count in 1..2_100 {
        let operation = bench.operation(count);
        bench.save(&operation).await;
        bench.engine.0.store.abandon(operation.id, operation.created_at).await.expect("FAILED");
    }
    assert_eq!(bench.engine.operations().await.expect("the journal").len(), 2_100);
    let newest = bench.engine.newest_operations(500).await.expect("the journal");
    assert_eq!(newest.len(), 501, "the oldest is not settled");
    assert_eq!(newest.last().map(|operation| operation.id), Some(open.id));

    bench.engine.emit_journal().await;
    let mut told = Vec::new();
    while let Ok(event) = bench.events.try_recv() {
        if let EngineEvent::Journal { page, is_last } = event {
            told.push((page.len(), is_last));
        }
    }
    assert_eq!(told, [(1_000, false), (1_000, false), (100, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_reading_of_transactions_that_says_nothing_new_writes_nothing() {
    let bench = Bench::new(6).await;
    // The first reading goes back over the whole window, the second only to the first.
    let [first, _, again] =
        [bench.transactions().await, bench.transactions().await, bench.transactions().await];
    assert!(again.0 == 0 && again.1 <= 3, "{again:?} after {first:?}");
}

#[tokio::test(start_paused = true)]
async fn a_change_is_25_statements_and_a_lookup_13_and_neither_copies_a_card() {
    let bench = Bench::new(6).await;
    let [change, lookup] = bench.change_and_lookup().await;
    assert!(
        change <= (0, 25) && lookup <= (0, 13),
        "{change:?} for a change, {lookup:?} for a lookup"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_frame_has_the_newest_rows_and_the_history_behind_it_has_all() {
    let mut bench = Bench::new(1).await;
    let now = bench.engine.0.clock.now();
    let amount = Money::parse_wire("5.00", "USD".parse().expect("a currency")).expect("an amount");
    let rows: Vec<Transaction> = (0..1_700_i64)
        .map(|number| {
            let at = now - SignedDuration::from_secs(number);
            let id = format!("t-{number:05}").into();
            Transaction::new(ProviderId::new("banana"), id, amount, at)
        })
        .collect();
    let store = &bench.engine.0.store;
    store.keep_transactions(rows.clone()).await.expect("they are kept");
    bench.engine.emit_newest_transactions().await;
    bench.engine.clone().emit_history().await;
    let (mut first, mut history) = (None, None);
    while let Ok(event) = bench.events.try_recv() {
        match event {
            EngineEvent::Transactions(news) => first = Some(news.rows),
            EngineEvent::History(ledger) => history = Some(ledger),
            _ => {}
        }
    }
    let first = first.expect("the newest rows");
    assert_eq!(first.first().map(|row| &row.id), rows.first().map(|row| &row.id));
    assert!(first.len() < 500, "{}", first.len());
    let history = history.expect("the history");
    let is_same = |(row, known): (Transaction, &Transaction)| row.is_same_row(known);
    assert_eq!(history.len(), rows.len());
    assert!(history.iter().zip(&rows).all(is_same), "each once, newest first");
}

#[tokio::test(start_paused = true)]
async fn while_the_data_file_takes_nothing_the_history_waits_and_the_account_rests() {
    let bench = Bench::new(2).await;
    let account = bench.account();
    let now = bench.engine.0.clock.now();
    let read = Stretch::new(now - SignedDuration::from_hours(1), now).expect("in order");
    let wire = Wire { is_common: true, is_by_time: false };
    let late = SignedDuration::ZERO;
    account.load_coverage(vec![(None, Coverage::of([read]))], wire, late, now);
    let all_due = || {
        let mut due = Vec::new();
        while let Next::Read(read) = bench.engine.next_reading(&account, now, false) {
            account.note_ended(&read, now);
            due.push(read.clone());
            assert!(due.len() < 100, "it never rests: {read:?}");
            if read == Read::History {
                break;
            }
        }
        due
    };
    let db = rusqlite::Connection::open(bench.engine.0.store.path()).expect("the data file");
    db.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON card_transaction BEGIN SELECT RAISE(ABORT, 'no \
         room'); END",
    )
    .expect("a trigger");
    bench.engine.read_transaction_list(&account, None).await.expect("it is shown all the same");
    assert!(!bench.engine.may_save());
    let due = all_due();
    assert!(!due.is_empty() && !due.contains(&Read::History), "{due:?}");
    db.execute_batch("DROP TRIGGER full").expect("room again");
    bench.engine.0.saving.note_success();
    assert!(all_due().contains(&Read::History), "once there is room it goes on");
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_old_rows_cannot_be_read_is_not_down() {
    let bench = Bench::new(1).await;
    let account = bench.account();
    assert!(account.is_well());
    let part = Stretch { from: Timestamp::UNIX_EPOCH, to: bench.engine.0.clock.now() };
    for kind in [ErrorKind::Unreachable, ErrorKind::BadReply, ErrorKind::Forbidden] {
        for _ in 0..4 {
            let error = Error::new(&account.info.id, kind, "HTTP 500");
            let list = ListRead::failed(error);
            let read = PartRead::of_part(&list, part, true, account.is_well());
            bench.engine.judge_part(&account, &list, None, read.is_failing).await;
        }
        assert!(account.is_well() && !account.is_down(), "{kind:?}");
    }
    let refused = Error::new(&account.info.id, ErrorKind::Auth, "HTTP 401");
    let list = ListRead::failed(refused);
    let read = PartRead::of_part(&list, part, true, account.is_well());
    bench.engine.judge_part(&account, &list, None, read.is_failing).await;
    assert!(!account.takes_requests(bench.engine.0.clock.now()), "of that the account knows");
}

#[tokio::test(start_paused = true)]
async fn a_large_programme_rests_for_all_requests_of_a_whole_reading_and_not_for_its_last_part() {
    let bench = Bench::new(1).await;
    let account = bench.account();
    let now = bench.engine.0.clock.now();
    account.begin_deep(None, Depth::Full, 8);
    for _ in 0..50 {
        account.note_deep_requests(None, 20);
    }
    account.deep_read(None, now);
    let later = |hours| now + SignedDuration::from_hours(hours);
    assert_ne!(account.depth_due(None, later(5)), Depth::Full);
    assert_eq!(account.depth_due(None, later(7)), Depth::Full);
}
