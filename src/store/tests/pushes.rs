//! What was pushed: kept once, told in order, and listed as evidence.

use jiff::{SignedDuration, Timestamp};

use super::journal::{at, intend, top_up};
use super::{Empty, stories};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::{OnConflict, OperationState, Proof, StepKind};
use crate::domain::proof::ProvenBy;
use crate::domain::push::{Push, PushOutcome, PushTopic, RepeatKey};
use crate::store::{Finding, Store};

stories! {
    an_event_is_kept_once_however_often_it_is_delivered,
    a_signed_event_is_new_where_only_an_unsigned_record_of_it_was_kept,
    what_is_kept_reads_back_whole,
    events_are_forgotten_after_thirty_days_and_numbers_never_come_again,
    the_newest_code_of_each_card_is_known,
    a_push_is_a_line_of_the_journal_once_and_changes_nothing_else,
    a_push_ends_what_nothing_else_can_prove,
}

fn push(key: u8) -> Push {
    Push {
        provider: ProviderId::new("acme"),
        event: "recharge".into(),
        topic: PushTopic::TopUp,
        id: Some("t1".into()),
        card: Some("c1".into()),
        reference: Some("t1".into()),
        outcome: Some(PushOutcome::Succeeded),
        occurred_at: Some(at(1)),
        is_signed: true,
        repeat_key: RepeatKey([key; 16]),
        body: None,
    }
}

async fn keep(store: &Store, pushes: Vec<Push>, received_at: Timestamp) -> Vec<Option<i64>> {
    let received = pushes.into_iter().map(|push| (push, received_at)).collect();
    store.keep_pushes(received).await.expect("the data file")
}

async fn an_event_is_kept_once_however_often_it_is_delivered(empty: Empty) {
    let store = &empty();
    assert_eq!(store.newest_push().await.expect("a number"), 0);
    let numbers = keep(store, vec![push(1), push(2), push(1)], at(5)).await;
    assert_eq!(numbers, [Some(1), Some(2), None]);
    assert_eq!(keep(store, vec![push(2), push(3)], at(6)).await, [None, Some(3)]);
    let other = Push { provider: ProviderId::new("other"), ..push(1) };
    assert_eq!(keep(store, vec![other], at(7)).await, [Some(4)], "another account's event");
    assert_eq!(store.newest_push().await.expect("a number"), 4);
}

async fn a_signed_event_is_new_where_only_an_unsigned_record_of_it_was_kept(empty: Empty) {
    let store = &empty();
    let record = Push { is_signed: false, event: "a record".into(), ..push(1) };
    assert_eq!(keep(store, vec![record.clone(), push(2)], at(5)).await, [Some(1), Some(2)]);
    assert_eq!(keep(store, vec![push(1)], at(6)).await, [Some(1)]);
    assert_eq!(keep(store, vec![push(1), record], at(7)).await, [None, None]);
    let kept = store.pushes_since(0, 10).await.expect("the events");
    assert_eq!(kept.iter().map(|kept| &kept.push).collect::<Vec<_>>(), [&push(1), &push(2)]);
}

async fn what_is_kept_reads_back_whole(empty: Empty) {
    let store = &empty();
    let unknown = Push {
        topic: PushTopic::Unknown,
        id: None,
        card: None,
        reference: None,
        outcome: None,
        occurred_at: None,
        is_signed: false,
        body: Some("{}".into()),
        ..push(2)
    };
    keep(store, vec![push(1), unknown.clone()], at(5)).await;
    let kept = store.pushes_since(0, 10).await.expect("the events");
    let pushes: Vec<(i64, Push, Timestamp)> =
        kept.into_iter().map(|kept| (kept.number, kept.push, kept.received_at)).collect();
    assert_eq!(pushes, [(1, push(1), at(5)), (2, unknown, at(5))]);
    assert_eq!(store.pushes_since(1, 10).await.expect("the events").len(), 1);
    assert_eq!(store.pushes_since(0, 1).await.expect("the events").len(), 1);
}

async fn events_are_forgotten_after_thirty_days_and_numbers_never_come_again(empty: Empty) {
    let store = &empty();
    keep(store, (0..6).map(push).collect(), at(0)).await;
    let days = |days: i64| at(0) + SignedDuration::from_hours(24 * days);
    assert_eq!(keep(store, vec![push(0)], days(29)).await, [None], "it is known");
    keep(store, vec![push(9)], days(31)).await;
    let left = store.pushes_since(0, 10).await.expect("the events");
    let numbers: Vec<i64> = left.iter().map(|kept| kept.number).collect();
    assert_eq!(numbers, [5, 6, 7], "so many are known whatever the clock says");
    assert_eq!(keep(store, vec![push(0)], days(32)).await, [Some(8)]);
}

async fn the_newest_code_of_each_card_is_known(empty: Empty) {
    let store = &empty();
    let code =
        |key: u8, card: &str| Push { topic: PushTopic::Code, card: Some(card.into()), ..push(key) };
    keep(store, vec![code(1, "c1"), code(2, "c2"), push(3)], at(10)).await;
    keep(store, vec![code(4, "c1")], at(70)).await;
    let key = |card: &str| CardKey::new(&ProviderId::new("acme"), card);
    let mut codes = store.codes_since(at(0)).await.expect("the codes");
    codes.sort();
    assert_eq!(codes, [(key("c1"), at(70)), (key("c2"), at(10))]);
    assert_eq!(store.codes_since(at(11)).await.expect("the codes"), [(key("c1"), at(70))]);
}

async fn a_push_is_a_line_of_the_journal_once_and_changes_nothing_else(empty: Empty) {
    let store = &empty();
    let operation = top_up(1);
    intend(store, &operation, OnConflict::Refuse).await;
    let doubt = Finding {
        next_look: Some(at(90)),
        ..Finding::new(at(9), StepKind::NoAnswer, "no answer".to_owned(), OperationState::Unknown)
    };
    store.record(operation.id, doubt).await.expect("the journal");
    let before = store.operation(operation.id).await.expect("the journal");
    for _ in 0..2 {
        let words = "pushed: recharge succeeded, t1".to_owned();
        let noted = store.note_push(operation.id, at(10), words, None).await.expect("the journal");
        assert_eq!((noted.state, noted.next_look), (OperationState::Unknown, Some(at(90))));
        assert_eq!((&noted.detail, noted.looks), (&before.detail, before.looks));
    }
    let steps = store.steps(operation.id).await.expect("the journal");
    let pushes: Vec<&str> =
        steps.iter().filter(|step| step.kind == StepKind::Push).map(|step| &*step.words).collect();
    assert_eq!(
        pushes,
        ["pushed: recharge succeeded, t1"],
        "whoever hears of it again adds nothing"
    );
    assert!(store.verify().await.expect("the journal").is_ok());
}

async fn a_push_ends_what_nothing_else_can_prove(empty: Empty) {
    let store = &empty();
    let operation = crate::domain::operation::Operation { proof: Proof::AnswerOnly, ..top_up(1) };
    intend(store, &operation, OnConflict::Refuse).await;
    let accepted = Finding {
        provider_reference: Some("t1".into()),
        ..Finding::new(at(9), StepKind::Answer, "accepted".to_owned(), OperationState::Accepted)
    };
    store.record(operation.id, accepted).await.expect("the journal");
    let ends = || async { store.pushed_ends(None).await.expect("the data file") };
    let other = Push { reference: Some("t2".into()), ..push(1) };
    let unsigned = Push { is_signed: false, ..push(2) };
    let open = Push { outcome: None, ..push(3) };
    keep(store, vec![other, unsigned, open], at(9)).await;
    assert_eq!(ends().await, [], "none of these says how it ended");
    keep(store, vec![push(4)], at(10)).await;
    let found = ends().await;
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [operation.id]);
    assert_eq!(found.first().map(|(_, kept)| &kept.push), Some(&push(4)));
    let of = |reference: &str| Some((ProviderId::new("acme"), reference.into()));
    assert_eq!(store.pushed_ends(of("t1")).await.expect("the data file"), found);
    assert_eq!(store.pushed_ends(of("t2")).await.expect("the data file"), []);
    let done = Some(OperationState::Done);
    let ended = store.note_push(operation.id, at(10), "pushed: operation".to_owned(), done);
    let ended = ended.await.expect("the journal");
    assert_eq!((ended.state, ended.proven_by), (OperationState::Done, Some(ProvenBy::Push)));
    assert_eq!(ended.detail.as_deref(), Some("pushed: operation"));
    let failed = Some(OperationState::Failed);
    let later = store.note_push(operation.id, at(11), "pushed: other".to_owned(), failed);
    assert_eq!(later.await.expect("the journal").state, OperationState::Done, "it is settled");
    assert_eq!(ends().await, []);
}
