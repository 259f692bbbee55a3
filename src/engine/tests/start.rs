//! A start tells the cards of the first frame first, and reads nothing before it knows all.

use super::*;
use crate::store::Store;

/// What a board is told at a start until all cards are known: the ids of each event, of so many
/// cards of the data file and some of rosters.
async fn start(cards: usize) -> Vec<Vec<Arc<str>>> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a data file");
    let of = |number: usize| {
        let id = format!("known-{number:03}");
        Arc::new(Card::unread(CardKey::new(&ProviderId::new("banana"), &id)))
    };
    store
        .keep_cards((0..cards).map(of).collect(), Timestamp::UNIX_EPOCH)
        .await
        .expect("they are kept");
    drop(store);
    let mut bench = Bench::polling(folder).await;
    let mut told = Vec::new();
    while let Some(event) = bench.events.recv().await {
        match event {
            EngineEvent::KnownCards { cards, is_last } => {
                told.push(cards.iter().map(|card| Arc::clone(&card.key.id)).collect());
                if is_last {
                    break;
                }
            }
            EngineEvent::Cards(_) => panic!("a card was read before all were known"),
            _ => {}
        }
    }
    bench.engine.stop().await;
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
