//! Cards for a first frame, and all of them page by page.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::{Empty, stories};
use crate::domain::card::{Card, CardKey, CardRecord, ProviderId};
use crate::domain::money::Money;
use crate::domain::transaction::Transaction;
use crate::store::Store;

stories! {
    a_few_cards_are_all_there_for_the_first_frame,
    of_many_cards_the_first_frame_has_those_that_were_noted_and_those_of_the_newest_transactions,
    pages_have_each_card_once_in_the_order_of_their_keys,
}

fn key(number: usize) -> CardKey {
    CardKey::new(&ProviderId::new("acme"), &format!("c-{number:03}"))
}

async fn keep(store: &Store, count: usize) {
    let cards = (0..count).map(|number| Card::unread(key(number)).into()).collect();
    store.keep_cards(cards, Timestamp::UNIX_EPOCH).await.expect("they are kept");
}

fn keys(cards: &[CardRecord]) -> Vec<CardKey> {
    cards.iter().map(CardRecord::key).collect()
}

async fn a_few_cards_are_all_there_for_the_first_frame(empty: Empty) {
    let store = empty();
    for count in [0, 1, 5] {
        keep(&store, count).await;
        let first = store.first_cards(5, 5).await.expect("the first cards");
        assert!(first.are_all && first.cards.len() == count, "{count}");
    }
}

async fn of_many_cards_the_first_frame_has_those_that_were_noted_and_those_of_the_newest_transactions(
    empty: Empty,
) {
    let store = empty();
    keep(&store, 20).await;
    let first = store.first_cards(5, 5).await.expect("the first cards");
    assert!(!first.are_all);
    assert_eq!(keys(&first.cards), (0..5).map(key).collect::<Vec<_>>(), "none is noted");
    let noted = vec![key(7), key(3), key(99), key(11)];
    store.set_first_cards(noted.clone()).await.expect("they are noted");
    let amount = Money::parse_wire("5.00", "USD".parse().expect("a currency")).expect("an amount");
    let row = |card: usize, second: i64| Transaction {
        card_id: Some(key(card).id),
        ..Transaction::new(
            key(card).provider,
            format!("t-{second}").into(),
            amount,
            Timestamp::from_second(1_800_000_000 + second).expect("a time of the test"),
        )
    };
    store.keep_transactions(vec![row(15, 1), row(3, 2), row(14, 3)]).await.expect("they are kept");
    let first = store.first_cards(5, 2).await.expect("the first cards");
    let wanted = [7, 3, 11, 14].map(key);
    assert_eq!(keys(&first.cards), wanted, "as they were noted, where the data file has them");
    store.set_first_cards(vec![key(1)]).await.expect("they are noted");
    let first = store.first_cards(5, 0).await.expect("the first cards");
    assert_eq!(keys(&first.cards), [key(1)]);
}

async fn pages_have_each_card_once_in_the_order_of_their_keys(empty: Empty) {
    let store = empty();
    keep(&store, 25).await;
    for most in [1, 2, 9] {
        let read = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&read);
        let take = move |page: Vec<CardRecord>| {
            let mut read = kept.lock().expect("a whole list");
            read.push(keys(&page));
            read.len() < most
        };
        store.each_card_page(10, take).await.expect("all pages");
        let read = read.lock().expect("a whole list").concat();
        let wanted: Vec<CardKey> = (0..(10 * most).min(25)).map(key).collect();
        assert_eq!(read, wanted, "{most} pages are taken");
    }
}
