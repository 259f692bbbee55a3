//! What wakes whoever listens, and what waits until it is looked for.

use futures::FutureExt;
use jiff::SignedDuration;

use super::Bench;
use crate::domain::card::{CardKey, ProviderId};
use crate::engine::outbox::{Outbox, PushMark};
use crate::engine::{EngineEvent, HealthState};

impl Bench {
    /// Whether there was news since this was asked before.
    fn has_news(&mut self) -> bool {
        while self.events.try_recv().is_ok() {}
        self.engine.news().now_or_never().is_some()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_again_wakes_nobody_and_lies_there_to_be_taken() {
    let mut bench = Bench::new(6).await;
    let account = bench.account();
    let card = bench.engine.0.cards.of_provider(&account.info.id).remove(0).card();
    bench.engine.read_one(&account, &card).await.expect("it is read");
    bench.has_news();
    bench.engine.read_one(&account, &card).await.expect("it is read again");
    let mut told = Vec::new();
    while let Ok(event) = bench.events.try_recv() {
        told.push(matches!(event, EngineEvent::Cards(cards) if cards[0].has_key(&card.key)));
    }
    assert!(told.contains(&true), "its later time is told");
    assert!(!bench.has_news());
    // Figures that were possibly old are live again.
    bench.engine.0.cards.make_stale(&card.key, &"no connection".into());
    bench.engine.read_one(&account, &card).await.expect("it is read once more");
    assert!(bench.has_news());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_answer_is_news_and_that_it_answers_as_before_is_none() {
    let mut bench = Bench::new(1).await;
    let account = bench.account();
    let now = bench.engine.0.clock.now();
    let health = account.health(now, 1);
    account.last_told().note_health(&health);
    let mut again = health.clone();
    again.last_good = Some(now + SignedDuration::from_secs(30));
    (again.calls_last_minute, again.latency_ms) = (17, Some(12));
    again.completeness.complete_to = again.completeness.complete_to.map(|at| at + LATER);
    assert!(!account.last_told().note_health(&again));
    let mut down = again.clone();
    (down.state, down.why) = (HealthState::Down, Some("HTTP 503".into()));
    assert!(account.last_told().note_health(&down));
    assert!(!account.last_told().note_health(&down));
    assert!(account.last_told().note_health(&again), "that it answers again is news, too");
    bench.has_news();
    bench.engine.emit_health(&account).await;
    bench.engine.emit_health(&account).await;
    bench.has_news();
    bench.engine.emit_health(&account).await;
    assert!(!bench.has_news());
}

const LATER: SignedDuration = SignedDuration::from_secs(30);

#[tokio::test]
async fn where_no_more_events_fit_in_whoever_listens_is_woken() {
    let (outbox, mut events) = Outbox::new(2);
    let event = || EngineEvent::ReadOnly(true);
    for _ in 0..2 {
        outbox.send(event(), false).await;
    }
    assert!(outbox.wait_for_news().now_or_never().is_none());
    let mut full = Box::pin(outbox.send(event(), false));
    assert!((&mut full).now_or_never().is_none(), "it waits for room");
    outbox.wait_for_news().await;
    assert!(events.try_recv().is_ok());
    full.await;
    drop(events);
    outbox.send(event(), true).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_pushed_of_a_card_is_told_in_its_order_where_there_is_no_room() {
    let (outbox, mut events) = Outbox::new(1);
    let card = |id: &str| CardKey { provider: ProviderId::new("acme"), id: id.into() };
    assert!(!outbox.send_mark(card("a"), PushMark::Unread));
    outbox.wait_for_news().await;
    assert!(outbox.send_mark(card("b"), PushMark::Unread), "it is full");
    outbox.wait_for_news().await;
    let mut late = Box::pin(outbox.send_late_marks().fuse());
    assert!((&mut late).now_or_never().is_none(), "it waits for room");
    assert!(!outbox.send_mark(card("b"), PushMark::Read), "it is sent with the first");
    assert!(!outbox.send_mark(card("c"), PushMark::Unread));
    assert!(!outbox.send_mark(card("c"), PushMark::Read), "the newest is enough");
    let mut told = Vec::new();
    while told.len() < 4 {
        tokio::select! {
            () = &mut late => {}
            event = events.recv() => told.push(event.expect("an event")),
        }
    }
    let told = told.into_iter().map(|event| match event {
        EngineEvent::Pushed(card) => (card, PushMark::Unread),
        EngineEvent::PushRead(card) => (card, PushMark::Read),
        other => panic!("{other:?}"),
    });
    let unread = ["a", "b"].map(|id| (card(id), PushMark::Unread));
    let read = ["b", "c"].map(|id| (card(id), PushMark::Read));
    assert!(told.eq(unread.into_iter().chain(read)), "b in its order, c once");
    assert!(!outbox.send_mark(card("a"), PushMark::Read), "there is room again");
    drop(events);
    assert!(!outbox.send_mark(card("a"), PushMark::Unread), "nobody listens");
}
