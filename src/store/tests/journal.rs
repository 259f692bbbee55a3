//! The journal: what is saved, what moves, and which credit proves what.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Empty, stories};
use crate::domain::card::{Card, CardKey, CardState, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Before, OnConflict, Operation, OperationId, OperationState, Proof, StepKind,
};
use crate::domain::proof::{Baseline, ProvenBy};
use crate::store::{Finding, Intent, Settled, Settlement, Store, StoreError};

stories! {
    after_a_crash_only_what_was_noted_as_sent_may_have_happened,
    what_is_saved_reads_back_whole,
    pages_of_the_journal_have_every_operation_once,
    a_second_top_up_waits_until_the_first_is_settled_or_the_phrase_is_typed,
    one_that_was_taken_for_lost_is_told_so_before_it_is_sent,
    a_credit_proves_at_most_one_operation,
    a_settled_operation_never_moves_again,
    a_late_finding_takes_nothing_from_a_settled_operation,
    a_credit_is_kept_free_for_an_operation_that_a_person_settled_without_naming_one,
    an_equal_top_up_that_was_done_while_the_list_was_read_stops_the_next_one,
    an_intent_of_another_card_or_action_permits_nothing,
    an_operation_or_a_payment_is_taken_once_however_it_ended,
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
}

pub(super) fn top_up(count: u16) -> Operation {
    let id = OperationId::new(at(i64::from(count)), 7, count);
    Operation {
        id,
        action_kind: ActionKind::TopUp,
        card: CardKey::new(&ProviderId::new("acme"), "c1"),
        last4: "4242".parse().ok(),
        amount: Money::parse_input("30", "USD".parse().expect("a currency")).ok(),
        state: OperationState::Sent,
        reason: Some("cover".into()),
        reference: id.reference(),
        provider_reference: None,
        operator: "anay".into(),
        created_at: at(i64::from(count)),
        updated_at: at(i64::from(count)),
        detail: None,
        before: Before { owner: None, state: Some(CardState::Active), balance: None },
        proof: Proof::ByListing,
        looks: 0,
        next_look: None,
        baseline: None,
        proven_by: None,
        watched_until: None,
        alarm: None,
    }
}

fn finding(state: OperationState, credit: Option<&str>) -> Finding {
    Finding {
        at: at(60),
        kind: StepKind::Look,
        words: "looked".to_owned(),
        state,
        provider_reference: None,
        credit: credit.map(Into::into),
        next_look: Some(at(90)),
        proven_by: None,
    }
}

/// Saves an intent, as a top-up or a freeze is asked for.
pub(super) async fn intend(
    store: &Store,
    operation: &Operation,
    on_conflict: OnConflict,
) -> Intent {
    let action = operation.amount.map_or(Action::Freeze, Action::TopUp);
    let card = Card::unread(operation.card.clone());
    store.intend(operation.clone(), card, action, on_conflict).await.expect("the journal")
}

async fn saved(store: &Store, operation: &Operation, on_conflict: OnConflict) -> bool {
    matches!(intend(store, operation, on_conflict).await, Intent::Saved(_))
}

async fn after_a_crash_only_what_was_noted_as_sent_may_have_happened(empty: Empty) {
    let store = &empty();
    let (noted, unsent, answered) = (top_up(1), top_up(2), top_up(3));
    assert!(saved(store, &noted, OnConflict::Refuse).await);
    store.mark_sent(noted.id, at(5), "asked of acme").await.expect("the journal");
    let found = store.abandon(noted.id, at(60)).await.expect("the journal");
    assert_eq!((found.state, found.next_look), (OperationState::Unknown, Some(at(60))));
    assert!(!saved(store, &unsent, OnConflict::Refuse).await, "the card waits for it");
    let settled = finding(OperationState::Done, Some("t1"));
    assert_eq!(
        store.record(noted.id, settled).await.expect("the journal").state,
        OperationState::Done
    );

    assert!(saved(store, &unsent, OnConflict::Refuse).await);
    let found = store.abandon(unsent.id, at(60)).await.expect("the journal");
    assert_eq!((found.state, found.next_look), (OperationState::Failed, None));
    assert_eq!(
        store.mark_sent(unsent.id, at(61), "asked of acme").await.expect("the journal"),
        OperationState::Failed
    );
    assert_eq!(
        store.steps(unsent.id).await.expect("the journal").len(),
        2,
        "a process that was not dead learns the state and adds no line"
    );

    assert_eq!(
        store.matched_credits(&answered).await.expect("a count").failed,
        0,
        "what never left has no row"
    );
    assert!(saved(store, &answered, OnConflict::Refuse).await);
    store.mark_sent(answered.id, at(5), "asked of acme").await.expect("the journal");
    store.record(answered.id, finding(OperationState::Accepted, None)).await.expect("the journal");
    assert_eq!(
        store.abandon(answered.id, at(60)).await.expect("the journal").state,
        OperationState::Accepted
    );
    assert!(store.verify().await.expect("the journal").is_ok());
}

async fn what_is_saved_reads_back_whole(empty: Empty) {
    let store = &empty();
    let operation = top_up(1);
    assert!(saved(store, &operation, OnConflict::Refuse).await);
    assert_eq!(store.operation(operation.id).await.expect("it is there"), operation);
    assert_eq!(store.operations_page(None, 10).await.expect("a list"), vec![operation]);
}

async fn pages_of_the_journal_have_every_operation_once(empty: Empty) {
    let store = &empty();
    let mut saved_ids = Vec::new();
    for count in 1..=10 {
        let card = CardKey::new(&ProviderId::new("acme"), &format!("c{count}"));
        let operation = Operation { card, ..top_up(count) };
        assert!(saved(store, &operation, OnConflict::Refuse).await);
        saved_ids.push(operation.id);
    }
    saved_ids.reverse();
    for size in [1, 3, 5, 10, 11] {
        let mut read = Vec::new();
        loop {
            let page = store.operations_page(read.last().copied(), size).await.expect("a page");
            read.extend(page.iter().map(|operation| operation.id));
            if page.len() < size as usize {
                break;
            }
        }
        assert_eq!(read, saved_ids, "newest first, in pages of {size}");
    }
}

async fn a_second_top_up_waits_until_the_first_is_settled_or_the_phrase_is_typed(empty: Empty) {
    let store = &empty();
    assert!(saved(store, &top_up(1), OnConflict::Refuse).await);
    assert!(!saved(store, &top_up(2), OnConflict::Refuse).await);
    assert!(
        !saved(store, &top_up(2), OnConflict::Override).await,
        "one that is just being sent cannot be overruled"
    );
    store.record(top_up(1).id, finding(OperationState::Unknown, None)).await.expect("the journal");
    assert!(!saved(store, &top_up(2), OnConflict::Refuse).await);
    assert!(saved(store, &top_up(2), OnConflict::Override).await);
    let freeze = Operation { action_kind: ActionKind::Freeze, amount: None, ..top_up(3) };
    assert!(saved(store, &freeze, OnConflict::Refuse).await, "a freeze does not wait for a top-up");
}

async fn one_that_was_taken_for_lost_is_told_so_before_it_is_sent(empty: Empty) {
    let store = &empty();
    saved(store, &top_up(1), OnConflict::Refuse).await;
    assert_eq!(
        store.mark_sent(top_up(1).id, at(2), "asked").await.expect("the journal"),
        OperationState::Sent
    );
    store.record(top_up(1).id, finding(OperationState::Unknown, None)).await.expect("the journal");
    let lines = store.steps(top_up(1).id).await.expect("the journal").len();
    assert_eq!(
        store.mark_sent(top_up(1).id, at(3), "asked").await.expect("the journal"),
        OperationState::Unknown
    );
    assert_eq!(
        store.steps(top_up(1).id).await.expect("the journal").len(),
        lines,
        "it looks as if it had been sent"
    );
}

async fn a_credit_proves_at_most_one_operation(empty: Empty) {
    let store = &empty();
    saved(store, &top_up(1), OnConflict::Refuse).await;
    store.record(top_up(1).id, finding(OperationState::Unknown, None)).await.expect("the journal");
    saved(store, &top_up(2), OnConflict::Override).await;
    store.record(top_up(2).id, finding(OperationState::Unknown, None)).await.expect("the journal");
    let first = store
        .record(top_up(1).id, finding(OperationState::Done, Some("t9")))
        .await
        .expect("the journal");
    let second = store
        .record(top_up(2).id, finding(OperationState::Done, Some("t9")))
        .await
        .expect("the journal");
    assert_eq!((first.state, second.state), (OperationState::Done, OperationState::Unknown));
    assert!(second.detail.as_ref().is_some_and(|words| words.contains("already belongs to")));
    assert_eq!(store.matched_credits(&second).await.expect("a count").credits.len(), 1);
}

async fn a_settled_operation_never_moves_again(empty: Empty) {
    let store = &empty();
    saved(store, &top_up(1), OnConflict::Refuse).await;
    store.record(top_up(1).id, finding(OperationState::Failed, None)).await.expect("the journal");
    let after = store
        .record(top_up(1).id, finding(OperationState::Done, Some("t1")))
        .await
        .expect("the journal");
    assert_eq!((after.state, after.next_look), (OperationState::Failed, None));
    assert_eq!(store.verify().await.expect("the journal").map(|verified| verified.lines), Ok(3));
}

async fn a_late_finding_takes_nothing_from_a_settled_operation(empty: Empty) {
    let store = &empty();
    saved(store, &top_up(1), OnConflict::Refuse).await;
    let seen =
        Finding { proven_by: Some(ProvenBy::Answer), ..finding(OperationState::Done, Some("t1")) };
    let done = store
        .record(top_up(1).id, Finding { words: "its answer".to_owned(), ..seen })
        .await
        .expect("the journal");
    for late in [OperationState::Done, OperationState::Unknown] {
        let late = Finding { proven_by: Some(ProvenBy::Lookup), ..finding(late, Some("t2")) };
        let after = store.record(top_up(1).id, late).await.expect("the journal");
        assert_eq!(
            (after.state, after.proven_by, &after.detail),
            (done.state, done.proven_by, &done.detail)
        );
    }
    saved(store, &top_up(2), OnConflict::Refuse).await;
    let second = store
        .record(top_up(2).id, finding(OperationState::Done, Some("t2")))
        .await
        .expect("the journal");
    assert_eq!(second.state, OperationState::Done, "t2 was not taken");
    saved(store, &top_up(3), OnConflict::Refuse).await;
    let third = store
        .record(top_up(3).id, finding(OperationState::Done, Some("t1")))
        .await
        .expect("the journal");
    assert_eq!(third.state, OperationState::Sent, "t1 still belongs to the first");
    assert!(store.verify().await.expect("the journal").is_ok());
}

async fn a_credit_is_kept_free_for_an_operation_that_a_person_settled_without_naming_one(
    empty: Empty,
) {
    let store = &empty();
    saved(store, &top_up(1), OnConflict::Refuse).await;
    store.record(top_up(1).id, finding(OperationState::Unknown, None)).await.expect("the journal");
    let settlement = Settlement {
        at: at(70),
        state: OperationState::Done,
        words: "DONE by anay".to_owned(),
        credit: None,
        watched_until: None,
        not_its: Vec::new(),
    };
    assert!(matches!(
        store.settle(top_up(1).id, settlement).await.expect("the journal"),
        Settled::Written(_)
    ));
    let day = 24 * 3_600;
    let later = |seconds| Operation { created_at: at(seconds), ..top_up(2) };
    assert_eq!(store.matched_credits(&later(day)).await.expect("a count").reserved, 1);
    assert_eq!(store.matched_credits(&later(3 * day)).await.expect("a count").reserved, 0);
}

async fn an_equal_top_up_that_was_done_while_the_list_was_read_stops_the_next_one(empty: Empty) {
    let store = &empty();
    saved(store, &top_up(1), OnConflict::Refuse).await;
    store
        .record(top_up(1).id, finding(OperationState::Done, Some("t1")))
        .await
        .expect("the journal");
    let read_at = |second| Operation {
        baseline: Some(Baseline {
            read_at: at(second),
            since: at(second),
            credits: BTreeSet::new(),
            newest: None,
            unread: 0,
            clock: None,
        }),
        ..top_up(2)
    };
    assert!(
        matches!(intend(store, &read_at(50), OnConflict::Refuse).await, Intent::Repeats(done) if done.id == top_up(1).id)
    );
    assert!(
        saved(store, &read_at(70), OnConflict::Refuse).await,
        "its credit is in a list that was read after it"
    );
}

async fn an_intent_of_another_card_or_action_permits_nothing(empty: Empty) {
    let store = &empty();
    let (card, other) =
        (Card::unread(top_up(1).card), Card::unread(CardKey::new(&ProviderId::new("acme"), "c2")));
    let amount = top_up(1).amount.expect("a sum");
    for (card, action) in [(other, Action::TopUp(amount)), (card.clone(), Action::Freeze)] {
        let refused = store.intend(top_up(1), card, action, OnConflict::Refuse).await;
        assert_eq!(refused.err(), Some(StoreError::Mismatch));
    }
    assert_eq!(store.operations_page(None, 10).await.expect("a list"), []);
    let Intent::Saved(permit) = intend(store, &top_up(1), OnConflict::Refuse).await else {
        panic!("nothing is in its way")
    };
    assert_eq!((permit.id(), permit.card().key.clone()), (top_up(1).id, card.key));
}

async fn an_operation_or_a_payment_is_taken_once_however_it_ended(empty: Empty) {
    let kept = empty();
    let store: &Store = &kept;
    let known = |operation: &Operation| {
        let operation = operation.clone();
        async move {
            let card = Card::unread(operation.card.clone());
            let action = Action::TopUp(operation.amount.expect("a top-up"));
            match store.intend(operation, card, action, OnConflict::Override).await {
                Ok(Intent::Saved(_)) => None,
                Err(StoreError::Known(id)) => Some(id),
                other => panic!("{other:?}"),
            }
        }
    };
    let payment = |second: i64, number: u64| {
        let id = OperationId::of_payment(at(second), number);
        assert_eq!(id.payment(), Some(number));
        Operation { id, reference: id.reference(), ..top_up(1) }
    };
    let first = top_up(1);
    assert_eq!(known(&first).await, None);
    let failed = |id| {
        let words = "not sent".to_owned();
        store.record(id, Finding::new(at(9), StepKind::NotSent, words, OperationState::Failed))
    };
    failed(first.id).await.expect("written");
    assert_eq!(known(&first).await, Some(first.id), "however it ended");

    let paid = payment(10, 42);
    assert_eq!(known(&paid).await, None);
    failed(paid.id).await.expect("written");
    assert_eq!(known(&payment(9_999, 42)).await, Some(paid.id), "the same payment, later");
    assert_eq!(known(&payment(9_999, 43)).await, None, "another payment");
    let lines = store.steps(first.id).await.expect("lines");
    assert_eq!(lines.len(), 3, "nothing is written of what is refused: {lines:?}");
}
