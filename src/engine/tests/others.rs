//! What another cardtop keeps in the same data file is told in the order of the writes, once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::sync::mpsc::Receiver;

use super::*;
use crate::domain::transaction::{RowName, RowNews, TransactionState};
use crate::engine::others::EVERY;
use crate::engine::stored::History;
use crate::store::{CompleteReading, Store};

/// Rows of the first frame: fewer than there are.
const FIRST: u32 = 3;

const IDS: [&str; 5] = ["1", "2", "3", "4", "5"];
const CARDS: [&str; 2] = ["c1", "c2"];

/// An engine that nothing is asked of by itself, another cardtop on its data file, and what a board
/// makes of what the engine tells.
struct Desk {
    engine: Engine,
    events: Receiver<EngineEvent>,
    other: Store,
    board: Board,
    folder: tempfile::TempDir,
}

/// The rows that were told, by name, as the board takes them in.
#[derive(Default)]
struct Board {
    rows: BTreeMap<RowName, Transaction>,
    /// Names that were gone before the history came.
    gone: Vec<RowName>,
    is_history_told: bool,
}

impl Board {
    fn take(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::Transactions(RowNews { rows, gone }) => {
                let gone = gone.expect("all rows are in the data file");
                gone.iter().for_each(|name| drop(self.rows.remove(name)));
                self.rows.extend(rows.into_iter().map(|row| (RowName::from(&row), row)));
                self.gone.extend(gone);
            }
            EngineEvent::History(ledger) => {
                assert!(!self.is_history_told);
                let mut all: BTreeMap<_, _> =
                    ledger.iter().map(|row| (RowName::from(&row), row)).collect();
                self.gone.iter().for_each(|name| drop(all.remove(name)));
                all.append(&mut self.rows);
                *self = Self { rows: all, gone: Vec::new(), is_history_told: true };
            }
            event => panic!("{event:?}"),
        }
    }
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let setup = Setup {
            config: Config {
                board: crate::config::Board::default(),
                providers: Vec::new(),
                listen: crate::config::Listen::default(),
                path: None,
            },
            data: folder.path().to_owned(),
            notes: None,
            read_only: false,
            only: None,
            operator: "anay".into(),
            clock: Clock::from("2026-04-03T12:08:12Z".parse().expect("a time")),
            purpose: Purpose::Cards,
            transport: None,
        };
        let (engine, events) = Engine::open(setup).await.expect("an engine");
        let other = Store::open(folder.path()).expect("the same data file");
        Self { engine, events, other, board: Board::default(), folder }
    }

    /// The board takes in what was told. It never has a row that the data file does not have, and
    /// once the history came it has all.
    fn hear(&mut self, kept: &BTreeMap<RowName, Transaction>) {
        while let Ok(event) = self.events.try_recv() {
            self.board.take(event);
        }
        for (name, row) in &self.board.rows {
            assert_eq!(kept.get(name), Some(row), "old, or gone");
        }
        if self.board.is_history_told {
            assert_eq!(self.board.rows.len(), kept.len());
        }
    }

    async fn kept(&self) -> BTreeMap<RowName, Transaction> {
        let page = self.other.transactions_page(None, 1_000, None, Timestamp::MIN);
        let rows = page.await.expect("a page").rows;
        rows.into_iter().map(|row| (RowName::from(&row), row)).collect()
    }

    async fn own(&self, rows: Vec<Transaction>) -> RowNews {
        let write = self.engine.0.store.keep_transactions(rows);
        self.engine.write_rows(write, || ()).await.expect("keeping")
    }

    async fn others(&self, rows: Vec<Transaction>) {
        self.other.keep_transactions(rows).await.expect("keeping");
    }

    async fn read_history(&self) -> History {
        self.engine.history().await.expect("a data file").expect("columns")
    }

    async fn tell_history(&self, History { ledger, seen, .. }: History) {
        self.engine.tell_history(ledger, seen).await.expect("it is told");
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_775_000_000 + second).expect("a time of the test")
}

fn row(card: Option<&str>, id: &str, second: i64) -> Transaction {
    let amount = Money::parse_wire("5.00", "USD".parse().expect("a currency")).expect("an amount");
    Transaction {
        card_id: card.map(Into::into),
        state: TransactionState::Hold,
        ..Transaction::new(ProviderId::new("acme"), id.into(), amount, at(second))
    }
}

/// Something that one of the two writes.
#[derive(Clone, Debug)]
enum Write {
    Keep(Vec<Transaction>),
    Link(&'static str, &'static str),
    /// A complete reading with these rows: other holds are gone after the second one.
    Read(Vec<(Option<Arc<str>>, Arc<str>)>),
}

/// What happens next.
#[derive(Clone, Debug)]
enum Deed {
    Own(Write),
    Others(Write),
    Glance,
}

impl Write {
    async fn make(
        self,
        store: &Store,
        count: i64,
    ) -> Result<crate::store::Written, crate::store::StoreError> {
        match self {
            Self::Keep(rows) => {
                let seen_at = at(count * 60);
                let rows = rows.into_iter().map(|row| Transaction { seen_at, ..row }).collect();
                store.keep_transactions(rows).await
            }
            Self::Link(card, id) => {
                let card = CardKey::new(&ProviderId::new("acme"), card);
                store.link_operation(card, id, OperationId::new(at(count), 1, 1)).await
            }
            Self::Read(listed) => {
                let reading = CompleteReading {
                    provider: ProviderId::new("acme"),
                    card: None,
                    since: at(-1_000),
                    until: at(count * 60),
                    at: at(count * 60),
                    apart: SignedDuration::from_mins(2),
                    listed: listed.into_iter().collect(),
                    oldest: at(-1),
                };
                store.follow_holds(reading).await
            }
        }
    }
}

fn any_row() -> impl Strategy<Value = Transaction> {
    let card = prop::option::weighted(0.7, prop::sample::select(&CARDS[..]));
    let state = prop_oneof![
        2 => Just(TransactionState::Hold),
        1 => Just(TransactionState::Cleared),
        1 => Just(TransactionState::Declined)
    ];
    let id = || prop::sample::select(&IDS[..]);
    let task = prop::option::weighted(0.3, id());
    (card, id(), task, state, 0_i64..4, prop::bool::ANY).prop_map(
        |(card, id, task, state, second, known)| Transaction {
            task: task.map(Into::into),
            state,
            merchant: known.then(|| "REWE".into()),
            ..row(card, id, second)
        },
    )
}

fn any_write() -> impl Strategy<Value = Write> {
    let id = || prop::sample::select(&IDS[..]);
    let card = || prop::option::of(prop::sample::select(&CARDS[..]).prop_map(Arc::from));
    let listed = prop::collection::vec((card(), id().prop_map(Arc::from)), 0..4);
    prop_oneof![
        4 => prop::collection::vec(any_row(), 0..8).prop_map(Write::Keep),
        1 => (prop::sample::select(&CARDS[..]), id()).prop_map(|(card, id)| Write::Link(card, id)),
        2 => listed.prop_map(Write::Read),
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => any_write().prop_map(Deed::Own),
        3 => any_write().prop_map(Deed::Others),
        1 => Just(Deed::Glance),
    ]
}

/// Does it, and returns whether everything was told then.
async fn do_it(desk: &Desk, deed: Deed, count: i64) -> bool {
    match deed {
        Deed::Others(write) => {
            let _ = write.make(&desk.other, count).await;
            false
        }
        // There may be no row to link.
        Deed::Own(write) => {
            desk.engine.write_rows(write.make(&desk.engine.0.store, count), || ()).await.is_ok()
        }
        Deed::Glance => desk.engine.tell_others_rows().await.is_ok(),
    }
}

/// The board hears what was told, where everything was told that was written.
async fn compare(desk: &mut Desk) {
    let kept = desk.kept().await;
    desk.hear(&kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_two_write_and_however_late_the_history_comes_the_board_has_what_is_kept() {
    let mut runner = TestRunner::deterministic();
    let deeds = || prop::collection::vec(any_deed(), 0..10);
    for _ in 0..60 {
        let parts = [deeds(), deeds(), deeds(), deeds()];
        let [before, first, loading, after] =
            parts.map(|deeds| deeds.new_tree(&mut runner).expect("deeds").current());
        let mut desk = Desk::new().await;
        let mut count = 0;
        for deed in before {
            // Nobody listens yet to what this one writes.
            let (Deed::Own(write) | Deed::Others(write)) = deed else { continue };
            let _ = write.make(&desk.other, count).await;
            count += 1;
        }
        desk.engine.tell_newest_rows(FIRST).await.expect("it is told");
        compare(&mut desk).await;
        let mut history = None;
        for (part, deeds) in [first, loading, after].into_iter().enumerate() {
            for deed in deeds {
                let is_told = do_it(&desk, deed, count).await;
                count += 1;
                if is_told {
                    compare(&mut desk).await;
                }
            }
            match part {
                0 => history = Some(desk.read_history().await),
                1 => {
                    desk.tell_history(history.take().expect("it was read")).await;
                    compare(&mut desk).await;
                }
                _ => {}
            }
        }
        desk.engine.tell_others_rows().await.expect("it is told");
        compare(&mut desk).await;
        assert!(desk.board.is_history_told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_another_cardtop_sees_clear_while_the_history_is_read_is_cleared_on_the_board()
{
    let mut desk = Desk::new().await;
    desk.others((0..9).map(|id| row(Some("c1"), &id.to_string(), id)).collect()).await;
    desk.engine.tell_newest_rows(FIRST).await.expect("it is told");
    let cleared = Transaction { state: TransactionState::Cleared, ..row(Some("c1"), "8", 8) };
    desk.others(vec![cleared.clone()]).await;
    let history = desk.read_history().await;
    desk.tell_history(history).await;
    compare(&mut desk).await;
    assert_eq!(
        desk.board.rows.get(&RowName::from(&cleared)).map(|row| row.state),
        Some(cleared.state)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_directly_follows_what_was_told_is_told_without_reading_it_again() {
    let desk = Desk::new().await;
    desk.engine.tell_newest_rows(FIRST).await.expect("it is told");
    let store = &desk.engine.0.store;
    let count = async |id| {
        let before = store.statements();
        desk.own(vec![row(Some("c1"), id, 1)]).await;
        store.statements() - before
    };
    let first = count("1").await;
    let second = count("2").await;
    assert_eq!(first, second);
    desk.others(vec![row(Some("c1"), "3", 3)]).await;
    let behind_others = count("4").await;
    assert!(behind_others > second, "{behind_others} after {second}");
    assert_eq!(count("5").await, second);
    // A glance where nothing is new.
    let before = store.statements();
    desk.engine.tell_others_rows().await.expect("nothing");
    assert_eq!(store.statements() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_another_cardtop_found_comes_with_its_rows() {
    use crate::domain::card::{Balance, Reading};
    let mut bench = Bench::new(1).await;
    let (engine, banana) = (bench.engine.clone(), ProviderId::new("banana"));
    engine.tell_newest_rows(FIRST).await.expect("it is told");
    while bench.events.try_recv().is_ok() {}
    let figures = Reading::At { value: Balance::default(), at: at(0) };
    let key = CardKey::new(&banana, "elsewhere");
    let card = Card { holder: "Aiko".into(), balance: figures, ..Card::unread(key.clone()) };
    let other = Store::open(engine.0.store.path().parent().expect("a folder")).expect("the same");
    other.keep_cards(vec![card.into()], at(1)).await.expect("keeping");
    let row = |id| Transaction { provider: banana.clone(), ..row(Some("elsewhere"), id, 1) };
    other.keep_transactions(vec![row("1"), row("2")]).await.expect("keeping");
    engine.tell_others_rows().await.expect("it is told");
    let mut told = Vec::new();
    while let Ok(event) = bench.events.try_recv() {
        match event {
            EngineEvent::Cards(cards) => {
                let [card] = cards.as_slice() else { panic!("one card: {cards:?}") };
                assert_eq!((card.key(), card.holder()), (key.clone(), "Aiko"));
                assert_eq!(card.why_stale(), Some("read by another cardtop"));
                told.push("card");
            }
            EngineEvent::Transactions(news) => {
                assert_eq!(news.rows.len(), 2);
                told.push("rows");
            }
            event => panic!("{event:?}"),
        }
    }
    assert_eq!(told, ["card", "rows"]);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_wrote_nothing_is_looked_for_and_what_was_written_is_told_without_a_glance() {
    let mut desk = Desk::new().await;
    desk.engine.emit_newest_transactions().await;
    let engine = desk.engine.clone();
    let following = tokio::spawn(async move { engine.follow_others(at(0)).await });
    let statements = || desk.engine.0.store.statements();
    let after = async |rounds: u32| {
        let before = statements();
        // The clock of the test stands still while the data file is read.
        tokio::time::sleep(EVERY * rounds).await;
        statements() - before
    };
    tokio::time::sleep(EVERY / 16).await;
    assert!(after(2).await > 1, "what was there before was never looked for");
    assert_eq!(after(10).await, 10, "only whether somebody wrote");
    desk.others(vec![row(Some("c1"), "1", 1)]).await;
    after(1).await;
    following.abort();
    let kept = desk.kept().await;
    desk.hear(&kept);
    assert_eq!(desk.board.rows, kept);
}

/// A process that runs until its input is closed.
fn waiting_process() -> std::process::Child {
    let mut command = std::process::Command::new("cat");
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    command.spawn().expect("a process")
}

#[tokio::test(start_paused = true)]
async fn what_another_process_was_sending_is_in_doubt_soon_after_it_ended_without_a_word() {
    let desk = Desk::new().await;
    let operation = Bench::new(1).await.operation(1);
    let id = operation.id;
    let card = Card::unread(operation.card.clone());
    let intent = desk.other.intend(operation, card, Action::Freeze, OnConflict::Refuse).await;
    assert!(matches!(intent, Ok(Intent::Saved(_))), "{intent:?}");
    let now = desk.engine.0.clock.now();
    desk.other.mark_sent(id, now, "asked of banana").await.expect("the journal");
    let mut sender = waiting_process();
    let file = rusqlite::Connection::open(desk.folder.path().join(crate::store::FILE));
    let taken =
        file.expect("the data file").execute("UPDATE operation SET process = ?1", [sender.id()]);
    assert_eq!(taken, Ok(1));

    let engine = desk.engine.clone();
    let following = tokio::spawn(async move { engine.follow_others(at(0)).await });
    let state = async || {
        let all = desk.other.operations_changed_since(Timestamp::MIN).await.expect("the journal");
        all.iter().find(|operation| operation.id == id).map(|operation| operation.state)
    };
    tokio::time::sleep(EVERY * 5 + EVERY / 16).await;
    assert_eq!(state().await, Some(OperationState::Sent), "its process runs");
    drop(sender.stdin.take());
    sender.wait().expect("it ends");
    tokio::time::sleep(EVERY).await;
    assert_eq!(state().await, Some(OperationState::Unknown), "nothing was written meanwhile");
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn an_own_change_that_died_halfway_is_looked_for_though_nobody_else_wrote() {
    let desk = Desk::new().await;
    let engine = desk.engine.clone();
    let following = tokio::spawn(async move { engine.follow_others(at(0)).await });
    tokio::time::sleep(EVERY * 4 + EVERY / 16).await;
    let operation = Bench::new(1).await.operation(1);
    let (id, card) = (operation.id, Card::unread(operation.card.clone()));
    let sending = desk.engine.0.operations.begin_sending(id);
    let store = &desk.engine.0.store;
    let intent = store.intend(operation, card, Action::Freeze, OnConflict::Refuse).await;
    assert!(matches!(intent, Ok(Intent::Saved(_))), "{intent:?}");
    let state = async || {
        let all = store.operations_changed_since(Timestamp::MIN).await.expect("the journal");
        all.iter().find(|operation| operation.id == id).map(|operation| operation.state)
    };
    tokio::time::sleep(EVERY * 2).await;
    assert_eq!(state().await, Some(OperationState::Sent), "it is being sent");
    drop(sending);
    tokio::time::sleep(EVERY).await;
    assert_eq!(state().await, Some(OperationState::Failed), "it never left");
    following.abort();
}
