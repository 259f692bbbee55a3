//! What a provider keeps of the webhooks that it sent, where some did not arrive.

use std::time::Duration;

use cardtop::domain::push::{Push, PushTopic};
use cardtop::sandbox::{Dialect, Merchant, Options, Scenario, WebhookOptions};
use cardtop::store::Store;

use super::board::Board;
use super::{Sent, accepted, deliver, desk};
use crate::harness::Desk;

const PURCHASES: usize = 12;

/// The purchases of a provider that the data file has events of, oldest first.
async fn kept_purchases(desk: &Desk, dialect: Dialect) -> Vec<Push> {
    let store = Store::open(desk.folder.path()).expect("the data file");
    let kept = store.pushes_since(0, u32::MAX).await.expect("the events");
    kept.into_iter()
        .map(|kept| kept.push)
        .filter(|push| {
            push.provider.name() == dialect.name() && push.topic == PushTopic::Transaction
        })
        .collect()
}

fn buy(desk: &Desk, dialect: Dialect, card: &str) {
    let shop = Merchant::new("CORNER SHOP", "5411", "SE");
    assert!(desk.sandbox.spend(dialect, card, 1.into(), shop));
}

#[tokio::test(start_paused = true)]
async fn what_was_pushed_while_nobody_received_comes_by_the_records() {
    let desk = desk(WebhookOptions::default()).await;
    for (dialect, has_records) in [(Dialect::Banana, true), (Dialect::Enkash, false)] {
        let card = desk.active(dialect).await;
        let mut board = Board::new(&desk).await;
        buy(&desk, dialect, &card.key.id);
        assert!(deliver(&desk, dialect, &board.engine).await > 0);
        board.hear_for(Duration::from_secs(60)).await;
        let engine = board.engine.clone();
        drop(board);
        engine.stop().await;

        for _ in 0..5 {
            buy(&desk, dialect, &card.key.id);
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
        let lost = desk.sandbox.take_webhooks(dialect).len();
        assert!(lost >= 5, "{lost}");
        assert_eq!(kept_purchases(&desk, dialect).await.len(), 1);

        let mut board = Board::new(&desk).await;
        board.hear_for(Duration::from_secs(60)).await;
        let kept = kept_purchases(&desk, dialect).await;
        assert_eq!(kept.len(), if has_records { 6 } else { 1 }, "{dialect:?}");
        assert!(kept.iter().all(|push| push.is_signed == has_records), "{kept:?}");
        let engine = board.engine.clone();
        drop(board);
        engine.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn webhooks_that_are_lost_on_the_way_come_by_the_records_and_end_the_gap() {
    let options = Options {
        busy: false,
        cards: 4,
        scenarios: vec![Scenario::LostWebhooks],
        webhooks: Some(WebhookOptions::default()),
        ..Options::default()
    };
    let mut desk = Desk::with(options).await;
    for provider in &mut desk.config.providers {
        provider.poll.balances = Duration::from_secs(600);
        provider.poll.transactions = Duration::from_secs(30);
    }
    let dialect = Dialect::Banana;
    let card = desk.active(dialect).await;
    let mut board = Board::new(&desk).await;
    let mut arrived = 0;
    for _ in 0..PURCHASES {
        buy(&desk, dialect, &card.key.id);
        for delivery in desk.sandbox.take_webhooks(dialect) {
            desk.sandbox.webhook_acknowledged(&delivery);
            // A balance or a code of the same card would say that it was pushed of.
            if delivery.kind == "TRANSACTION_CREATED" {
                accepted(Sent::from(&delivery).to(&board.engine).await);
                arrived += 1;
            }
        }
        // Found by polling, and expected to be pushed within a minute.
        board.hear_for(Duration::from_secs(180)).await;
    }
    assert!((2..PURCHASES).contains(&arrived), "some are lost: {arrived}");
    let kept = kept_purchases(&desk, dialect).await;
    assert_eq!(kept.len(), PURCHASES, "each purchase is known by its event, once");
    assert!(kept.iter().all(|push| push.is_signed));
    let health = &board.portfolio.accounts.health[&card.key.provider];
    let gap = health.pushes.as_ref().and_then(|pushes| pushes.gap).expect("it was noticed");
    assert!(gap.until.is_some(), "{gap:?}");
}
