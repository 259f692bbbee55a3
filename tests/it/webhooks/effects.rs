//! What an event does: it makes readings and lookups due, and decides nothing by itself.

use std::future::Future as _;
use std::task::Poll;
use std::time::Duration;

use cardtop::app::portfolio::Portfolio;
use cardtop::domain::operation::{Action, Operation, OperationState, StepKind};
use cardtop::engine::{Engine, EngineEvent};
use cardtop::sandbox::{CardNotice, Dialect, Merchant, Options, Scenario, WebhookOptions};

use super::board::Board;
use super::{Sent, accepted, deliver, desk};
use crate::harness::{Desk, open_board, some};

const SECOND: Duration = Duration::from_secs(1);

/// Waits until a provider pushes something, and delivers it.
async fn next_push(desk: &Desk, dialect: Dialect, engine: &Engine) {
    while deliver(desk, dialect, engine).await == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_purchase_that_is_pushed_is_on_the_board_within_a_second_with_its_balance() {
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Enkash] {
        let desk = desk(WebhookOptions::default()).await;
        let card = desk.active(dialect).await;
        let mut board = Board::new(&desk).await;
        let shop = Merchant::new("PUSHED SHOP", "5411", "SE");
        desk.sandbox.spend(dialect, &card.key.id, 1.into(), shop);
        let after = desk.sandbox.available(dialect, &card.key.id).expect("a card");
        next_push(&desk, dialect, &board.engine).await;
        let took = board
            .until(|board| {
                let row = board.transactions.iter().any(|row| {
                    row.merchant.as_deref().is_some_and(|name| name.contains("PUSHED SHOP"))
                });
                let known = board.cards.get(&card.key).expect("a card");
                row && known.available() == Some(after)
            })
            .await;
        assert!(took <= SECOND, "{dialect:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_figure_is_not_shown_as_live_between_a_push_and_the_reading_that_it_makes_due() {
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Enkash] {
        let desk = desk(WebhookOptions::default()).await;
        let card = desk.active(dialect).await;
        let mut board = Board::new(&desk).await;
        let is_old = |board: &Portfolio| {
            board.cards.get(&card.key).expect("a card").balance.why_stale().is_some()
        };
        assert!(!is_old(&board.portfolio), "{dialect:?}: it was read a moment ago");
        let shop = Merchant::new("PUSHED SHOP", "5411", "SE");
        desk.sandbox.spend(dialect, &card.key.id, 1.into(), shop);
        let mut due = Vec::new();
        while due.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
            due = desk.sandbox.take_webhooks(dialect);
        }
        for delivery in &due {
            accepted(Sent::from(delivery).to(&board.engine).await);
        }
        board.until(|board| board.accounts.pushed.contains_key(&card.key)).await;
        assert!(is_old(&board.portfolio), "{dialect:?}");
        board.until(|board| board.accounts.pushed.is_empty()).await;
        assert!(!is_old(&board.portfolio), "{dialect:?}");
        let after = desk.sandbox.available(dialect, &card.key.id);
        let known = board.portfolio.cards.get(&card.key).expect("a card");
        assert_eq!(known.available(), after, "{dialect:?}");
        // The same once more is no news.
        for delivery in &due {
            let (_, is_repeat, _) = accepted(Sent::from(delivery).to(&board.engine).await);
            assert!(is_repeat, "{dialect:?}");
        }
        board.hear_for(SECOND).await;
        assert!(board.portfolio.accounts.pushed.is_empty(), "{dialect:?}");
        assert!(!is_old(&board.portfolio), "{dialect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_that_comes_late_by_minutes_makes_no_figure_old_that_was_read_since() {
    // Artha's callbacks do not say when something happened.
    for (dialect, is_told) in
        [(Dialect::Artha, true), (Dialect::Banana, false), (Dialect::Enkash, false)]
    {
        let desk = desk(WebhookOptions::default()).await;
        let card = desk.active(dialect).await;
        let mut board = Board::new(&desk).await;
        desk.sandbox.spend(dialect, &card.key.id, 1.into(), Merchant::new("SHOP", "5411", "SE"));
        board.hear_for(Duration::from_secs(1_200)).await;
        assert_ne!(deliver(&desk, dialect, &board.engine).await, 0, "{dialect:?}");
        let told = board.hear_for(SECOND).await;
        let is_pushed = |event: &EngineEvent| matches!(event, EngineEvent::Pushed(_));
        assert_eq!(told.iter().any(is_pushed), is_told, "{dialect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_accepted_top_up_is_done_within_a_second_of_the_push_that_names_it() {
    for dialect in [Dialect::Artha, Dialect::Banana] {
        let desk = desk(WebhookOptions::default()).await;
        let card = desk.active(dialect).await;
        let mut board = Board::new(&desk).await;
        let request = desk.order(&card.key, Action::TopUp(some(&card)));
        board.engine.change(request, Duration::ZERO).await.expect("it is sent");
        // Lookups are far apart by then.
        desk.sandbox.delay_top_up(dialect, 300_000);
        next_push(&desk, dialect, &board.engine).await;
        let took = board
            .until(|board| board.operations.iter().any(|row| row.state == OperationState::Done))
            .await;
        assert!(took <= SECOND, "{dialect:?}: {took:?}");
        let steps = board.engine.steps(board.operation().id).await.expect("the journal");
        let pushed: Vec<&str> = steps
            .iter()
            .filter(|step| step.kind == StepKind::Push)
            .map(|step| &*step.words)
            .collect();
        let names = |words: &&str| words.to_ascii_lowercase().contains("recharge");
        assert!(pushed.iter().any(names), "the push is listed as evidence: {pushed:?}");
        let done = steps.last().expect("a line");
        assert_eq!(done.kind, StepKind::Look, "what was read decides, not the push");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_for_within_a_second_of_a_push_about_its_card() {
    let options = Options {
        busy: false,
        cards: 4,
        scenarios: vec![Scenario::UnknownTopup],
        webhooks: Some(WebhookOptions::default()),
        ..Options::default()
    };
    let desk = Desk::with(options).await;
    let dialect = Dialect::Banana;
    let card = desk.active(dialect).await;
    let mut board = Board::new(&desk).await;
    let request = desk.order(&card.key, Action::TopUp(some(&card)));
    board.engine.change(request, SECOND).await.expect("it is sent");
    let unknown = board.engine.operations().await.expect("the journal")[0].clone();
    assert_eq!(unknown.state, OperationState::Unknown);
    // Once lookups are far apart.
    board.hear_for(Duration::from_secs(60)).await;
    next_push(&desk, dialect, &board.engine).await;
    let looks = |operations: &[Operation]| operations[0].looks;
    let before = looks(&board.engine.operations().await.expect("the journal"));
    board.hear_for(SECOND).await;
    let now = board.engine.operations().await.expect("the journal");
    assert!(looks(&now) > before || !now[0].is_open(), "{:?}", now[0]);
    board.until(|board| board.operations.iter().all(|row| !row.is_open())).await;
    assert_eq!(board.operation().state, OperationState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_one_time_code_is_told_as_a_time_and_is_nowhere_itself() {
    for dialect in [Dialect::Artha, Dialect::Banana] {
        let desk = desk(WebhookOptions::default()).await;
        let card = desk.active(dialect).await;
        let mut board = Board::new(&desk).await;
        deliver(&desk, dialect, &board.engine).await;
        assert!(desk.sandbox.tell(dialect, &card.key.id, CardNotice::PurchaseCode));
        let due = desk.sandbox.take_webhooks(dialect);
        let codes = codes_of(&due);
        for delivery in &due {
            accepted(Sent::from(delivery).to(&board.engine).await);
        }
        board.until(|board| board.accounts.codes.contains_key(&card.key)).await;
        let engine = board.engine.clone();
        drop(board);
        engine.stop().await;
        for entry in std::fs::read_dir(desk.folder.path()).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let bytes = std::fs::read(&path).expect("a file");
                for code in &codes {
                    let is_in = bytes.windows(code.len()).any(|part| part == code.as_bytes());
                    assert!(!is_in, "{dialect:?}: {}", path.display());
                }
            }
        }
        // The next board knows of it.
        let (_engine, mut news) = open_board(&desk).await;
        let told = async {
            while let Some(event) = news.recv().await {
                if matches!(&event, EngineEvent::CodeSent { card: of, .. } if *of == card.key) {
                    return true;
                }
            }
            false
        };
        assert!(tokio::time::timeout(Duration::from_secs(60), told).await.expect("in time"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_sender_goes_away_before_the_answer_is_acted_on_all_the_same() {
    let desk = desk(WebhookOptions::default()).await;
    let card = desk.active(Dialect::Artha).await;
    let mut board = Board::new(&desk).await;
    deliver(&desk, Dialect::Artha, &board.engine).await;
    assert!(desk.sandbox.tell(Dialect::Artha, &card.key.id, CardNotice::PurchaseCode));
    let delivery = Sent::from(&desk.sandbox.take_webhooks(Dialect::Artha)[0]);
    let mut gone = Box::pin(delivery.to(&board.engine));
    let first =
        std::future::poll_fn(|context| Poll::Ready(gone.as_mut().poll(context).is_pending()));
    assert!(first.await, "it waits for the disk");
    drop(gone);
    // Whether it was kept before the sender was gone or is delivered again, it is told once.
    let (_, is_repeat, _) = accepted(delivery.to(&board.engine).await);
    assert!(is_repeat, "what was begun is finished");
    board.until(|board| board.accounts.codes.contains_key(&card.key)).await;
}

/// The codes in these deliveries, where they are readable: artha's are.
fn codes_of(due: &[cardtop::sandbox::Delivery]) -> Vec<String> {
    let digits = |body: &str| {
        let value: serde_json::Value = serde_json::from_str(body).ok()?;
        let names = ["OPT_CODE", "optCode", "opt_code"];
        let code = names.iter().find_map(|name| value.get(name)?.as_str().map(str::to_owned))?;
        Some(code.trim().to_owned())
    };
    due.iter().filter_map(|delivery| digits(&delivery.body)).collect()
}
