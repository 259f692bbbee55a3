//! Reading many transactions: page by page, and what was written since.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Empty, stories};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::OperationId;
use crate::domain::transaction::{
    RowName, RowNews, Transaction, TransactionKind, TransactionState,
};
use crate::store::{Changes, CompleteReading, PageKey, Store, Written};

stories! {
    pages_of_many_rows_in_one_millisecond_have_each_row_once,
    pages_begin_and_end_at_the_times_that_are_asked_for,
    the_pages_of_a_card_have_its_rows_alone,
    who_follows_the_changes_sees_each_changed_row_once_and_none_that_is_as_it_was,
    a_row_that_gains_its_card_or_its_own_id_is_gone_under_the_name_that_it_had,
    whatever_is_kept_linked_or_followed_who_follows_the_changes_has_what_is_read_in_full,
    a_row_that_comes_and_is_renamed_in_one_batch_is_told_under_its_last_name_alone,
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millis).expect("a time of the test")
}

fn row(card: Option<&str>, id: &str, millis: i64) -> Transaction {
    Transaction {
        card_id: card.map(Into::into),
        kind: TransactionKind::Purchase,
        state: TransactionState::Hold,
        provider_state: "PENDING".into(),
        merchant: Some("REWE".into()),
        ..Transaction::new(
            ProviderId::new("acme"),
            id.into(),
            Money::parse_wire("5", "USD".parse().expect("USD")).expect("five"),
            at(millis),
        )
    }
}

/// Every row, read in pages of this size.
async fn in_pages(store: &Store, limit: u32, card: Option<CardKey>) -> Vec<Transaction> {
    let (mut rows, mut before) = (Vec::new(), None);
    loop {
        let page = store.transactions_page(before, limit, card.clone(), Timestamp::MIN);
        let page = page.await.expect("a page");
        assert!(page.rows.len() <= usize::try_from(limit).expect("a small number"));
        rows.extend(page.rows);
        match page.next {
            Some(next) => before = Some(next),
            None => return rows,
        }
    }
}

fn ids(rows: &[Transaction]) -> Vec<&str> {
    rows.iter().map(|row| &*row.id).collect()
}

async fn pages_of_many_rows_in_one_millisecond_have_each_row_once(empty: Empty) {
    let store = empty();
    let many = (0..500).map(|count| row(Some("c1"), &format!("same {count}"), 0));
    let others = [row(Some("c1"), "before", -1), row(Some("c1"), "after", 1)];
    store.keep_transactions(many.chain(others).collect()).await.expect("keeping");
    for limit in [1, 7, 100, 501, 502, 10_000] {
        let rows = in_pages(&store, limit, None).await;
        let mut found = ids(&rows);
        assert_eq!((found.first(), found.last()), (Some(&"after"), Some(&"before")));
        assert!(rows.is_sorted_by(|newer, older| newer.at >= older.at));
        found.sort_unstable();
        found.dedup();
        assert_eq!((found.len(), rows.len()), (502, 502), "pages of {limit}");
    }
    assert_eq!(store.count_transactions().await.expect("a count"), 502);
}

async fn pages_begin_and_end_at_the_times_that_are_asked_for(empty: Empty) {
    let store = empty();
    let rows = (0..5).map(|minute| row(Some("c1"), &minute.to_string(), minute * 60_000)).collect();
    store.keep_transactions(rows).await.expect("keeping");
    let until = Some(PageKey::up_to(at(180_000)));
    let page = store.transactions_page(until, 100, None, at(60_000)).await.expect("a page");
    assert_eq!((ids(&page.rows), page.next), (vec!["3", "2", "1"], None), "both ends are in it");
    let none = store.transactions_page(until, 100, None, at(180_001)).await.expect("a page");
    assert_eq!((none.rows, none.next), (Vec::new(), None));
}

async fn the_pages_of_a_card_have_its_rows_alone(empty: Empty) {
    let store = empty();
    let of = |count: i64| {
        let card = ["c1", "c2", "c3"][usize::try_from(count % 3).expect("small")];
        row(Some(card), &count.to_string(), count / 6)
    };
    store.keep_transactions((0..60).map(of).collect()).await.expect("keeping");
    let card = CardKey::new(&ProviderId::new("acme"), "c2");
    let rows = in_pages(&store, 4, Some(card)).await;
    assert_eq!(rows.len(), 20);
    assert!(rows.iter().all(|row| row.card_id.as_deref() == Some("c2")));
    assert!(rows.is_sorted_by(|newer, older| newer.at >= older.at));
}

async fn who_follows_the_changes_sees_each_changed_row_once_and_none_that_is_as_it_was(
    empty: Empty,
) {
    let store = empty();
    assert_eq!(store.newest_change().await.expect("a number"), 0);
    let rows: Vec<_> = (0..4).map(|count| row(Some("c1"), &count.to_string(), count)).collect();
    store.keep_transactions(rows.clone()).await.expect("keeping");
    let seen = store.newest_change().await.expect("a number");
    store.keep_transactions(rows.clone()).await.expect("keeping");
    assert_eq!(store.newest_change().await.expect("a number"), seen, "nothing is new");
    let cleared = Transaction { state: TransactionState::Cleared, ..rows[1].clone() };
    store.keep_transactions(vec![cleared]).await.expect("keeping");
    let card = CardKey::new(&ProviderId::new("acme"), "c1");
    let operation = OperationId::new(at(0), 1, 1);
    for _ in 0..2 {
        store.link_operation(card.clone(), "3", operation).await.expect("linking");
    }
    let changes = store.changes_since(seen, 100).await.expect("changes");
    assert_eq!((ids(&changes.rows), changes.gone.len()), (vec!["1", "3"], 0));
    assert_eq!(changes.rows[1].operation, Some(operation));
    assert_eq!(store.newest_change().await.expect("a number"), changes.last);
    let none = store.changes_since(changes.last, 100).await.expect("changes");
    assert_eq!(none, Changes { last: changes.last, ..Changes::default() });
}

async fn a_row_that_gains_its_card_or_its_own_id_is_gone_under_the_name_that_it_had(empty: Empty) {
    let store = empty();
    let before = vec![row(None, "1", 0), row(Some("c1"), "task", 0)];
    store.keep_transactions(before).await.expect("keeping");
    let seen = store.newest_change().await.expect("a number");
    let by_task = Transaction { task: Some("task".into()), ..row(Some("c1"), "own", 0) };
    store.keep_transactions(vec![row(Some("c1"), "1", 0), by_task]).await.expect("keeping");
    let changes = store.changes_since(seen, 100).await.expect("changes");
    let gone: Vec<_> = changes.gone.iter().map(|gone| (gone.card.as_deref(), &*gone.id)).collect();
    assert_eq!(gone, [(None, "1"), (Some("c1"), "task")]);
    assert_eq!(ids(&changes.rows), ["1", "own"]);
}

async fn a_row_that_comes_and_is_renamed_in_one_batch_is_told_under_its_last_name_alone(
    empty: Empty,
) {
    let store = empty();
    let own = Transaction { task: Some("task".into()), ..row(Some("c1"), "own", 0) };
    let batch = vec![row(Some("c1"), "task", 0), own];
    let news = store.keep_transactions(batch).await.expect("keeping").news;
    assert_eq!(ids(&news.rows), ["own"]);
    assert_eq!(news.gone, Some(vec![RowName::from(&row(Some("c1"), "task", 0))]));
}

/// Rows by their exact names, as one keeps them who follows the changes.
#[derive(Default)]
struct Follower {
    rows: BTreeMap<RowName, Transaction>,
    seen: i64,
}

impl Follower {
    async fn follow(&mut self, store: &Store) {
        loop {
            let changes = store.changes_since(self.seen, 3).await.expect("changes");
            if changes.last == self.seen {
                return;
            }
            self.apply(RowNews { rows: changes.rows, gone: Some(changes.gone) });
            self.seen = changes.last;
        }
    }

    fn apply(&mut self, news: RowNews) {
        for gone in news.gone.expect("what is kept says which names are gone") {
            self.rows.remove(&gone);
        }
        self.rows.extend(news.rows.into_iter().map(|row| (RowName::from(&row), row)));
    }
}

/// Something that is done to a store.
#[derive(Clone, Debug)]
enum Deed {
    Keep(Vec<Transaction>),
    Link(&'static str, &'static str),
    Read(Vec<(Option<Arc<str>>, Arc<str>)>),
    Follow,
}

const IDS: [&str; 4] = ["1", "2", "3", "4"];

fn any_row() -> impl Strategy<Value = Transaction> {
    let card = prop_oneof![Just(None), Just(Some("c1")), Just(Some("c2"))];
    let state = prop_oneof![
        Just(TransactionState::Hold),
        Just(TransactionState::Hold),
        Just(TransactionState::Cleared),
        Just(TransactionState::Declined)
    ];
    let id = prop::sample::select(&IDS[..]);
    let task = prop::option::weighted(0.3, prop::sample::select(&IDS[..]));
    (card, id, task, state, 0_i64..3, prop::bool::ANY).prop_map(
        |(card, id, task, state, millis, known)| Transaction {
            task: task.map(Into::into),
            state,
            merchant: known.then(|| "REWE".into()),
            ..row(card, id, millis)
        },
    )
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let card = || prop::option::of(prop_oneof![Just(Arc::from("c1")), Just(Arc::from("c2"))]);
    let id = || prop::sample::select(&IDS[..]);
    let listed = prop::collection::vec((card(), id().prop_map(Arc::from)), 0..4);
    prop_oneof![
        4 => prop::collection::vec(any_row(), 0..5).prop_map(Deed::Keep),
        1 => (prop::sample::select(&["c1", "c2"][..]), id())
            .prop_map(|(card, id)| Deed::Link(card, id)),
        3 => listed.prop_map(Deed::Read),
        1 => Just(Deed::Follow),
    ]
}

/// Does it, and returns what is told of it.
async fn do_it(store: &Store, deed: Deed, count: usize, follower: &mut Follower) -> Written {
    let minute = i64::try_from(count).expect("a small number");
    match deed {
        Deed::Keep(rows) => {
            // Postings are seen later than the holds that they may have been.
            let seen_at = at(minute * 60_000);
            let rows = rows.into_iter().map(|row| Transaction { seen_at, ..row }).collect();
            store.keep_transactions(rows).await.expect("keeping")
        }
        Deed::Link(card, id) => {
            let card = CardKey::new(&ProviderId::new("acme"), card);
            // There may be no such row.
            let linked = store.link_operation(card, id, OperationId::new(at(minute), 1, 1)).await;
            linked.unwrap_or_default()
        }
        Deed::Read(listed) => {
            let reading = CompleteReading {
                provider: ProviderId::new("acme"),
                card: None,
                since: at(-1_000),
                until: at(minute * 60_000),
                at: at(minute * 60_000),
                apart: SignedDuration::from_mins(2),
                listed: listed.into_iter().collect(),
                oldest: at(-1),
            };
            store.follow_holds(reading).await.expect("following")
        }
        Deed::Follow => {
            follower.follow(store).await;
            Written::default()
        }
    }
}

async fn whatever_is_kept_linked_or_followed_who_follows_the_changes_has_what_is_read_in_full(
    empty: Empty,
) {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let deeds = prop::collection::vec(any_deed(), 1..40);
    for _ in 0..60 {
        let deeds = deeds.new_tree(&mut runner).expect("deeds").current();
        let (store, mut follower, mut told) = (empty(), Follower::default(), Follower::default());
        for (count, deed) in deeds.iter().cloned().enumerate() {
            let before = store.newest_change().await.expect("a number");
            let written = do_it(&store, deed, count, &mut follower).await;
            let newest = store.newest_change().await.expect("a number");
            let all = (newest > before).then(|| before + 1..=newest);
            assert_eq!(written.numbers, all, "each number that was given");
            told.apply(written.news);
        }
        follower.follow(&store).await;
        let mut anew = Follower::default();
        anew.follow(&store).await;
        let mut read = BTreeMap::new();
        for row in in_pages(&store, 2, None).await {
            let twice = read.insert(RowName::from(&row), row);
            assert_eq!(twice, None);
        }
        assert_eq!(follower.rows, read, "{deeds:#?}");
        assert_eq!(anew.rows, read, "from the beginning: {deeds:#?}");
        assert_eq!(told.rows, read, "by what each write returned: {deeds:#?}");
        let count = u64::try_from(read.len()).expect("a small number");
        assert_eq!(store.count_transactions().await.expect("a count"), count);
    }
}
