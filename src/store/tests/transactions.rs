//! Transactions: kept once each, changed in place.

use super::{Empty, stories};
use crate::domain::card::ProviderId;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::store::Written;

stories! {
    rows_of_two_cards_with_one_id_do_not_overwrite_each_other,
    a_row_that_later_gains_its_card_or_its_kind_is_the_same_row,
    a_row_that_an_earlier_cardtop_named_by_its_task_is_the_same_row,
    a_reading_that_says_nothing_new_changes_nothing,
    words_that_are_not_mapped_are_counted_by_account,
}

fn row(card: Option<&str>, id: &str, words: &str) -> Transaction {
    let at = jiff::Timestamp::from_second(1_800_000_000).expect("a time of the test");
    Transaction {
        card_id: card.map(Into::into),
        kind: TransactionKind::Purchase,
        state: TransactionState::Hold,
        provider_state: words.into(),
        merchant: Some("REWE".into()),
        ..Transaction::new(
            ProviderId::new("acme"),
            id.into(),
            "5".parse()
                .map(|five| crate::domain::money::Money::new(five, "USD".parse().expect("USD")))
                .expect("five"),
            at,
        )
    }
}

async fn kept(
    empty: Empty,
    batches: Vec<Vec<Transaction>>,
) -> Vec<(Option<String>, String, String)> {
    let store = empty();
    for batch in batches {
        store.keep_transactions(batch).await.expect("keeping");
    }
    let mut rows = store.newest_transactions(100).await.expect("the rows");
    rows.sort_by(|a, b| (&a.card_id, &a.id).cmp(&(&b.card_id, &b.id)));
    let name = |row: &Transaction| {
        (
            row.card_id.as_deref().map(str::to_owned),
            row.id.to_string(),
            row.provider_state.to_string(),
        )
    };
    rows.iter().map(name).collect()
}

fn is(card: Option<&str>, id: &str, words: &str) -> (Option<String>, String, String) {
    (card.map(str::to_owned), id.to_owned(), words.to_owned())
}

async fn rows_of_two_cards_with_one_id_do_not_overwrite_each_other(empty: Empty) {
    let rows = kept(
        empty,
        vec![
            vec![row(Some("c1"), "1", "a"), row(Some("c2"), "1", "b")],
            vec![row(Some("c1"), "1", "changed")],
        ],
    )
    .await;
    assert_eq!(rows, [is(Some("c1"), "1", "changed"), is(Some("c2"), "1", "b")]);
}

async fn a_row_that_later_gains_its_card_or_its_kind_is_the_same_row(empty: Empty) {
    let fee = Transaction { kind: TransactionKind::Fee, ..row(Some("c1"), "1", "fee") };
    assert_eq!(
        kept(empty, vec![vec![row(None, "1", "a")], vec![fee]]).await,
        [is(Some("c1"), "1", "fee")]
    );
    assert_eq!(
        kept(empty, vec![vec![row(Some("c1"), "1", "a")], vec![row(None, "1", "b")]]).await,
        [is(Some("c1"), "1", "b")]
    );
}

async fn a_row_that_an_earlier_cardtop_named_by_its_task_is_the_same_row(empty: Empty) {
    let named = Transaction { task: Some("task".into()), ..row(Some("c1"), "own", "b") };
    assert_eq!(
        kept(empty, vec![vec![row(Some("c1"), "task", "a")], vec![named]]).await,
        [is(Some("c1"), "own", "b")]
    );
}

async fn a_reading_that_says_nothing_new_changes_nothing(empty: Empty) {
    let store = empty();
    let changed = |batch: Vec<Transaction>| store.keep_transactions(batch);
    let first = changed(vec![row(Some("c1"), "1", "a")]).await.expect("keeping");
    assert_eq!((first.news.rows.len(), first.numbers), (1, Some(1..=1)));
    let again =
        Transaction { merchant: None, seen_at: jiff::Timestamp::MAX, ..row(Some("c1"), "1", "a") };
    let again = changed(vec![again]).await.expect("keeping");
    assert_eq!(again, Written::default(), "what a reading leaves out is kept");
    assert_eq!(changed(vec![row(Some("c1"), "1", "b")]).await.expect("keeping").news.rows.len(), 1);
}

async fn words_that_are_not_mapped_are_counted_by_account(empty: Empty) {
    let store = empty();
    let of = |provider: &str, id: usize, state, words: &str, code: Option<&str>| Transaction {
        provider: ProviderId::new(provider),
        state,
        decline_reason: code.map(Into::into),
        ..row(Some("c1"), &id.to_string(), words)
    };
    let declined = |provider, id, code| of(provider, id, TransactionState::Declined, "NO", code);
    let unknown = |provider, id, words| of(provider, id, TransactionState::Unknown, words, None);
    let rows = vec![
        declined("acme", 1, Some("Z-1")),
        declined("acme", 2, Some("Z-1")),
        declined("acme", 3, Some("Z-2")),
        declined("acme", 4, Some("INSUFFICIENT_FUNDS")),
        declined("acme", 5, None),
        declined("bravo", 1, Some("Z-2")),
        unknown("bravo", 2, "ODD"),
        unknown("bravo", 3, "ODD"),
        unknown("bravo", 4, ""),
        unknown("carol", 1, "OTHER"),
    ];
    store.keep_transactions(rows).await.expect("keeping");
    let found = store.unmapped_words().await.expect("the words");
    let found: Vec<String> = found
        .iter()
        .map(|(provider, words)| {
            let counts = |counts: &std::collections::BTreeMap<_, u64>| format!("{counts:?}");
            format!("{provider} {} {}", counts(&words.states), counts(&words.decline_codes))
        })
        .collect();
    assert_eq!(
        found,
        [
            r#"acme {} {"Z-1": 2, "Z-2": 1}"#,
            r#"bravo {"ODD": 2} {"Z-2": 1}"#,
            r#"carol {"OTHER": 1} {}"#
        ]
    );
}
