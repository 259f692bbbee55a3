//! What is said to be complete is true after a stop, too: rows that the bank lists late, rows that
//! cannot be read, holds that went meanwhile.

use cardtop::domain::transaction::{Listed, TransactionState};
use cardtop::sandbox::{Merchant, RowOverrides};
use rust_decimal::Decimal;

use super::*;

fn ten() -> Decimal {
    Decimal::new(1_000, 2)
}

fn shop(name: &str) -> Merchant {
    Merchant::new(name, "5411", "SE")
}

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(60 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_listed_while_no_cardtop_runs_is_there_soon_after_the_start() {
    // So long a history that it is not read when the board is stopped.
    let programme = Programme::new(12, 6_000, 120);
    let board = programme.board().await;
    minutes(1).await;
    let is_half_read = |board: &Board| {
        let told = board.told();
        told.covered.values().any(|covered| covered.left.is_some())
    };
    assert!(is_half_read(&board));
    board.end().await;
    minutes(3).await;
    let late = |hours: i64| {
        let dated = SignedDuration::from_hours(hours) + SignedDuration::from_mins(4);
        let book = |dialect: Dialect| {
            let card = programme.sandbox.card_ids(dialect).remove(0);
            let id = programme.sandbox.book_late(dialect, &card, ten(), shop("LATE"), dated);
            (dialect, id.expect("a card of the bank"))
        };
        Dialect::ALL.map(book)
    };
    // Just before the stop, and a day before it.
    let rows = [late(0), late(24)].concat();
    minutes(60).await;
    let board = programme.board().await;
    minutes(3).await;
    for (dialect, id) in &rows {
        let told = board.row(*dialect, id).is_some();
        assert!(told, "{}: {id}: {:?}", dialect.name(), board.told().covered);
    }
    board.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_is_known_to_be_missing_there_after_a_restart_however_old_it_is()
{
    let programme = Programme::new(4, 100, 1_200);
    let board = programme.board().await;
    board.wait_until_complete().await;
    for dialect in Dialect::ALL {
        let card = programme.sandbox.card_ids(dialect).remove(0);
        let odd = RowOverrides { amount: Some("x".into()), ..RowOverrides::default() };
        programme.sandbox.add_malformed_row(dialect, &card, odd).expect("a card of the bank");
    }
    minutes(20).await;
    let odd: Vec<usize> = board.told().odd.values().copied().collect();
    assert_eq!(odd, [1, 1, 1, 1]);
    board.end().await;
    // Older than what is read again in any case.
    tokio::time::sleep(Duration::from_secs(40 * 86_400)).await;
    let board = programme.board().await;
    board.wait_until_complete().await;
    let lost = |board: &Board| {
        let told = board.told().covered.clone();
        let of = |(provider, covered): (ProviderId, Covered)| {
            let mut why = covered.lost.iter().map(|lost| &*lost.why);
            assert!(why.all(|why| why == "a row of it could not be read"), "{covered:?}");
            (provider, covered.gaps(Timestamp::MIN))
        };
        told.into_iter().map(of).collect::<Vec<_>>()
    };
    assert!(lost(&board).iter().all(|(_, gaps)| *gaps > 0), "{:?}", lost(&board));
    // It is asked for again, and then the row is named.
    minutes(5).await;
    let odd: Vec<usize> = board.told().odd.values().copied().collect();
    assert_eq!(odd, [1, 1, 1, 1]);
    assert!(lost(&board).iter().all(|(_, gaps)| *gaps > 0), "{:?}", lost(&board));
    board.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_went_is_told_to_be_gone_also_where_it_is_in_an_old_part_of_the_history() {
    let programme = Programme::new(3, 300, 1_200);
    let mut holds = Vec::new();
    for dialect in Dialect::ALL {
        programme.sandbox.cap_pages(dialect, Some(7));
        let cards = programme.sandbox.card_ids(dialect);
        let held = cards.iter().find(|card| {
            while programme.sandbox.release_hold(dialect, card).is_some() {}
            programme.sandbox.spend(dialect, card, ten(), shop("HOTEL NORD"))
        });
        let card = held.expect("a card with money").clone();
        // So many rows come after it that it is read in a part of the history.
        for (number, card) in (0_i64..80).zip(cards.iter().cycle()) {
            let dated = SignedDuration::from_secs(-number);
            programme.sandbox.book_late(dialect, card, Decimal::ONE, shop("KIOSK"), dated);
        }
        holds.push((dialect, card));
    }
    minutes(5).await;
    let board = programme.board().await;
    board.wait_until_complete().await;
    minutes(5).await;
    let mut released = Vec::new();
    for (dialect, card) in holds {
        let id = programme.sandbox.release_hold(dialect, &card).expect("it is held");
        let state = board.row(dialect, &id).map(|row| row.state);
        assert_eq!(state, Some(TransactionState::Hold), "{}", dialect.name());
        released.push((dialect, id));
    }
    minutes(60).await;
    for (dialect, id) in released {
        let row = board.row(dialect, &id).expect("it was there");
        assert!(matches!(row.listed, Listed::GoneSince { .. }), "{}: {row:?}", dialect.name());
    }
    board.end().await;
}
