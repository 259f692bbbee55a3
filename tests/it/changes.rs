//! What happens to a change when the network lies, the program dies, or two want the same.

use std::time::Duration;

use cardtop::domain::card::CardState;
use cardtop::domain::operation::{Action, OnConflict, OperationState};
use cardtop::engine::{ChangeRequest, EngineEvent, Expected};
use cardtop::sandbox::{Dialect, Fault, Options};

use crate::harness::{Desk, money, open, open_board, some, start};

#[tokio::test(start_paused = true)]
async fn a_top_up_whose_answer_is_lost_after_it_took_effect_is_found_and_never_sent_again() {
    for dialect in Dialect::ALL {
        let desk = Desk::new().await;
        let card = desk.active(dialect).await;
        let before = desk.sandbox.credits(dialect, &card.key.id).len();
        desk.sandbox.fault(dialect, Fault::LoseAnswer, 1);
        let operation = desk
            .act(&card, Action::TopUp(some(&card)))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            desk.sandbox.credits(dialect, &card.key.id).len(),
            before + 1,
            "{}",
            dialect.name()
        );
        assert_eq!(
            operation.state,
            OperationState::Done,
            "{}: {:?}",
            dialect.name(),
            operation.detail
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_top_up_whose_request_is_lost_stays_unknown_and_keeps_the_next_one_waiting() {
    for dialect in Dialect::ALL {
        let desk = Desk::new().await;
        let card = desk.active(dialect).await;
        let before = desk.sandbox.credits(dialect, &card.key.id).len();
        desk.sandbox.fault(dialect, Fault::LoseRequest, 1);
        let operation = desk
            .act(&card, Action::TopUp(some(&card)))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            operation.state,
            OperationState::Unknown,
            "{}: {:?}",
            dialect.name(),
            operation.detail
        );
        let refused = desk
            .act(&card, Action::TopUp(some(&card)))
            .await
            .expect_err("the first is not settled");
        assert!(refused.to_string().contains("still UNKNOWN"), "{refused}");
        let (second, _news) = desk.second_engine().await;
        let elsewhere =
            second.change(desk.order(&card.key, Action::TopUp(some(&card))), Duration::ZERO).await;
        assert!(
            elsewhere.expect_err("another cardtop waits too").to_string().contains("still UNKNOWN")
        );
        assert_eq!(desk.sandbox.credits(dialect, &card.key.id).len(), before, "{}", dialect.name());
        let order = ChangeRequest {
            on_conflict: OnConflict::Override,
            ..desk.order(&card.key, Action::TopUp(some(&card)))
        };
        let sent = desk
            .engine
            .change(order, Duration::from_secs(60))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(sent.state, OperationState::Done, "{}: {:?}", dialect.name(), sent.detail);
        let first =
            desk.engine.check(operation.id).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            first.state,
            OperationState::Unknown,
            "{}: one credit proved two operations: {:?}",
            dialect.name(),
            first.detail
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_change_is_failed_and_says_why() {
    for dialect in Dialect::ALL {
        let desk = Desk::new().await;
        let card = desk.active(dialect).await;
        let before = desk.sandbox.credits(dialect, &card.key.id).len();
        let operation = desk
            .act(&card, Action::TopUp(money("90000000", &card)))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            operation.state,
            OperationState::Failed,
            "{}: {:?}",
            dialect.name(),
            operation.detail
        );
        assert!(
            operation.detail.as_ref().is_some_and(|words| words.len() > 10),
            "{:?}",
            operation.detail
        );
        assert_eq!(desk.sandbox.credits(dialect, &card.key.id).len(), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_that_changed_since_it_was_shown_is_left_alone() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let card = desk.active(dialect).await;
        let writes = desk.sandbox.writes();
        let shown = Expected { state: Some(CardState::Frozen), available: None };
        let order = ChangeRequest { shown, ..desk.order(&card.key, Action::TopUp(some(&card))) };
        let refused =
            desk.engine.change(order, Duration::ZERO).await.expect_err("it is not as shown");
        assert!(refused.to_string().contains("the card is ACTIVE now, it was FROZEN"), "{refused}");
        let other = card.available().map(|money| money.checked_add(money).expect("one currency"));
        let order = ChangeRequest {
            shown: Expected { state: None, available: other },
            ..desk.order(&card.key, Action::TopUp(some(&card)))
        };
        let refused = desk
            .engine
            .change(order, Duration::ZERO)
            .await
            .expect_err("the balance is not as shown");
        assert!(refused.to_string().contains("when you confirmed"), "{refused}");
        assert_eq!(desk.sandbox.writes(), writes, "{}", dialect.name());
    }
}

#[tokio::test(start_paused = true)]
async fn read_only_sends_nothing_whatever_is_asked() {
    let desk = Desk::with(Options { busy: false, ..Options::default() }).await;
    let data = tempfile::tempdir().expect("a folder");
    let (engine, _news) = open(&desk.sandbox, &desk.config, &desk.clock, data.path(), true).await;
    engine.ask(cardtop::engine::Job::ReadOnly(false));
    for dialect in Dialect::ALL {
        let card = desk.active(dialect).await;
        let writes = desk.sandbox.writes();
        for action in [
            Action::Freeze,
            Action::Unfreeze,
            Action::TopUp(some(&card)),
            Action::Close,
            Action::SetPin { new: None, old: None },
        ] {
            let refused = engine
                .change(desk.order(&card.key, action), Duration::ZERO)
                .await
                .expect_err("read-only");
            assert!(refused.to_string().contains("read-only"), "{refused}");
        }
        assert_eq!(desk.sandbox.writes(), writes, "{}", dialect.name());
    }
}

#[tokio::test(start_paused = true)]
async fn troubles_of_the_wire_are_one_clear_sentence_and_lose_nothing() {
    for dialect in Dialect::ALL {
        for fault in [
            Fault::Html,
            Fault::HalfJson,
            Fault::Answer500,
            Fault::Refuse429 { retry_after_seconds: 7 },
            Fault::Unauthorized,
            Fault::Hang,
        ] {
            let desk = Desk::new().await;
            let card = desk.active(dialect).await;
            let said = format!("{} {fault:?}", dialect.name());
            desk.sandbox.fault(dialect, fault, 9);
            let error = desk.engine.read_card(&card.key).await.expect_err(&said);
            let words = error.to_string();
            assert!(
                words.starts_with(dialect.name()) && words.len() > 20 && !words.contains('\n'),
                "{said}: {words}"
            );
            let known = desk.engine.known_cards().await;
            let kept = known.iter().find(|known| known.key == card.key).expect("nothing is lost");
            assert_eq!(kept.available(), card.available(), "{said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_journal_of_all_this_is_whole() {
    let desk = Desk::new().await;
    for dialect in Dialect::ALL {
        let card = desk.active(dialect).await;
        let _ = desk.act(&card, Action::Freeze).await;
        let _ = desk.act(&card, Action::Unfreeze).await;
        let _ = desk.act(&card, Action::TopUp(some(&card))).await;
    }
    let lines = desk.engine.verify().await.expect("the chain holds");
    let operations = desk.engine.operations().await.expect("the journal");
    assert_eq!(operations.len(), 12);
    assert!(lines.lines >= 36, "{lines:?}");
    for operation in operations {
        let steps = desk.engine.steps(operation.id).await.expect("the journal");
        assert_eq!(steps.first().map(|step| step.kind.as_str()), Some("intent"));
        assert_eq!(steps.get(1).map(|step| step.kind.as_str()), Some("sent"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_board_sees_what_another_cardtop_does_within_a_second() {
    let desk = Desk::new().await;
    let card = desk.active(Dialect::Enkash).await;
    let (board, mut news) = open_board(&desk).await;
    // What the board tells of itself at first.
    while tokio::time::timeout(Duration::from_secs(3), news.recv())
        .await
        .is_ok_and(|news| news.is_some())
    {
        if desk.clock.now().duration_since(start()) > jiff::SignedDuration::from_secs(20) {
            break;
        }
    }
    let done = desk.act(&card, Action::Freeze).await.unwrap_or_else(|refused| panic!("{refused}"));
    let asked = desk.clock.now();
    // The next second of the board's clock.
    tokio::time::sleep(Duration::from_secs(1)).await;
    board.glance();
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(5), news.recv())
            .await
            .expect("the board hears of it")
            .expect("it runs");
        if matches!(&heard, EngineEvent::Operation(operation) if operation.id == done.id) {
            break;
        }
    }
    assert!(desk.clock.now().duration_since(asked) <= jiff::SignedDuration::from_millis(1_100));
    board.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_being_sent_when_the_program_died_is_looked_for_and_not_sent_again() {
    for dialect in Dialect::ALL {
        let desk = Desk::new().await;
        let card = desk.active(dialect).await;
        let before = desk.sandbox.credits(dialect, &card.key.id).len();
        let order = desk.order(&card.key, Action::TopUp(some(&card)));
        let id = order.id;
        // It took effect, and then neither the answer nor a verdict was ever written.
        desk.sandbox.fault(dialect, Fault::LoseAnswer, 1);
        let _ = desk.engine.change(order, Duration::ZERO).await;
        let path = desk.folder.path().join("cardtop.db");
        let db = rusqlite::Connection::open(path).expect("the data file");
        db.execute_batch(
            "DROP TRIGGER line_is_never_removed; DELETE FROM line WHERE number > 2; UPDATE \
             operation SET state = 'SENT', process = 0",
        )
        .expect("as if it had died between the lines");
        drop(db);
        let writes = desk.sandbox.writes();
        let (reopened, _news) = desk.second_engine().await;
        let found = reopened
            .operations()
            .await
            .expect("the journal")
            .into_iter()
            .find(|operation| operation.id == id)
            .expect("it is there");
        assert_eq!(found.state, OperationState::Unknown, "{}", dialect.name());
        tokio::time::sleep(Duration::from_secs(5)).await;
        let looked = reopened.check(id).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(looked.state, OperationState::Done, "{}: {:?}", dialect.name(), looked.detail);
        assert_eq!(
            (desk.sandbox.writes(), desk.sandbox.credits(dialect, &card.key.id).len()),
            (writes, before + 1),
            "{}",
            dialect.name()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn figures_of_an_earlier_run_are_last_known_until_they_are_read_again() {
    for dialect in Dialect::ALL {
        let desk = Desk::new().await;
        let card = desk.active(dialect).await;
        let (later, _news) = desk.second_engine().await;
        let known = later
            .known_cards()
            .await
            .into_iter()
            .find(|known| known.key == card.key)
            .expect("it is in the data file");
        assert_eq!(
            (known.available(), known.balance.at()),
            (card.available(), card.balance.at()),
            "{}",
            dialect.name()
        );
        assert!(
            known.balance.why_stale().is_some(),
            "{}: shown as live without having been read",
            dialect.name()
        );
        let read = later.read_card(&card.key).await.unwrap_or_else(|error| panic!("{error}"));
        assert!(read.balance.why_stale().is_none(), "{}", dialect.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_figure_that_stays_as_it_is_is_written_once_in_five_minutes() {
    let desk = Desk::new().await;
    let card = desk.active(Dialect::Artha).await;
    let written = async || {
        let (later, _news) = desk.second_engine().await;
        later
            .known_cards()
            .await
            .into_iter()
            .find(|known| known.key == card.key)
            .and_then(|known| known.balance.at())
    };
    let first = written().await;
    tokio::time::sleep(Duration::from_secs(290)).await;
    let again = desk.engine.read_card(&card.key).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(again.balance.at() > first, "it was read");
    assert_eq!(written().await, first);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let again = desk.engine.read_card(&card.key).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(written().await, again.balance.at());
    desk.act(&card, Action::Freeze).await.unwrap_or_else(|refused| panic!("{refused}"));
    desk.engine.read_card(&card.key).await.unwrap_or_else(|error| panic!("{error}"));
    let (later, _news) = desk.second_engine().await;
    let known = later
        .known_cards()
        .await
        .into_iter()
        .find(|known| known.key == card.key)
        .expect("it is in the data file");
    assert_eq!(known.state, CardState::Frozen, "what changed is written at once");
}
