//! That something was pushed is told before the disk has it, and until the card was read, whatever
//! becomes of the event.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use cardtop::app::portfolio::Portfolio;
use cardtop::domain::card::Card;
use cardtop::engine::{EngineEvent, Received};
use cardtop::sandbox::{Delivery, Dialect, Fault, Merchant, WebhookOptions};
use rusqlite::Connection;

use super::board::Board;
use super::{Sent, accepted, desk};
use crate::harness::Desk;

const SECOND: Duration = Duration::from_secs(1);

/// Those whose purchases are pushed.
const DIALECTS: [Dialect; 3] = [Dialect::Artha, Dialect::Banana, Dialect::Enkash];

/// A board that has read what its providers have, and an active card of one of them.
async fn board_with_card(dialect: Dialect) -> (Desk, Card, Board) {
    let desk = desk(WebhookOptions::default()).await;
    let card = desk.active(dialect).await;
    let board = Board::new(&desk).await;
    (desk, card, board)
}

/// What is pushed of a purchase.
async fn purchase(desk: &Desk, board: &mut Board, dialect: Dialect, card: &str) -> Vec<Delivery> {
    desk.sandbox.spend(dialect, card, 1.into(), Merchant::new("PUSHED SHOP", "5411", "SE"));
    board.hear_for(SECOND).await;
    let due = desk.sandbox.take_webhooks(dialect);
    assert!(!due.is_empty(), "{dialect:?}");
    due
}

/// The same data file, of another process.
fn data_file(desk: &Desk) -> Connection {
    Connection::open(desk.folder.path().join(cardtop::store::FILE)).expect("the data file")
}

/// Whether something is not done yet, after it was begun.
async fn is_pending<T>(work: &mut Pin<Box<impl Future<Output = T>>>) -> bool {
    std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_pending())).await
}

#[tokio::test(start_paused = true)]
async fn a_push_is_told_before_the_disk_has_it_and_kept_though_its_sender_gives_up() {
    for dialect in DIALECTS {
        let (desk, card, mut board) = board_with_card(dialect).await;
        let first = purchase(&desk, &mut board, dialect, &card.key.id).await;
        let second = purchase(&desk, &mut board, dialect, &card.key.id).await;
        let [first, second] = [first, second].map(|due| Sent::from(&due[0]));
        let db = data_file(&desk);
        let kept = || -> u32 {
            let count = "SELECT count(*) FROM push";
            db.query_row(count, [], |row| row.get(0)).expect("a number")
        };
        let before = kept();
        db.execute_batch("BEGIN IMMEDIATE").expect("a lock");
        let engine = board.engine.clone();
        let mut delivery = Box::pin(first.to(&engine));
        assert!(is_pending(&mut delivery).await, "{dialect:?}: the disk does not have it");
        board.until(|board| board.accounts.pushed.contains_key(&card.key)).await;
        // While the other's commit waits.
        let mut given_up = Box::pin(second.to(&engine));
        assert!(is_pending(&mut given_up).await, "{dialect:?}");
        drop(given_up);
        assert!(is_pending(&mut delivery).await, "{dialect:?}: the disk still does not have it");
        db.execute_batch("ROLLBACK").expect("the lock is given back");
        let (_, is_repeat, _) = accepted(delivery.await);
        assert!(!is_repeat, "{dialect:?}");
        board.until(|board| board.accounts.pushed.is_empty()).await;
        board.hear_for(SECOND).await;
        assert_eq!(kept(), before + 2, "{dialect:?}: both are kept, and nothing came after them");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_makes_nothing_old_and_nothing_due() {
    for dialect in DIALECTS {
        let (desk, card, mut board) = board_with_card(dialect).await;
        let due = purchase(&desk, &mut board, dialect, &card.key.id).await;
        for delivery in &due {
            let (_, is_repeat, _) = accepted(Sent::from(delivery).to(&board.engine).await);
            assert!(!is_repeat, "{dialect:?}");
        }
        board.hear_for(SECOND).await;
        let requests = desk.sandbox.requests(dialect);
        for delivery in &due {
            let (_, is_repeat, _) = accepted(Sent::from(delivery).to(&board.engine).await);
            assert!(is_repeat, "{dialect:?}");
        }
        let told = board.hear_for(SECOND).await;
        let count =
            |what: fn(&EngineEvent) -> bool| told.iter().filter(|event| what(event)).count();
        let pushed = count(|event| matches!(event, EngineEvent::Pushed(_)));
        assert_eq!(pushed, count(|event| matches!(event, EngineEvent::PushRead(_))), "{dialect:?}");
        assert!(board.portfolio.accounts.pushed.is_empty(), "{dialect:?}");
        assert_eq!(desk.sandbox.requests(dialect), requests, "{dialect:?}: nothing was read");
    }
}

#[tokio::test(start_paused = true)]
async fn where_an_event_cannot_be_kept_its_card_is_read_all_the_same() {
    for dialect in DIALECTS {
        let (desk, card, mut board) = board_with_card(dialect).await;
        let due = purchase(&desk, &mut board, dialect, &card.key.id).await;
        data_file(&desk).execute_batch("ALTER TABLE push RENAME TO gone").expect("it is gone");
        for delivery in &due {
            let received = Sent::from(delivery).to(&board.engine).await;
            assert!(matches!(received, Received::Later { .. }), "{dialect:?}: {received:?}");
        }
        let told = board.hear_for(SECOND).await;
        let is_pushed = |event: &EngineEvent| matches!(event, EngineEvent::Pushed(_));
        assert!(told.iter().any(is_pushed), "{dialect:?}");
        assert!(board.portfolio.accounts.pushed.is_empty(), "{dialect:?}");
        let known = board.portfolio.cards.get(&card.key).expect("a card");
        let available = desk.sandbox.available(dialect, &card.key.id);
        assert_eq!(known.available(), available, "{dialect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_whose_reading_fails_is_read_when_its_provider_answers() {
    for dialect in DIALECTS {
        let (desk, card, mut board) = board_with_card(dialect).await;
        assert!(desk.sandbox.fault_for_card(dialect, &card.key.id, Fault::Answer500, 100));
        let due = purchase(&desk, &mut board, dialect, &card.key.id).await;
        for delivery in &due {
            accepted(Sent::from(delivery).to(&board.engine).await);
        }
        board.hear_for(SECOND).await;
        assert!(!board.portfolio.accounts.pushed.is_empty(), "{dialect:?}");
        desk.sandbox.clear_faults(dialect);
        let took = board.until(|board| board.accounts.pushed.is_empty()).await;
        assert!(took < Duration::from_secs(20), "{dialect:?}: {took:?}");
        let row = |board: &Portfolio| {
            board
                .transactions
                .iter()
                .any(|row| row.merchant.as_deref().is_some_and(|name| name.contains("PUSHED SHOP")))
        };
        let took = took + board.until(row).await;
        assert!(took < Duration::from_secs(20), "{dialect:?}: {took:?}");
        let known = board.portfolio.cards.get(&card.key).expect("a card");
        let available = desk.sandbox.available(dialect, &card.key.id);
        assert_eq!(known.available(), available, "{dialect:?}");
    }
}
