//! A start tells the cards of the first frame first, and reads nothing before it knows all.

use std::collections::BTreeSet;

use super::*;
use crate::domain::card::{Balance, Reading};
use crate::store::Store;

/// What a board is told at a start until all cards are known: the ids of each event, of so many
/// cards of the data file and some of rosters.
async fn start(cards: usize) -> Vec<Vec<Arc<str>>> {
    let mut bench = board_over(cards).await;
    let told = told_cards(&mut bench).await;
    bench.engine.stop().await;
    told
}

/// A board that is just opened over so many cards of the data file.
async fn board_over(cards: usize) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a data file");
    let of = |number: usize| {
        let id = format!("known-{number:03}");
        Card::unread(CardKey::new(&ProviderId::new("banana"), &id)).into()
    };
    store
        .keep_cards((0..cards).map(of).collect(), Timestamp::UNIX_EPOCH)
        .await
        .expect("they are kept");
    drop(store);
    Bench::polling(folder).await
}

/// The ids of each event until all cards are known.
async fn told_cards(bench: &mut Bench) -> Vec<Vec<Arc<str>>> {
    let mut told = Vec::new();
    while let Some(event) = bench.events.recv().await {
        match event {
            EngineEvent::KnownCards { cards, is_last } => {
                told.push(cards.iter().map(|card| Arc::clone(card.id())).collect());
                if is_last {
                    break;
                }
            }
            EngineEvent::Cards(_) => panic!("a card was read before all were known"),
            _ => {}
        }
    }
    told
}

/// How many of these are of the data file.
fn of_data_file(ids: &[Arc<str>]) -> usize {
    ids.iter().filter(|id| id.starts_with("known-")).count()
}

#[tokio::test(start_paused = true)]
async fn a_few_cards_are_told_at_once_and_those_of_short_rosters_with_them() {
    let told = start(10).await;
    assert_eq!((told.len(), of_data_file(&told[0])), (1, 10));
    assert!(told[0].len() > 10, "with the rosters: {told:?}");
}

#[tokio::test(start_paused = true)]
async fn before_the_first_frame_is_shown_nothing_is_told_that_it_does_not_need() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bench = Bench::opened(folder, 600, InMemory::default(), true).await;
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    tokio::task::yield_now().await;
    let mut told = Vec::new();
    while let Ok(event) = bench.events.try_recv() {
        told.push(event);
    }
    assert!(matches!(told.last(), Some(EngineEvent::Journal { is_last: false, .. })), "{told:?}");
    let needed = |event: &EngineEvent| match event {
        EngineEvent::KnownCards { is_last, .. } => !is_last,
        EngineEvent::Transactions(_) | EngineEvent::Health(_) | EngineEvent::Journal { .. } => true,
        _ => false,
    };
    assert!(told.iter().all(needed), "{told:?}");
    // Then it goes on, once.
    bench.engine.begin();
    bench.engine.begin();
    let of_rosters = told_cards(&mut bench).await.concat();
    assert_eq!(of_rosters.iter().collect::<BTreeSet<_>>().len(), of_rosters.len());
    bench.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_many_cards_the_first_are_told_first_and_in_the_end_each_was_told_once() {
    let told = start(130).await;
    assert_eq!(of_data_file(&told[0]), 30);
    assert!(told.len() > 3, "page by page: {}", told.len());
    let mut ids: Vec<Arc<str>> = told.concat();
    let count = ids.len();
    assert_eq!(of_data_file(&ids), 130);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "each once");
}

#[tokio::test(start_paused = true)]
async fn a_card_of_a_long_roster_is_told_once_with_what_the_data_file_has_of_it() {
    const CARDS: usize = 600;
    let over = |folder| Bench::over(folder, CARDS, InMemory::default(), true);
    let mut bench = over(tempfile::tempdir().expect("a folder")).await;
    let told = told_cards(&mut bench).await;
    bench.engine.stop().await;
    let is_of_artha = |card: &Arc<CardRecord>| card.provider().name() == "artha";
    let of_roster: Vec<Arc<CardRecord>> =
        bench.engine.known_records().await.into_iter().filter(is_of_artha).collect();
    assert!(of_roster.len() >= CARDS && told[0].iter().all(|id| *id != *of_roster[0].id()));
    let Bench { _folder: folder, .. } = bench;
    // Of some the data file has no more than the roster, of others figures and no name.
    let at = Timestamp::from_second(1_700_000_000).expect("a time of the test");
    let kept = of_roster.iter().zip(0..80).map(|(card, number)| {
        let card = card.card();
        let balance = Reading::At { value: Balance::default(), at };
        let read = Card { balance, ..Card::unread(card.key.clone()) };
        if number % 2 == 0 { card.into() } else { read.into() }
    });
    let store = Store::open(folder.path()).expect("the data file");
    store.keep_cards(kept.collect(), Timestamp::UNIX_EPOCH).await.expect("they are kept");
    drop(store);
    let mut bench = over(folder).await;
    let mut ids = told_cards(&mut bench).await.concat();
    let known = bench.engine.known_records().await;
    bench.engine.stop().await;
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    // Cards of the first frame are told again, by their roster.
    assert!(count - ids.len() <= 30, "{count} told, {} different", ids.len());
    assert!(of_roster.iter().all(|card| ids.contains(card.id())), "all are told");
    let now: Vec<&Arc<CardRecord>> = known.iter().filter(|card| is_of_artha(card)).collect();
    assert_eq!(now.iter().filter(|card| card.figures_at() == Some(at)).count(), 40);
    assert!(now.iter().zip(&of_roster).all(|(now, before)| now.holder() == before.holder()));
}

#[tokio::test(start_paused = true)]
async fn cards_that_cannot_be_loaded_are_said_and_loaded_later_and_none_is_read_before() {
    let mut bench = board_over(130).await;
    let db = rusqlite::Connection::open(bench.engine.0.store.path()).expect("the data file");
    db.execute_batch("ALTER TABLE card RENAME TO hidden").expect("they cannot be read");
    loop {
        match bench.events.recv().await.expect("an event") {
            EngineEvent::Trouble(words) => break assert!(words.contains("card"), "{words}"),
            EngineEvent::KnownCards { is_last, .. } => assert!(!is_last, "not all are known"),
            _ => {}
        }
    }
    db.execute_batch("ALTER TABLE hidden RENAME TO card").expect("they can be read again");
    let told = told_cards(&mut bench).await;
    bench.engine.stop().await;
    assert!(of_data_file(&told.concat()) >= 100, "those behind the first frame: {told:?}");
}
