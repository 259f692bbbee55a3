//! What proves a top-up where other systems top up the same cards, clocks are wrong and answers are
//! lost; and a person's word.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::domain::operation::{Operation, OperationId, OperationState};
use cardtop::domain::proof::ProvenBy;
use cardtop::engine::{ChangeRequest, Engine, Refused, Verdict, confirmation};
use cardtop::provider::Config;
use cardtop::provider::http::{Access, Transport, TransportError};
use cardtop::sandbox::{Dialect, ForeignTopUp};
use http::{Request, Response};
use jiff::SignedDuration;

use super::net::{Way, engine, folder, key, lock, order, units};
use super::stories::Scene;
use crate::harness::open_over;
use crate::proxy::Lie;

/// Where a top-up has no name of its own.
const NAMELESS: [Dialect; 2] = [Dialect::Artha, Dialect::Banana];

const SUM: u64 = 50;

/// The configuration, saying whether other systems top up the same cards.
fn others(config: &Config, others_top_up: bool) -> Config {
    let mut config = config.clone();
    for provider in &mut config.providers {
        provider.others_top_up = others_top_up;
    }
    config
}

impl Scene {
    async fn engine_with(&self, others_top_up: bool) -> Engine {
        engine(&others(&self.config, others_top_up), &self.clock, self.folder.path(), &self.net)
            .await
    }

    fn fifty(&self, engine: &Engine, second: bool) -> ChangeRequest {
        let card = self.card();
        order(
            engine,
            &key(self.dialect, &card),
            units(&self.sandbox, self.dialect, &card, SUM),
            second,
        )
    }

    /// Another system tops up the same card with the same sum.
    fn elsewhere(&self) -> String {
        let (card, sum) =
            (self.card(), units(&self.sandbox, self.dialect, &self.card(), SUM).amount());
        self.sandbox.add_foreign_credit(self.dialect, &card, sum).expect("a card that takes money")
    }

    /// Looks for an operation several times, as a board does over a few minutes.
    async fn lookup(&self, engine: &Engine, id: OperationId) -> Operation {
        let mut found = None;
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            self.net.arrivals().await;
            found = Some(engine.check(id).await.unwrap_or_else(|refused| panic!("{refused}")));
        }
        found.expect("it was looked for")
    }
}

fn said(operation: &Operation) -> &str {
    operation.detail.as_deref().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_credit_never_proves_a_top_up_whose_request_was_lost() {
    for dialect in NAMELESS {
        for others_top_up in [true, false] {
            for seconds in [0_u64, 1, 2, 12, 60, 119] {
                let scene = Scene::new(dialect, "20s");
                let engine = scene.engine_with(others_top_up).await;
                scene.elsewhere();
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                lock(&scene.net.planned).push_back(Some(Lie::LoseRequest));
                let sent = engine
                    .change(scene.fifty(&engine, true), Duration::ZERO)
                    .await
                    .unwrap_or_else(|refused| panic!("{refused}"));
                let found = scene.lookup(&engine, sent.id).await;
                let case =
                    format!("{} {others_top_up} {seconds} s: {}", dialect.name(), said(&found));
                assert_eq!(found.state, OperationState::Unknown, "{case}");
                assert!(scene.sandbox.credits(dialect, &scene.card()).is_empty(), "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_equal_top_up_of_the_last_minutes_is_said_before_another_is_sent() {
    for dialect in Dialect::ALL {
        let scene = Scene::new(dialect, "20s");
        let engine = scene.engine_with(true).await;
        let id = scene.elsewhere();
        tokio::time::sleep(Duration::from_secs(12)).await;
        let before = scene.net.sent();
        let refused = engine
            .change(scene.fifty(&engine, false), Duration::ZERO)
            .await
            .expect_err("it looks like a repetition");
        let Refused::Repeats { words, credit } = refused else {
            panic!("{}: {refused}", dialect.name())
        };
        assert!(
            words.contains("12 s ago, by this or another system") && words.contains(&id),
            "{words}"
        );
        assert_eq!(scene.net.sent(), before, "nothing was sent");
        let confirmed =
            ChangeRequest { recent_credit: Some(credit), ..scene.fifty(&engine, false) };
        let done = engine
            .change(confirmed, Duration::from_secs(60))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(done.state, OperationState::Done, "{}: {}", dialect.name(), said(&done));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_left_to_a_person_where_others_top_up() {
    for dialect in NAMELESS {
        for (others_top_up, state) in
            [(true, OperationState::Unknown), (false, OperationState::Done)]
        {
            let scene = Scene::new(dialect, "20s");
            let engine = scene.engine_with(others_top_up).await;
            lock(&scene.net.planned).push_back(Some(Lie::LoseAnswer));
            let sent = engine
                .change(scene.fifty(&engine, false), Duration::ZERO)
                .await
                .unwrap_or_else(|refused| panic!("{refused}"));
            let found = scene.lookup(&engine, sent.id).await;
            assert_eq!(found.state, state, "{} {others_top_up}: {}", dialect.name(), said(&found));
            if others_top_up {
                assert!(said(&found).contains("a person has to settle it"), "{}", said(&found));
            } else {
                assert_eq!(found.proven_by, Some(ProvenBy::Lookup));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_accepted_top_up_is_done_by_exactly_one_new_credit() {
    let scene = Scene::new(Dialect::Banana, "20s");
    let engine = scene.engine_with(true).await;
    let sent = engine
        .change(scene.fifty(&engine, false), Duration::ZERO)
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(sent.state, OperationState::Accepted);
    assert_eq!(scene.lookup(&engine, sent.id).await.state, OperationState::Done);
    let scene = Scene::new(Dialect::Banana, "20s");
    let engine = scene.engine_with(true).await;
    let sent = engine
        .change(scene.fifty(&engine, false), Duration::ZERO)
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    scene.elsewhere();
    let found = scene.lookup(&engine, sent.id).await;
    assert_eq!(found.state, OperationState::Accepted, "two new credits: {}", said(&found));
    assert!(said(&found).contains("a person has to settle it"), "{}", said(&found));
}

#[tokio::test(start_paused = true)]
async fn two_desks_with_their_own_data_files_do_not_take_one_credit_for_two() {
    for dialect in NAMELESS {
        for others_top_up in [true, false] {
            let scene = Scene::new(dialect, "20s");
            let (ours, theirs) = (folder(), folder());
            let config = others(&scene.config, others_top_up);
            let first = engine(&config, &scene.clock, ours.path(), &scene.net).await;
            let second = engine(&config, &scene.clock, theirs.path(), &scene.net).await;
            lock(&scene.net.planned).extend([None, Some(Lie::LoseRequest)]);
            let one = first
                .change(scene.fifty(&first, true), Duration::from_secs(60))
                .await
                .unwrap_or_else(|refused| panic!("{refused}"));
            let two = second
                .change(scene.fifty(&second, true), Duration::ZERO)
                .await
                .unwrap_or_else(|refused| panic!("{refused}"));
            let two = scene.lookup(&second, two.id).await;
            let case =
                format!("{} {others_top_up}: {} and {}", dialect.name(), said(&one), said(&two));
            assert_eq!(scene.sandbox.credits(dialect, &scene.card()).len(), 1, "{case}");
            assert_eq!(
                (one.state, two.state),
                (OperationState::Done, OperationState::Unknown),
                "{case}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_minutes_neither_hides_a_paid_top_up_nor_makes_a_false_proof() {
    for dialect in Dialect::ALL {
        for seconds in [-280_i64, -200, -150, 150, 200, 280, 5_000] {
            for lie in [Lie::LoseAnswer, Lie::LoseRequest] {
                let scene = Scene::new(dialect, "20s");
                scene.sandbox.set_clock_offset(dialect, SignedDuration::from_secs(seconds));
                let engine = scene.engine_with(false).await;
                scene.elsewhere();
                tokio::time::sleep(Duration::from_secs(30)).await;
                lock(&scene.net.planned).push_back(Some(lie));
                let sent = engine
                    .change(scene.fifty(&engine, true), Duration::ZERO)
                    .await
                    .unwrap_or_else(|refused| panic!("{refused}"));
                let found = scene.lookup(&engine, sent.id).await;
                let wanted = if lie == Lie::LoseAnswer {
                    OperationState::Done
                } else {
                    OperationState::Unknown
                };
                let case = format!("{} {seconds} s {lie:?}: {}", dialect.name(), said(&found));
                assert_eq!(found.state, wanted, "{case}");
                if wanted == OperationState::Unknown && NAMELESS.contains(&dialect) {
                    let word = if seconds > 0 { "ahead of" } else { "behind" };
                    assert!(said(&found).contains(word), "the difference is said: {case}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_back_dated_credit_that_appears_late_is_not_ours() {
    for dialect in NAMELESS {
        let scene = Scene::new(dialect, "20s");
        let engine = scene.engine_with(false).await;
        lock(&scene.net.planned).push_back(Some(Lie::LoseRequest));
        let sent = engine
            .change(scene.fifty(&engine, false), Duration::ZERO)
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        tokio::time::sleep(Duration::from_secs(5)).await;
        let card = scene.card();
        let sum = units(&scene.sandbox, dialect, &card, SUM).amount();
        let dated_back = SignedDuration::from_secs(60);
        scene
            .sandbox
            .add_foreign_top_up(dialect, &card, ForeignTopUp { sum, dated_back, failed: false })
            .expect("a credit");
        let found = scene.lookup(&engine, sent.id).await;
        assert_eq!(found.state, OperationState::Unknown, "{}: {}", dialect.name(), said(&found));
        assert!(said(&found).contains("it may be somebody else's"), "{}", said(&found));
    }
}

/// Reads cards well, and no list of transactions.
struct NoLists(Way);

#[async_trait]
impl Transport for NoLists {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        if does == Access::Read && request.uri().path().to_ascii_lowercase().contains("transaction")
        {
            let answer = Response::builder().status(500).body(Bytes::from_static(b"{}"));
            return Ok(answer.expect("an answer of the test"));
        }
        self.0.call(does, request).await
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_reading_of_the_list_nothing_is_sent() {
    for dialect in Dialect::ALL {
        let scene = Scene::new(dialect, "20s");
        let net = Arc::clone(&scene.net);
        let way = move |dialect| -> Box<dyn Transport> {
            Box::new(NoLists(Way { net: Arc::clone(&net), dialect }))
        };
        let (engine, _news) =
            open_over(scene.config.clone(), &scene.clock, scene.folder.path(), false, false, way)
                .await;
        let order = scene.fifty(&engine, false);
        let before = scene.net.sent();
        let refused = engine.change(order, Duration::ZERO).await.expect_err("no list, no top-up");
        assert!(matches!(&refused, Refused::Unread(_)), "{}: {refused}", dialect.name());
        assert!(refused.to_string().contains("nothing was sent"), "{refused}");
        assert_eq!(scene.net.sent(), before);
        assert!(engine.operations().await.expect("the journal").is_empty());
    }
}

/// An operation in doubt whose request is still on its way, and arrives half a minute after cardtop
/// stopped waiting.
async fn in_doubt(scene: &Scene, engine: &Engine) -> Operation {
    lock(&scene.net.planned).push_back(Some(Lie::LateRequest(Duration::from_secs(50))));
    let sent = engine
        .change(scene.fifty(engine, false), Duration::ZERO)
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(sent.state, OperationState::Unknown, "{}", said(&sent));
    sent
}

fn verdict(operation: &Operation, done: bool) -> Verdict {
    let typed = (!done).then(|| confirmation(operation));
    Verdict {
        id: operation.id,
        done,
        credit: None,
        not_its: Vec::new(),
        reason: "asked their support".into(),
        typed,
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_settles_what_nobody_can_tell_and_a_late_credit_raises_an_alarm() {
    for dialect in NAMELESS {
        let scene = Scene::new(dialect, "20s");
        let engine = scene.engine_with(true).await;
        let open = in_doubt(&scene, &engine).await;
        let untyped = Verdict { typed: Some("0000".into()), ..verdict(&open, false) };
        let refused = engine.settle(untyped).await.expect_err("other digits").to_string();
        assert!(refused.contains("nothing was changed"), "{refused}");
        let failed = engine
            .settle(verdict(&open, false))
            .await
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            (failed.state, failed.proven_by),
            (OperationState::Failed, Some(ProvenBy::Person))
        );
        assert!(said(&failed).contains("FAILED by anay: asked their support"), "{}", said(&failed));
        assert!(failed.watched_until.is_some() && failed.alarm.is_none());
        // Another one may be sent now; and a restart does not forget the watch.
        tokio::time::sleep(Duration::from_secs(15)).await;
        let quiet = engine.check(open.id).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert!(quiet.alarm.is_none() && quiet.watched_until.is_some(), "{}", said(&quiet));
        assert_eq!(
            quiet.proven_by,
            Some(ProvenBy::Person),
            "looking on does not make it something that was seen"
        );
        tokio::time::sleep(Duration::from_secs(240)).await;
        scene.net.arrivals().await;
        let engine = scene.engine_with(true).await;
        let found = scene.lookup(&engine, open.id).await;
        let alarm = found.alarm.as_deref().unwrap_or_default();
        assert!(alarm.contains("it may have been paid"), "{}: {}", dialect.name(), said(&found));
        assert_eq!((found.state, found.watched_until), (OperationState::Failed, None));
        engine.verify().await.unwrap_or_else(|broken| panic!("{broken}"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_the_list_is_never_settled_as_failed_unless_a_person_says_that_it_is_somebody_elses()
 {
    for dialect in NAMELESS {
        let scene = Scene::new(dialect, "20s");
        let engine = scene.engine_with(true).await;
        let open = in_doubt(&scene, &engine).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        scene.net.arrivals().await;
        let looked = scene.lookup(&engine, open.id).await;
        assert_eq!(looked.state, OperationState::Unknown, "{}", said(&looked));
        let refused = engine
            .settle(verdict(&open, false))
            .await
            .expect_err("its credit may be in the list")
            .to_string();
        assert!(
            refused.contains("may be this one's") && refused.contains("--not-its"),
            "{refused}"
        );
        let id = refused
            .split("--not-its ")
            .nth(1)
            .and_then(|rest| rest.split(')').next())
            .expect("an id")
            .to_owned();
        let named = Verdict { not_its: vec![id.as_str().into()], ..verdict(&open, false) };
        let failed = engine.settle(named).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            (failed.state, failed.proven_by),
            (OperationState::Failed, Some(ProvenBy::Person))
        );
        // Another one that comes later does raise the alarm.
        scene.elsewhere();
        let found = scene.lookup(&engine, open.id).await;
        assert!(found.alarm.is_some(), "{}: {}", dialect.name(), said(&found));
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_saw_nothing_ends_after_two_days() {
    let scene = Scene::new(Dialect::Banana, "20s");
    let engine = scene.engine_with(true).await;
    lock(&scene.net.planned).push_back(Some(Lie::LoseRequest));
    let sent = engine
        .change(scene.fifty(&engine, false), Duration::ZERO)
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    engine.settle(verdict(&sent, false)).await.unwrap_or_else(|refused| panic!("{refused}"));
    tokio::time::sleep(Duration::from_secs(49 * 3_600)).await;
    let found = engine.check(sent.id).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(
        (found.state, found.alarm, found.watched_until),
        (OperationState::Failed, None, None)
    );
    let steps = engine.steps(sent.id).await.expect("the journal");
    assert!(
        steps.last().is_some_and(|step| step.words.contains("not looked for any more")),
        "{steps:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_credit_that_a_person_names_is_a_new_one_and_belongs_to_one_operation_only() {
    for dialect in NAMELESS {
        let scene = Scene::new(dialect, "20s");
        let engine = scene.engine_with(true).await;
        let earlier = scene.elsewhere();
        tokio::time::sleep(Duration::from_secs(20)).await;
        lock(&scene.net.planned).extend([Some(Lie::LoseRequest), Some(Lie::LoseAnswer)]);
        let mut sent = Vec::new();
        for _ in 0..2 {
            let order = scene.fifty(&engine, true);
            sent.push(
                engine
                    .change(order, Duration::ZERO)
                    .await
                    .unwrap_or_else(|refused| panic!("{refused}")),
            );
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        let [first, second] = sent.as_slice() else { panic!("two") };
        let of = |credit: &str, operation: &Operation| Verdict {
            credit: Some(credit.into()),
            ..verdict(operation, true)
        };
        let refused = async |credit: &str, operation: &Operation| {
            engine.settle(of(credit, operation)).await.expect_err("it is refused").to_string()
        };
        let said = refused("999999", first).await;
        assert!(said.contains("no top-up with the id 999999"), "{said}");
        let said = refused(&earlier, first).await;
        assert!(said.contains("was there before this one was asked"), "{said}");
        let cards =
            engine.read_cards().await.into_iter().flat_map(|(_, cards)| cards.unwrap_or_default());
        let card = cards.into_iter().find(|card| card.key == second.card).expect("the card");
        let row = engine
            .recent_credit(&card, second.amount.expect("an amount"))
            .await
            .expect("the list")
            .expect("the credit");
        let done =
            engine.settle(of(&row.id, second)).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!((done.state, done.proven_by), (OperationState::Done, Some(ProvenBy::Person)));
        let said = refused(&row.id, first).await;
        assert!(said.contains("already belongs to operation"), "{said}");
        assert_eq!(scene.sandbox.credits(dialect, &card.key.id).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_already_needs_no_persons_word() {
    let scene = Scene::new(Dialect::Artha, "20s");
    let engine = scene.engine_with(true).await;
    let done = engine
        .change(scene.fifty(&engine, false), Duration::from_secs(60))
        .await
        .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(done.state, OperationState::Done, "{}", said(&done));
    let refused = engine.settle(verdict(&done, false)).await.expect_err("it is done").to_string();
    assert!(refused.contains("is DONE and needs no settling"), "{refused}");
}
